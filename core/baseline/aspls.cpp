// Baseline by adaptive smoothness penalised least squares.
#include "core/baseline/reweighted_lanes.hpp"
#include "core/baseline/weight_rules.hpp"
#include "core/baseline/whittaker_parameters.hpp"

#include <array>

namespace calcispec {
namespace {

constexpr std::array aspls_parameters{lambda_parameter(1e5),
                                      diff_order_parameter,
                                      iterations_parameter(100),
                                      tolerance_parameter(weight_tolerance_help),
                                      steepness_parameter,
                                      first_scale_parameter,
                                      lambda_unit_parameter,
                                      lambda_rule_parameter};

/// Model      (W + lambda A D'D) z = W y, A the residuals |y - z| over the largest of them
/// Weights    1 / (1 + exp(k (d - s) / s)), d = y - z, s the standard deviation of the negative d
/// Status     converged | iteration_limit
/// Cost       O(points) per iteration, an exponential and two divisions per point
/// Source     Zhang et al., Spectrosc. Lett. 53 (2020) 222; it prints k = 2, its figures show 0.5
void run_aspls(const MethodCall& call) {
  kernels::run_penalty_lanes<kernels::ScaledPenaltySystem>(
      call,
      kernels::AsplsWeights{call.parameters.real("asymmetric_coef"),
                            call.parameters.real("alpha")});
}

}  // namespace

CoreMethod baseline_aspls() {
  return {
      {"baseline",
       "aspls", "adaptive smoothness penalised least squares",
       "Zhang et al., Spectrosc. Lett. 53 (2020) 222", aspls_parameters},
      6,
      run_aspls
  };
}

}  // namespace calcispec
