// Baseline by asymmetrically reweighted penalised least squares.
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
  struct Sums {
    Pack count{};
    Pack sum{};
    Pack square{};

    void add(Pack residual) {
      const Pack below = residual < 0.0 ? residual : Pack{};
      count += residual < 0.0 ? kernels::broadcast(1) : Pack{};
      sum += below;
      square += below * below;
    }
  };

  struct Rule {
    Pack factor{};
    Pack offset{};

    [[nodiscard]] Pack weight(Pack residual) const {
      return kernels::logistic_of_minus(factor * (residual - offset));
    }
  };

  // Gives up where fewer than two residuals are below. The spread about the mean is at least of the
  // size of the mean for any residuals that cross zero, so that the one-pass formula loses little.
  static Rule rule(const Sums& top, const Sums& bottom, Mask& gives_up) {
    const Pack count = top.count + bottom.count;
    const Pack sum = top.sum + bottom.sum;
    const Pack mean = sum / kernels::maximum(count, kernels::broadcast(1));
    const Pack square = top.square + bottom.square - sum * mean;
    const Pack variance = square / kernels::maximum(count - 1.0, kernels::broadcast(1));
    Pack sd = kernels::square_root(kernels::maximum(variance, Pack{}));
    sd = sd > 0.0 ? sd : kernels::broadcast(std::numeric_limits<double>::epsilon());
    gives_up = count < 2.0;
    return {2.0 / sd, 2.0 * sd - mean};
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
