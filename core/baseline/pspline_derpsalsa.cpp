// Baseline by asymmetric least squares with peak screening, with a spline.
#include "core/baseline/reweighted_lanes.hpp"
#include "core/baseline/weight_rules.hpp"
#include "core/baseline/whittaker_parameters.hpp"

#include <array>

namespace calcispec {
namespace {

constexpr std::array pspline_derpsalsa_parameters{spline_lambda_parameter(1e2),
                                                  asymmetry_parameter(0.01, near_asymmetry_help),
                                                  peak_scale_parameter,
                                                  knots_parameter,
                                                  spline_degree_parameter,
                                                  diff_order_parameter,
                                                  max_iterations_parameter,
                                                  tolerance_parameter(weight_tolerance_help),
                                                  smooth_half_window_parameter,
                                                  smoothings_parameter,
                                                  lambda_unit_parameter,
                                                  lambda_rule_parameter};

/// Model      minimise sum w (y - z)^2 + lambda * sum (difference of the coefficients of z)^2, z a
///            B-spline
/// Weights    as baseline.derpsalsa
/// Status     converged | iteration_limit
/// Cost       O(points) per iteration
/// Source     Korepanov, J. Raman Spectrosc. 51 (2020) 2061; Eilers & Marx, Stat. Sci. 11 (1996) 89
void run_pspline_derpsalsa(const MethodCall& call) {
  const PeakScreen screen(call.points(),
                          call.parameters.real("smooth_half_window"),
                          call.parameters.integer("num_smooths"));
  kernels::run_spline_lanes<kernels::SplineSystem>(
      call,
      kernels::DerpsalsaWeights{
          call.parameters.real("asymmetry"), call.parameters.real("peak_scale"), screen});
}

}  // namespace

CoreMethod baseline_pspline_derpsalsa() {
  return {
      {"baseline",
       "pspline_derpsalsa", "asymmetric least squares with peak screening, with a spline",
       "Korepanov, J. Raman Spectrosc. 51 (2020) 2061", pspline_derpsalsa_parameters},
      6,
      run_pspline_derpsalsa
  };
}

}  // namespace calcispec
