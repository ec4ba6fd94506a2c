// Baseline by improved asymmetric least squares, with a spline.
#include "core/baseline/reweighted_lanes.hpp"
#include "core/baseline/weight_rules.hpp"
#include "core/baseline/whittaker_parameters.hpp"

#include <array>

namespace calcispec {
namespace {

constexpr std::array pspline_iasls_parameters{spline_lambda_parameter(1e1),
                                              asymmetry_parameter(0.01, asymmetry_help),
                                              first_lambda_parameter,
                                              knots_parameter,
                                              spline_degree_parameter,
                                              diff_order_from(2),
                                              max_iterations_parameter,
                                              tolerance_parameter(weight_tolerance_help),
                                              lambda_unit_parameter,
                                              lambda_rule_parameter};

/// Model      minimise sum (w (y - z))^2 + lambda * sum (difference of the coefficients of z)^2 +
///            first_lambda * sum (first difference of y - z)^2, z a B-spline
/// Weights    as baseline.iasls
/// Status     converged | iteration_limit
/// Cost       O(points) per iteration
/// Source     He et al., Anal. Methods 6 (2014) 4402; Eilers & Marx, Stat. Sci. 11 (1996) 89
void run_pspline_iasls(const MethodCall& call) {
  const PolynomialBasis parabola(call.axis.values(), 2, {});
  const double first_lambda = call.parameters.real("first_lambda");
  kernels::run_spline_lanes<kernels::SplineSystem>(
      call,
      kernels::IaslsWeights{{call.parameters.real("asymmetry")}, first_lambda, parabola},
      first_lambda);
}

}  // namespace

CoreMethod baseline_pspline_iasls() {
  return {
      {"baseline",
       "pspline_iasls", "improved asymmetric least squares, with a spline",
       "He et al., Anal. Methods 6 (2014) 4402", pspline_iasls_parameters},
      6,
      run_pspline_iasls
  };
}

}  // namespace calcispec
