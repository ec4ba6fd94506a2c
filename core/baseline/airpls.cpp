// Baseline by adaptive iteratively reweighted penalised least squares.
#include "core/baseline/weight_rules.hpp"
#include "core/baseline/whittaker_baseline.hpp"
#include "core/baseline/whittaker_parameters.hpp"

#include <array>

namespace calcispec {
namespace {

constexpr std::array airpls_parameters{lambda_parameter(1e6),
                                       diff_order_parameter,
                                       max_iterations_parameter,
                                       tolerance_parameter(airpls_tolerance_help),
                                       normalize_weights_parameter,
                                       lambda_unit_parameter,
                                       lambda_rule_parameter};

/// Model      minimise sum w (y - z)^2 + lambda * sum (difference of z)^2
/// Weights    exp(t |d| / sum of |d| below) where d = y - z < 0, else 0; t the number of the
///            reweighting. The article prints exp(t (y - z) / |d|); this is its published
///            program's.
/// Status     converged | iteration_limit
/// Cost       O(points) per iteration, an exponential per point
/// Source     Zhang et al., Analyst 135 (2010) 1138
void run_airpls(const MethodCall& call) {
  const double tolerance = call.parameters.real("tolerance");
  const auto run_with = [&](const auto& weights) {
    kernels::run_reweighted_of_order(call, weights);
  };
  if (call.parameters.flag("normalize_weights")) {
    return run_with(kernels::AirplsWeights<true>{tolerance});
  }
  run_with(kernels::AirplsWeights<false>{tolerance});
}

}  // namespace

CoreMethod baseline_airpls() {
  return {
      {"baseline",
       "airpls", "adaptive iteratively reweighted penalised least squares",
       "Zhang et al., Analyst 135 (2010) 1138", airpls_parameters},
      6,
      run_airpls
  };
}

}  // namespace calcispec
