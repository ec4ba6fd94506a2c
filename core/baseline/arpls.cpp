// Baseline by asymmetrically reweighted penalised least squares.
#include "core/baseline/weight_rules.hpp"
#include "core/baseline/whittaker_baseline.hpp"
#include "core/baseline/whittaker_parameters.hpp"

#include <array>

namespace calcispec {
namespace {

constexpr std::array arpls_parameters{lambda_parameter(1e5),
                                      diff_order_parameter,
                                      max_iterations_parameter,
                                      tolerance_parameter(weight_tolerance_help),
                                      lambda_unit_parameter,
                                      lambda_rule_parameter};

/// Model      minimise sum w (y - z)^2 + lambda * sum (difference of z)^2
/// Weights    1 / (1 + exp(2 (d - (2 s - m)) / s)), d = y - z, m and s of the negative d
/// Status     converged | iteration_limit
/// Cost       O(points) per iteration, one exponential and two divisions per point
/// Source     Baek et al., Analyst 140 (2015) 250
void run_arpls(const MethodCall& call) {
  kernels::run_reweighted_of_order(call, kernels::ArplsWeights{});
}

}  // namespace

CoreMethod baseline_arpls() {
  return {
      {"baseline",
       "arpls", "asymmetrically reweighted penalised least squares",
       "Baek et al., Analyst 140 (2015) 250", arpls_parameters},
      6,
      run_arpls
  };
}

}  // namespace calcispec
