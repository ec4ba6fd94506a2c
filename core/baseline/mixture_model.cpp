// Baseline by a mixture of noise and bands in the residuals, with a spline.
#include "core/baseline/mixture_weights.hpp"
#include "core/baseline/reweighted_lanes.hpp"
#include "core/baseline/whittaker_parameters.hpp"

#include <array>

namespace calcispec {
namespace {

constexpr ParameterInfo mixture_model_symmetric_parameter{.name = "symmetric",
                                                          .type = ParameterType::flag,
                                                          .minimum = 0,
                                                          .maximum = 1,
                                                          .standard = 0,
                                                          .help = "bands point either way"};
constexpr std::array mixture_model_parameters{
    spline_lambda_parameter(1e5),
    asymmetry_parameter(0.01,
                        "weight of points above the baseline in the two fits that make ready"),
    knots_parameter,
    spline_degree_parameter,
    diff_order_from(1, 3),
    max_iterations_parameter,
    tolerance_parameter(weight_tolerance_help),
    mixture_model_symmetric_parameter,
    lambda_unit_parameter,
    lambda_rule_parameter};

/// Model      minimise sum w (y - z)^2 + lambda * sum (difference of the coefficients of z)^2, z a
///            B-spline
/// Weights    as MixtureWeights
/// Status     converged | iteration_limit
/// Cost       O(points) per iteration, an exponential and five divisions per point
/// Source     de Rooi & Eilers, Chemom. Intell. Lab. Syst. 117 (2012) 56
void run_mixture_model(const MethodCall& call) {
  kernels::run_spline_lanes<kernels::SplineSystem>(
      call,
      kernels::MixtureWeights{call.parameters.real("asymmetry"),
                              call.parameters.flag("symmetric")});
}

}  // namespace

CoreMethod baseline_mixture_model() {
  return {
      {"baseline",
       "mixture_model", "spline with the probability of noise as weights",
       "de Rooi & Eilers, Chemom. Intell. Lab. Syst. 117 (2012) 56", mixture_model_parameters},
      6,
      run_mixture_model
  };
}

}  // namespace calcispec
