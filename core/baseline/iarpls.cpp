// Baseline by improved asymmetrically reweighted penalised least squares.
#include "core/baseline/weight_rules.hpp"
#include "core/baseline/whittaker_baseline.hpp"
#include "core/baseline/whittaker_parameters.hpp"

#include <array>

namespace calcispec {
namespace {

constexpr std::array iarpls_parameters{lambda_parameter(1e5),
                                       diff_order_parameter,
                                       max_iterations_parameter,
                                       tolerance_parameter(weight_tolerance_help),
                                       lambda_unit_parameter,
                                       lambda_rule_parameter};

/// Model      minimise sum w (y - z)^2 + lambda * sum (difference of z)^2
/// Weights    (1 - u / sqrt(1 + u^2)) / 2, u = exp(t) (d - 2 s) / s, d = y - z, s the standard
///            deviation of the negative d, t the number of the reweighting
/// Status     converged | iteration_limit
/// Cost       O(points) per iteration, a root and a division per point
/// Source     Ye et al., Appl. Opt. 59 (2020) 10933
void run_iarpls(const MethodCall& call) {
  kernels::run_reweighted_of_order(call, kernels::IarplsWeights{});
}

}  // namespace

CoreMethod baseline_iarpls() {
  return {
      {"baseline",
       "iarpls", "improved asymmetrically reweighted penalised least squares",
       "Ye et al., Appl. Opt. 59 (2020) 10933", iarpls_parameters},
      6,
      run_iarpls
  };
}

}  // namespace calcispec
