// Baseline by peaked signal asymmetric least squares, with a spline.
#include "core/baseline/reweighted_lanes.hpp"
#include "core/baseline/weight_rules.hpp"
#include "core/baseline/whittaker_parameters.hpp"

#include <array>

namespace calcispec {
namespace {

constexpr std::array pspline_psalsa_parameters{spline_lambda_parameter(1e3),
                                               asymmetry_parameter(0.5, near_asymmetry_help),
                                               peak_scale_parameter,
                                               knots_parameter,
                                               spline_degree_parameter,
                                               diff_order_parameter,
                                               max_iterations_parameter,
                                               tolerance_parameter(weight_tolerance_help),
                                               lambda_unit_parameter,
                                               lambda_rule_parameter};

/// Model      minimise sum w (y - z)^2 + lambda * sum (difference of the coefficients of z)^2, z a
///            B-spline
/// Weights    as baseline.psalsa
/// Status     converged | iteration_limit
/// Cost       O(points) per iteration
/// Source     Oller-Moreno et al., IEEE SSD (2014); Eilers & Marx, Stat. Sci. 11 (1996) 89
void run_pspline_psalsa(const MethodCall& call) {
  kernels::run_spline_lanes<kernels::SplineSystem>(
      call,
      kernels::PsalsaWeights{call.parameters.real("asymmetry"),
                             call.parameters.real("peak_scale")});
}

}  // namespace

CoreMethod baseline_pspline_psalsa() {
  return {
      {"baseline",
       "pspline_psalsa", "peaked signal asymmetric least squares, with a spline",
       "Oller-Moreno et al., IEEE SSD (2014)", pspline_psalsa_parameters},
      6,
      run_pspline_psalsa
  };
}

}  // namespace calcispec
