// Baseline by a penalised spline through morphological anchors.
#include "core/baseline/morphological_anchors.hpp"
#include "core/baseline/reweighted_lanes.hpp"
#include "core/baseline/weight_rules.hpp"
#include "core/baseline/whittaker_parameters.hpp"

#include <array>

namespace calcispec {
namespace {

constexpr std::array pspline_mpls_parameters{half_window_parameter,
                                             spline_lambda_parameter(1e3),
                                             anchor_asymmetry_parameter,
                                             knots_parameter,
                                             spline_degree_parameter,
                                             diff_order_parameter,
                                             lambda_unit_parameter,
                                             lambda_rule_parameter};

/// Model      minimise sum w (y - z)^2 + lambda * sum (difference of the coefficients of z)^2, z a
///            B-spline
/// Weights    as baseline.mpls
/// Status     converged
/// Cost       O(points) per iteration
/// Source     Li et al., Analyst 138 (2013) 4483; Eilers & Marx, Stat. Sci. 11 (1996) 89
void run_pspline_mpls(const MethodCall& call) {
  const MorphologicalAnchors anchors(call.parameters, call.parameters.real("asymmetry"));
  kernels::with_spline_system<kernels::SplineSystem>(call, 0, [&](auto& scratch) {
    kernels::run_lanes(call, kernels::AnchorWeights{anchors}, {}, scratch);
  });
}

}  // namespace

CoreMethod baseline_pspline_mpls() {
  return {
      {"baseline",
       "pspline_mpls", "penalised spline through morphological anchors",
       "Li et al., Analyst 138 (2013) 4483", pspline_mpls_parameters},
      6,
      run_pspline_mpls
  };
}

}  // namespace calcispec
