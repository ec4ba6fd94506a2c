// Baseline by improved asymmetrically reweighted penalised least squares.
#include "core/baseline/residual_moments.hpp"
#include "core/baseline/whittaker_baseline.hpp"
#include "core/baseline/whittaker_parameters.hpp"
#include "core/kernels/exponential.hpp"

#include <array>

namespace calcispec {
namespace {

using kernels::Mask;
using kernels::Pack;

constexpr std::array parameters{lambda_parameter(1e5),
                                diff_order_parameter,
                                max_iterations_parameter,
                                tolerance_parameter(weight_tolerance_help)};

struct IarplsWeights {
  using Sums = kernels::ResidualsBelow;
  static constexpr bool stops_by_weights = true;

  struct Rule {
    Pack factor{};
    Pack offset{};

    [[nodiscard]] Pack weight(Pack residual) const {
      const Pack inner = factor * (residual - offset);
      return 0.5 * (1.0 - inner / kernels::square_root(1.0 + inner * inner));
    }
  };

  // Gives up where fewer than two residuals are below.
  static Rule rule(const kernels::ReweightingRound<Sums>& round, Mask& gives_up) {
    const auto below = kernels::moments_below(round.top, round.bottom);
    gives_up = below.count < 2.0;
    return {kernels::exponential(round.number) / below.sd, 2.0 * below.sd};
  }
};

/// Model      minimise sum w (y - z)^2 + lambda * sum (difference of z)^2
/// Weights    (1 - u / sqrt(1 + u^2)) / 2, u = exp(t) (d - 2 s) / s, d = y - z, s the standard
///            deviation of the negative d, t the number of the reweighting
/// Status     converged | iteration_limit
/// Cost       O(points) per iteration, a root and a division per point
/// Source     Ye et al., Appl. Opt. 59 (2020) 10933
void run(const MethodCall& call) {
  kernels::run_reweighted_of_order(call, IarplsWeights{});
}

}  // namespace

CoreMethod baseline_iarpls() {
  return {
      {"baseline",
       "iarpls", "improved asymmetrically reweighted penalised least squares",
       "Ye et al., Appl. Opt. 59 (2020) 10933", parameters},
      6,
      run
  };
}

}  // namespace calcispec
