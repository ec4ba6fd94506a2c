// Baseline by locally symmetric reweighted penalised least squares, with a spline.
#include "core/baseline/reweighted_lanes.hpp"
#include "core/baseline/weight_rules.hpp"
#include "core/baseline/whittaker_parameters.hpp"

#include <array>
#include <numbers>

namespace calcispec {
namespace {

constexpr std::array pspline_lsrpls_parameters{spline_lambda_parameter(1e3),
                                               knots_parameter,
                                               spline_degree_parameter,
                                               diff_order_parameter,
                                               max_iterations_parameter,
                                               tolerance_parameter(weight_tolerance_help),
                                               lambda_unit_parameter,
                                               lambda_rule_parameter};

/// Model      minimise sum w (y - z)^2 + lambda * sum (difference of the coefficients of z)^2, z a
///            B-spline
/// Weights    as baseline.lsrpls
/// Status     converged | iteration_limit
/// Cost       O(points) per iteration
/// Source     Heng et al., Chin. J. Lasers 45 (2018) 1211001; Eilers & Marx, Stat. Sci. 11 (1996)
///            89
void run_pspline_lsrpls(const MethodCall& call) {
  kernels::run_spline_lanes<kernels::SplineSystem>(
      call, kernels::LocallySymmetricWeights{std::numbers::ln10});
}

}  // namespace

CoreMethod baseline_pspline_lsrpls() {
  return {
      {"baseline",
       "pspline_lsrpls", "locally symmetric reweighted penalised least squares, with a spline",
       "Heng et al., Chin. J. Lasers 45 (2018) 1211001", pspline_lsrpls_parameters},
      6,
      run_pspline_lsrpls
  };
}

}  // namespace calcispec
