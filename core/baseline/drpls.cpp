// Baseline by doubly reweighted penalised least squares.
#include "core/baseline/reweighted_lanes.hpp"
#include "core/baseline/weight_rules.hpp"
#include "core/baseline/whittaker_parameters.hpp"

#include <array>

namespace calcispec {
namespace {

constexpr std::array drpls_parameters{lambda_parameter(1e5),
                                      eta_parameter,
                                      diff_order_from(2),
                                      max_iterations_parameter,
                                      tolerance_parameter(weight_tolerance_help),
                                      lambda_unit_parameter,
                                      lambda_rule_parameter};

/// Model      (W + D1'D1 + lambda (I - eta W) D'D) z = W y, D1 the first difference
/// Weights    (1 - u / (1 + |u|)) / 2, u = exp(t) (d - (2 s - m)) / s, d = y - z, m and s of the
///            negative d, t the number of the reweighting
/// Status     converged | iteration_limit
/// Cost       O(points) per iteration, two divisions per point
/// Source     Xu et al., Appl. Opt. 58 (2019) 3913
void run_drpls(const MethodCall& call) {
  kernels::run_penalty_lanes<kernels::ScaledPenaltySystem>(
      call, kernels::LocallySymmetricWeights{1, call.parameters.real("eta")}, 1);
}

}  // namespace

CoreMethod baseline_drpls() {
  return {
      {"baseline",
       "drpls", "doubly reweighted penalised least squares",
       "Xu et al., Appl. Opt. 58 (2019) 3913", drpls_parameters},
      6,
      run_drpls
  };
}

}  // namespace calcispec
