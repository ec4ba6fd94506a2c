// Baseline by asymmetric least squares.
#include "core/baseline/weight_rules.hpp"
#include "core/baseline/whittaker_baseline.hpp"
#include "core/baseline/whittaker_parameters.hpp"

#include <array>

namespace calcispec {
namespace {

constexpr std::array asls_parameters{lambda_parameter(1e6),
                                     asymmetry_parameter(0.01, asymmetry_help),
                                     diff_order_parameter,
                                     max_iterations_parameter,
                                     tolerance_parameter(weight_tolerance_help),
                                     lambda_unit_parameter,
                                     lambda_rule_parameter};

/// Model      minimise sum w (y - z)^2 + lambda * sum (difference of z)^2
/// Weights    asymmetry where y > z, else 1 - asymmetry
/// Status     converged | iteration_limit
/// Cost       O(points) per iteration, no allocation
/// Source     Eilers, Anal. Chem. 75 (2003) 3631; Eilers & Boelens 2005
void run_asls(const MethodCall& call) {
  kernels::run_reweighted_of_order(call, kernels::AslsWeights{call.parameters.real("asymmetry")});
}

}  // namespace

CoreMethod baseline_asls() {
  return {
      {"baseline",
       "asls", "asymmetric least squares",
       "Eilers, Anal. Chem. 75 (2003) 3631", asls_parameters},
      6,
      run_asls
  };
}

}  // namespace calcispec
