// Baseline by Bayesian reweighted penalised least squares.
#include "core/baseline/bayesian_weights.hpp"
#include "core/baseline/whittaker_parameters.hpp"

#include <array>

namespace calcispec {
namespace {

constexpr std::array brpls_parameters{
    lambda_parameter(1e5),
    diff_order_parameter,
    max_iterations_parameter,
    tolerance_parameter("relative change of the baseline at which to stop"),
    outer_iterations_parameter,
    outer_tolerance_parameter,
    lambda_unit_parameter,
    lambda_rule_parameter};

/// Model      minimise sum w (y - z)^2 + lambda * sum (difference of z)^2
/// Weights    as BayesianRun
/// Status     converged | iteration_limit
/// Source     Wang et al., Nucl. Sci. Tech. 33 (2022) 148
void run_brpls(const MethodCall& call) {
  kernels::with_penalty_system<kernels::PenaltySystem>(
      call, 0, [&](auto& scratch) { kernels::run_bayesian(call, scratch); });
}

}  // namespace

CoreMethod baseline_brpls() {
  return {
      {"baseline",
       "brpls", "Bayesian reweighted penalised least squares",
       "Wang et al., Nucl. Sci. Tech. 33 (2022) 148", brpls_parameters},
      6,
      run_brpls
  };
}

}  // namespace calcispec
