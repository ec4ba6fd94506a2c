// Baseline by improved asymmetric least squares.
#include "core/baseline/reweighted_lanes.hpp"
#include "core/baseline/weight_rules.hpp"
#include "core/baseline/whittaker_parameters.hpp"

#include <array>

namespace calcispec {
namespace {

constexpr std::array iasls_parameters{lambda_parameter(1e6),
                                      asymmetry_parameter(0.01, asymmetry_help),
                                      first_lambda_parameter,
                                      diff_order_from(2),
                                      max_iterations_parameter,
                                      tolerance_parameter(weight_tolerance_help),
                                      lambda_unit_parameter,
                                      lambda_rule_parameter};

/// Model      minimise sum (w (y - z))^2 + lambda * sum (difference of z)^2 + first_lambda * sum
///            (first difference of y - z)^2
/// Weights    asymmetry where y > z, else 1 - asymmetry; the first from a parabola
/// Status     converged | iteration_limit
/// Cost       O(points) per iteration, one division per point
/// Source     He et al., Anal. Methods 6 (2014) 4402
void run_iasls(const MethodCall& call) {
  const PolynomialBasis parabola(call.axis.values(), 2, {});
  const double first_lambda = call.parameters.real("first_lambda");
  kernels::run_penalty_lanes<kernels::PenaltySystem>(
      call,
      kernels::IaslsWeights{{call.parameters.real("asymmetry")}, first_lambda, parabola},
      first_lambda);
}

}  // namespace

CoreMethod baseline_iasls() {
  return {
      {"baseline",
       "iasls", "improved asymmetric least squares",
       "He et al., Anal. Methods 6 (2014) 4402", iasls_parameters},
      6,
      run_iasls
  };
}

}  // namespace calcispec
