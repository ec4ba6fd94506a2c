// Baseline by improved asymmetrically reweighted penalised least squares, with a spline.
#include "core/baseline/reweighted_lanes.hpp"
#include "core/baseline/weight_rules.hpp"
#include "core/baseline/whittaker_parameters.hpp"

#include <array>

namespace calcispec {
namespace {

constexpr std::array pspline_iarpls_parameters{spline_lambda_parameter(1e3),
                                               knots_parameter,
                                               spline_degree_parameter,
                                               diff_order_parameter,
                                               max_iterations_parameter,
                                               tolerance_parameter(weight_tolerance_help),
                                               lambda_unit_parameter,
                                               lambda_rule_parameter};

/// Model      minimise sum w (y - z)^2 + lambda * sum (difference of the coefficients of z)^2, z a
///            B-spline
/// Weights    as baseline.iarpls
/// Status     converged | iteration_limit
/// Cost       O(points) per iteration
/// Source     Ye et al., Appl. Opt. 59 (2020) 10933; Eilers & Marx, Stat. Sci. 11 (1996) 89
void run_pspline_iarpls(const MethodCall& call) {
  kernels::run_spline_lanes<kernels::SplineSystem>(call, kernels::IarplsWeights{});
}

}  // namespace

CoreMethod baseline_pspline_iarpls() {
  return {
      {"baseline",
       "pspline_iarpls", "improved asymmetrically reweighted least squares, with a spline",
       "Ye et al., Appl. Opt. 59 (2020) 10933", pspline_iarpls_parameters},
      6,
      run_pspline_iarpls
  };
}

}  // namespace calcispec
