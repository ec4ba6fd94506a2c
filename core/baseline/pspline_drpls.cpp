// Baseline by doubly reweighted penalised least squares, with a spline.
#include "core/baseline/reweighted_lanes.hpp"
#include "core/baseline/weight_rules.hpp"
#include "core/baseline/whittaker_parameters.hpp"

#include <array>

namespace calcispec {
namespace {

constexpr std::array pspline_drpls_parameters{spline_lambda_parameter(1e3),
                                              eta_parameter,
                                              knots_parameter,
                                              spline_degree_parameter,
                                              diff_order_from(2),
                                              max_iterations_parameter,
                                              tolerance_parameter(weight_tolerance_help),
                                              lambda_unit_parameter,
                                              lambda_rule_parameter};

/// Model      (B'WB + D1'D1 + lambda (I - eta V) D'D) c = B'W y, z = B c a B-spline, D1 and D
///            differences of c, V the weights beside the centre of each spline
/// Weights    as baseline.drpls
/// Status     converged | iteration_limit
/// Cost       O(points) per iteration
/// Source     Xu et al., Appl. Opt. 58 (2019) 3913; Eilers & Marx, Stat. Sci. 11 (1996) 89
void run_pspline_drpls(const MethodCall& call) {
  kernels::run_spline_lanes<kernels::ScaledSplineSystem>(
      call, kernels::LocallySymmetricWeights{1, call.parameters.real("eta")}, 1);
}

}  // namespace

CoreMethod baseline_pspline_drpls() {
  return {
      {"baseline",
       "pspline_drpls", "doubly reweighted penalised least squares, with a spline",
       "Xu et al., Appl. Opt. 58 (2019) 3913", pspline_drpls_parameters},
      6,
      run_pspline_drpls
  };
}

}  // namespace calcispec
