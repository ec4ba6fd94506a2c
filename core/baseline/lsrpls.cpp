// Baseline by locally symmetric reweighted penalised least squares.
#include "core/baseline/weight_rules.hpp"
#include "core/baseline/whittaker_baseline.hpp"
#include "core/baseline/whittaker_parameters.hpp"

#include <array>
#include <numbers>

namespace calcispec {
namespace {

constexpr std::array lsrpls_parameters{lambda_parameter(1e5),
                                       diff_order_parameter,
                                       max_iterations_parameter,
                                       tolerance_parameter(weight_tolerance_help),
                                       lambda_unit_parameter,
                                       lambda_rule_parameter};

/// Model      minimise sum w (y - z)^2 + lambda * sum (difference of z)^2
/// Weights    (1 - u / (1 + |u|)) / 2, u = 10^t (d - (2 s - m)) / s, d = y - z, m and s of the
///            negative d, t the number of the reweighting
/// Status     converged | iteration_limit
/// Cost       O(points) per iteration, a division per point
void run_lsrpls(const MethodCall& call) {
  kernels::run_reweighted_of_order(call, kernels::LocallySymmetricWeights{std::numbers::ln10});
}

}  // namespace

CoreMethod baseline_lsrpls() {
  return {
      {"baseline",
       "lsrpls", "locally symmetric reweighted penalised least squares",
       "Heng et al., Chin. J. Lasers 45 (2018) 1211001", lsrpls_parameters},
      6,
      run_lsrpls
  };
}

}  // namespace calcispec
