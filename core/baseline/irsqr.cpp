// Baseline by penalised spline quantile regression.
#include "core/baseline/reweighted_lanes.hpp"
#include "core/baseline/weight_rules.hpp"
#include "core/baseline/whittaker_parameters.hpp"

#include <array>

namespace calcispec {
namespace {

constexpr std::array irsqr_parameters{
    spline_lambda_parameter(100),
    ParameterInfo{.name = "quantile",
                  .minimum = 1e-9,
                  .maximum = 0.999999999,
                  .standard = 0.05,
                  .help = "share of the points that lie below the baseline"},
    knots_parameter,
    spline_degree_parameter,
    diff_order_from(1, 3),
    iterations_parameter(100),
    tolerance_parameter("relative change of the coefficients at which to stop", 1e-6),
    ParameterInfo{ .name = "floor",
                  .aliases = "eps",
                  .minimum = 0,
                  .maximum = 1e300,
                  .standard = std::numeric_limits<double>::quiet_NaN(),
                  .unit = "ordinate squared",
                  .help = "keeps the weights finite where the residual is 0 (automatic: from the "
                          "largest baseline)"},
    lambda_unit_parameter,
    lambda_rule_parameter
};

/// Model      minimise sum of q |d| where d = y - z > 0, (1 - q) |d| below, + lambda * sum
///            (difference of the coefficients of z)^2, z a B-spline, by reweighted squares
/// Status     converged | iteration_limit
/// Cost       O(points) per iteration, a root and a division per point
/// Source     Han et al., ICISCE (2018) 280; Schnabel & Eilers, AStA 97 (2013) 77
void run_irsqr(const MethodCall& call) {
  kernels::run_spline_lanes<kernels::SplineSystem>(
      call,
      kernels::QuantileWeights{call.parameters.real("quantile"),
                               call.parameters.real("floor"),
                               call.parameters.real("tolerance")});
}

}  // namespace

CoreMethod baseline_irsqr() {
  return {
      {"baseline",
       "irsqr", "penalised spline quantile regression",
       "Han et al., ICISCE (2018) 280", irsqr_parameters},
      6,
      run_irsqr
  };
}

}  // namespace calcispec
