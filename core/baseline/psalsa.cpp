// Baseline by peaked signal asymmetric least squares.
#include "core/baseline/weight_rules.hpp"
#include "core/baseline/whittaker_baseline.hpp"
#include "core/baseline/whittaker_parameters.hpp"

#include <array>

namespace calcispec {
namespace {

using kernels::Mask;
constexpr std::array psalsa_parameters{lambda_parameter(1e5),
                                       asymmetry_parameter(0.5, near_asymmetry_help),
                                       peak_scale_parameter,
                                       diff_order_parameter,
                                       max_iterations_parameter,
                                       tolerance_parameter(weight_tolerance_help),
                                       lambda_unit_parameter,
                                       lambda_rule_parameter};

/// Model      minimise sum w (y - z)^2 + lambda * sum (difference of z)^2
/// Weights    asymmetry * exp(-(y - z) / k) where y > z, else 1 - asymmetry
/// Status     converged | iteration_limit
/// Cost       O(points) per iteration, an exponential per point
/// Source     Oller-Moreno et al., 11th IEEE Multi-Conference on Systems, Signals & Devices (2014)
void run_psalsa(const MethodCall& call) {
  kernels::run_reweighted_of_order(call,
                                   kernels::PsalsaWeights{call.parameters.real("asymmetry"),
                                                          call.parameters.real("peak_scale")});
}

}  // namespace

CoreMethod baseline_psalsa() {
  return {
      {"baseline",
       "psalsa", "peaked signal asymmetric least squares",
       "Oller-Moreno et al., IEEE SSD (2014)", psalsa_parameters},
      6,
      run_psalsa
  };
}

}  // namespace calcispec
