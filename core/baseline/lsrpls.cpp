// Baseline by locally symmetric reweighted penalised least squares.
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

struct LsrplsWeights {
  using Sums = kernels::ResidualsBelow;
  static constexpr bool stops_by_weights = true;

  struct Rule {
    Pack factor{};
    Pack offset{};

    [[nodiscard]] Pack weight(Pack residual) const {
      const Pack inner = factor * (residual - offset);
      const Pack size = kernels::maximum(inner, -inner);
      return 0.5 * (1.0 - inner / (1.0 + size));
    }
  };

  // Gives up where fewer than two residuals are below.
  static Rule rule(const kernels::ReweightingRound<Sums>& round, Mask& gives_up) {
    constexpr double ln_10 = 2.302585092994046;
    const auto below = kernels::moments_below(round.top, round.bottom);
    gives_up = below.count < 2.0;
    return {kernels::exponential(ln_10 * round.number) / below.sd, 2.0 * below.sd - below.mean};
  }
};

/// Model      minimise sum w (y - z)^2 + lambda * sum (difference of z)^2
/// Weights    (1 - u / (1 + |u|)) / 2, u = 10^t (d - (2 s - m)) / s, d = y - z, m and s of the
///            negative d, t the number of the reweighting
/// Status     converged | iteration_limit
/// Cost       O(points) per iteration, a division per point
void run(const MethodCall& call) {
  kernels::run_reweighted_of_order(call, LsrplsWeights{});
}

}  // namespace

CoreMethod baseline_lsrpls() {
  return {
      {"baseline",
       "lsrpls", "locally symmetric reweighted penalised least squares",
       "Heng et al., Chin. J. Lasers 45 (2018) 1211001", parameters},
      6,
      run
  };
}

}  // namespace calcispec
