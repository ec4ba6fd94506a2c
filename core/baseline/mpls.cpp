// Baseline by penalised least squares through morphological anchors.
#include "core/baseline/morphological_anchors.hpp"
#include "core/baseline/reweighted_lanes.hpp"
#include "core/baseline/weight_rules.hpp"
#include "core/baseline/whittaker_parameters.hpp"

#include <array>

namespace calcispec {
namespace {

constexpr std::array mpls_parameters{half_window_parameter,
                                     lambda_parameter(1e6),
                                     anchor_asymmetry_parameter,
                                     diff_order_parameter,
                                     lambda_unit_parameter,
                                     lambda_rule_parameter};

/// Model      minimise sum w (y - z)^2 + lambda * sum (difference of z)^2
/// Weights    1 - asymmetry at the lowest points between flats of the opened signal, else asymmetry
/// Status     converged
/// Cost       O(points), with the automatic half window times the windows tried
/// Source     Li et al., Analyst 138 (2013) 4483
void run_mpls(const MethodCall& call) {
  const MorphologicalAnchors anchors(call.parameters, call.parameters.real("asymmetry"));
  kernels::with_penalty_system<kernels::PenaltySystem>(call, 0, [&](auto& scratch) {
    kernels::run_lanes(call, kernels::AnchorWeights{anchors}, {}, scratch);
  });
}

}  // namespace

CoreMethod baseline_mpls() {
  return {
      {"baseline",
       "mpls", "penalised least squares through morphological anchors",
       "Li et al., Analyst 138 (2013) 4483", mpls_parameters},
      6,
      run_mpls
  };
}

}  // namespace calcispec
