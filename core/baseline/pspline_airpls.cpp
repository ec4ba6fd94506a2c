// Baseline by adaptive iteratively reweighted penalised least squares, with a spline.
#include "core/baseline/reweighted_lanes.hpp"
#include "core/baseline/weight_rules.hpp"
#include "core/baseline/whittaker_parameters.hpp"

#include <array>

namespace calcispec {
namespace {

constexpr std::array pspline_airpls_parameters{spline_lambda_parameter(1e3),
                                               knots_parameter,
                                               spline_degree_parameter,
                                               diff_order_parameter,
                                               max_iterations_parameter,
                                               tolerance_parameter(airpls_tolerance_help),
                                               normalize_weights_parameter,
                                               lambda_unit_parameter,
                                               lambda_rule_parameter};

/// Model      minimise sum w (y - z)^2 + lambda * sum (difference of the coefficients of z)^2, z a
///            B-spline
/// Weights    as baseline.airpls
/// Status     converged | iteration_limit
/// Cost       O(points) per iteration
/// Source     Zhang et al., Analyst 135 (2010) 1138; Eilers & Marx, Stat. Sci. 11 (1996) 89
void run_pspline_airpls(const MethodCall& call) {
  const double tolerance = call.parameters.real("tolerance");
  const auto run_with = [&](const auto& weights) {
    kernels::run_spline_lanes<kernels::SplineSystem>(call, weights);
  };
  if (call.parameters.flag("normalize_weights")) {
    return run_with(kernels::AirplsWeights<true>{tolerance});
  }
  run_with(kernels::AirplsWeights<false>{tolerance});
}

}  // namespace

CoreMethod baseline_pspline_airpls() {
  return {
      {"baseline",
       "pspline_airpls", "adaptive iteratively reweighted penalised least squares, with a spline",
       "Zhang et al., Analyst 135 (2010) 1138", pspline_airpls_parameters},
      6,
      run_pspline_airpls
  };
}

}  // namespace calcispec
