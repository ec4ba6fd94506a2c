// Baseline by asymmetric least squares with peak screening.
#include "core/baseline/reweighted_lanes.hpp"
#include "core/baseline/weight_rules.hpp"
#include "core/baseline/whittaker_parameters.hpp"

#include <array>

namespace calcispec {
namespace {

constexpr std::array derpsalsa_parameters{lambda_parameter(1e6),
                                          asymmetry_parameter(0.01, near_asymmetry_help),
                                          peak_scale_parameter,
                                          diff_order_parameter,
                                          max_iterations_parameter,
                                          tolerance_parameter(weight_tolerance_help),
                                          smooth_half_window_parameter,
                                          smoothings_parameter,
                                          lambda_unit_parameter,
                                          lambda_rule_parameter};

/// Model      minimise sum w (y - z)^2 + lambda * sum (difference of z)^2
/// Weights    v exp(-((y - z) / k)^2 / 2) asymmetry where y > z, else v (1 - asymmetry); v falls
///            with the derivatives of the smoothed signal
/// Status     converged | iteration_limit
/// Cost       O(points) per iteration, an exponential and a division per point
/// Source     Korepanov, J. Raman Spectrosc. 51 (2020) 2061
void run_derpsalsa(const MethodCall& call) {
  const PeakScreen screen(call.points(),
                          call.parameters.real("smooth_half_window"),
                          call.parameters.integer("num_smooths"));
  kernels::run_penalty_lanes<kernels::PenaltySystem>(
      call,
      kernels::DerpsalsaWeights{
          call.parameters.real("asymmetry"), call.parameters.real("peak_scale"), screen});
}

}  // namespace

CoreMethod baseline_derpsalsa() {
  return {
      {"baseline",
       "derpsalsa", "asymmetric least squares with peak screening by derivatives",
       "Korepanov, J. Raman Spectrosc. 51 (2020) 2061", derpsalsa_parameters},
      6,
      run_derpsalsa
  };
}

}  // namespace calcispec
