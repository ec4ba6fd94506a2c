// Baseline by adaptive smoothness penalised least squares, with a spline.
#include "core/baseline/reweighted_lanes.hpp"
#include "core/baseline/weight_rules.hpp"
#include "core/baseline/whittaker_parameters.hpp"

#include <array>

namespace calcispec {
namespace {

constexpr std::array pspline_aspls_parameters{spline_lambda_parameter(1e4),
                                              knots_parameter,
                                              spline_degree_parameter,
                                              diff_order_parameter,
                                              iterations_parameter(100),
                                              tolerance_parameter(weight_tolerance_help),
                                              steepness_parameter,
                                              first_scale_parameter,
                                              lambda_unit_parameter,
                                              lambda_rule_parameter};

/// Model      (B'WB + lambda A D'D) c = B'W y, z = B c a B-spline, A the residuals |y - z| over the
///            largest of them, beside the centre of each spline
/// Weights    as baseline.aspls
/// Status     converged | iteration_limit
/// Cost       O(points) per iteration
/// Source     Zhang et al., Spectrosc. Lett. 53 (2020) 222; Eilers & Marx, Stat. Sci. 11 (1996) 89
void run_pspline_aspls(const MethodCall& call) {
  kernels::run_spline_lanes<kernels::ScaledSplineSystem>(
      call,
      kernels::AsplsWeights{call.parameters.real("asymmetric_coef"),
                            call.parameters.real("alpha")});
}

}  // namespace

CoreMethod baseline_pspline_aspls() {
  return {
      {"baseline",
       "pspline_aspls", "adaptive smoothness penalised least squares, with a spline",
       "Zhang et al., Spectrosc. Lett. 53 (2020) 222", pspline_aspls_parameters},
      6,
      run_pspline_aspls
  };
}

}  // namespace calcispec
