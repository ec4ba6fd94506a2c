// Baseline by Bayesian reweighted penalised least squares, with a spline.
#include "core/baseline/bayesian_weights.hpp"
#include "core/baseline/whittaker_parameters.hpp"

#include <array>

namespace calcispec {
namespace {

constexpr std::array pspline_brpls_parameters{
    spline_lambda_parameter(1e3),
    knots_parameter,
    spline_degree_parameter,
    diff_order_parameter,
    max_iterations_parameter,
    tolerance_parameter("relative change of the baseline at which to stop"),
    outer_iterations_parameter,
    outer_tolerance_parameter,
    lambda_unit_parameter,
    lambda_rule_parameter};

/// Model      minimise sum w (y - z)^2 + lambda * sum (difference of the coefficients of z)^2, z a
///            B-spline
/// Weights    as BayesianRun
/// Status     converged | iteration_limit
/// Source     Wang et al., Nucl. Sci. Tech. 33 (2022) 148; Eilers & Marx, Stat. Sci. 11 (1996) 89
void run_pspline_brpls(const MethodCall& call) {
  kernels::with_spline_system<kernels::SplineSystem>(
      call, 0, [&](auto& scratch) { kernels::run_bayesian(call, scratch); });
}

}  // namespace

CoreMethod baseline_pspline_brpls() {
  return {
      {"baseline",
       "pspline_brpls", "Bayesian reweighted penalised least squares, with a spline",
       "Wang et al., Nucl. Sci. Tech. 33 (2022) 148", pspline_brpls_parameters},
      6,
      run_pspline_brpls
  };
}

}  // namespace calcispec
