// Baseline by asymmetric least squares, with a spline.
#include "core/baseline/reweighted_lanes.hpp"
#include "core/baseline/weight_rules.hpp"
#include "core/baseline/whittaker_parameters.hpp"

#include <array>

namespace calcispec {
namespace {

constexpr std::array pspline_asls_parameters{spline_lambda_parameter(1e3),
                                             asymmetry_parameter(0.01, asymmetry_help),
                                             knots_parameter,
                                             spline_degree_parameter,
                                             diff_order_parameter,
                                             max_iterations_parameter,
                                             tolerance_parameter(weight_tolerance_help),
                                             lambda_unit_parameter,
                                             lambda_rule_parameter};

/// Model      minimise sum w (y - z)^2 + lambda * sum (difference of the coefficients of z)^2, z a
///            B-spline
/// Weights    as baseline.asls
/// Status     converged | iteration_limit
/// Cost       O(points) per iteration
/// Source     Eilers, Anal. Chem. 75 (2003) 3631; Eilers & Marx, Stat. Sci. 11 (1996) 89
void run_pspline_asls(const MethodCall& call) {
  kernels::run_spline_lanes<kernels::SplineSystem>(
      call, kernels::AslsWeights{call.parameters.real("asymmetry")});
}

}  // namespace

CoreMethod baseline_pspline_asls() {
  return {
      {"baseline",
       "pspline_asls", "asymmetric least squares, with a spline",
       "Eilers, Anal. Chem. 75 (2003) 3631", pspline_asls_parameters},
      6,
      run_pspline_asls
  };
}

}  // namespace calcispec
