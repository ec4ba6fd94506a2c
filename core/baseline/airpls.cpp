// Baseline by adaptive iteratively reweighted penalised least squares.
#include "core/baseline/whittaker_baseline.hpp"
#include "core/baseline/whittaker_parameters.hpp"
#include "core/kernels/exponential.hpp"

#include <array>

namespace calcispec {
namespace {

using kernels::Mask;
using kernels::Pack;

constexpr std::array parameters{
    lambda_parameter(1e6),
    diff_order_parameter,
    max_iterations_parameter,
    tolerance_parameter(
        "sum of residuals below the baseline over that of the signal at which to stop")};

struct AirplsWeights {
  struct Sums {
    Pack count{};
    Pack below{};  // sum of |y - z| where y < z
    Pack size{};   // sum of |y|

    void add(Pack residual, Pack y) {
      count += residual < 0.0 ? kernels::broadcast(1) : Pack{};
      below += residual < 0.0 ? -residual : Pack{};
      size += kernels::maximum(y, -y);
    }
  };
  static constexpr bool stops_by_weights = false;

  struct Rule {
    Pack factor{};

    [[nodiscard]] Pack weight(Pack residual) const {
      return residual < 0.0 ? kernels::exponential(factor * residual) : Pack{};
    }
  };

  double tolerance;

  // Gives up where fewer than two residuals are below, or what is below is little beside the
  // signal.
  [[nodiscard]] Rule rule(const kernels::ReweightingRound<Sums>& round, Mask& gives_up) const {
    const Pack below = round.top.below + round.bottom.below;
    const Pack count = round.top.count + round.bottom.count;
    const Pack size = round.top.size + round.bottom.size;
    gives_up = (count < 2.0) | (below < tolerance * size);
    return {-round.number / kernels::maximum(below, kernels::broadcast(1e-300))};
  }
};

/// Model      minimise sum w (y - z)^2 + lambda * sum (difference of z)^2
/// Weights    exp(t |d| / sum of |d| below) where d = y - z < 0, else 0; t the number of the
///            reweighting. The article prints exp(t (y - z) / |d|); this is its published
///            program's.
/// Status     converged | iteration_limit
/// Cost       O(points) per iteration, an exponential per point
/// Source     Zhang et al., Analyst 135 (2010) 1138
void run(const MethodCall& call) {
  kernels::run_reweighted_of_order(call, AirplsWeights{call.parameters.real("tolerance")});
}

}  // namespace

CoreMethod baseline_airpls() {
  return {
      {"baseline",
       "airpls", "adaptive iteratively reweighted penalised least squares",
       "Zhang et al., Analyst 135 (2010) 1138", parameters},
      6,
      run
  };
}

}  // namespace calcispec
