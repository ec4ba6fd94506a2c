// Baseline by asymmetrically reweighted penalised least squares.
#include "core/baseline/residual_moments.hpp"
#include "core/baseline/whittaker_baseline.hpp"
#include "core/kernels/logistic.hpp"

#include <array>

namespace calcispec {
namespace {

using kernels::Mask;
using kernels::Pack;

constexpr std::array<ParameterInfo, 4> parameters{
    {
     {.name = "lambda",
         .aliases = "lam",
         .minimum = 1e-3,
         .maximum = 1e15,
         .standard = 1e5,
         .help = "stiffness, for unit spacing of the points"},
     {.name = "diff_order",
         .type = ParameterType::integer,
         .minimum = 1,
         .maximum = 4,
         .standard = 2,
         .help = "order of the difference that is penalised"},
     {.name = "max_iterations",
         .aliases = "max_iter",
         .type = ParameterType::integer,
         .minimum = 0,
         .maximum = 10000,
         .standard = 50,
         .help = "most reweightings"},
     {.name = "tolerance",
         .aliases = "tol",
         .minimum = -1,
         .maximum = 1,
         .standard = 1e-3,
         .help = "relative change of the weights at which to stop; negative: never"},
     }
};

// Weights from the mean and standard deviation of the residuals below the baseline.
struct ArplsWeights {
  using Sums = kernels::ResidualsBelow;
  static constexpr bool stops_by_weights = true;

  struct Rule {
    Pack factor{};
    Pack offset{};

    [[nodiscard]] Pack weight(Pack residual) const {
      return kernels::logistic_of_minus(factor * (residual - offset));
    }
  };

  // Gives up where fewer than two residuals are below.
  static Rule rule(const kernels::ReweightingRound<Sums>& round, Mask& gives_up) {
    const auto below = kernels::moments_below(round.top, round.bottom);
    gives_up = below.count < 2.0;
    return {2.0 / below.sd, 2.0 * below.sd - below.mean};
  }
};

/// Model      minimise sum w (y - z)^2 + lambda * sum (difference of z)^2
/// Weights    1 / (1 + exp(2 (d - (2 s - m)) / s)), d = y - z, m and s of the negative d
/// Status     converged | iteration_limit
/// Cost       O(points) per iteration, one exponential and two divisions per point
/// Source     Baek et al., Analyst 140 (2015) 250
void run(const MethodCall& call) {
  kernels::run_reweighted_of_order(call, ArplsWeights{});
}

}  // namespace

CoreMethod baseline_arpls() {
  return {
      {"baseline",
       "arpls", "asymmetrically reweighted penalised least squares",
       "Baek et al., Analyst 140 (2015) 250", parameters},
      6,
      run
  };
}

}  // namespace calcispec
