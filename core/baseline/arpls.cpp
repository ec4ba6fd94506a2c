// Baseline by asymmetrically reweighted penalised least squares.
#include "core/baseline/whittaker_baseline.hpp"

#include <array>

namespace calcispec {
namespace {

using kernels::LaneMask;
using kernels::Pack;
using kernels::Tile;

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

// Mean and standard deviation of the residuals below the baseline; lanes with fewer than two of
// them, or none apart, must stop.
struct Below {
  Pack mean;
  Pack sd;
  LaneMask is_too_few;
};

Below statistics_below(const Tile& y, const Tile& z) {
  Pack count = Pack::Zero();
  Pack sum = Pack::Zero();
  for (std::size_t i = 0; i < y.size(); ++i) {
    const Pack residual = y[i] - z[i];
    const auto is_below = residual < 0;
    count += is_below.select(Pack::Ones(), Pack::Zero());
    sum += is_below.select(residual, Pack::Zero());
  }
  Below out;
  out.is_too_few = count < 2;
  out.mean = sum / count.max(1);
  Pack square = Pack::Zero();
  for (std::size_t i = 0; i < y.size(); ++i) {
    const Pack residual = y[i] - z[i];
    square += (residual < 0).select((residual - out.mean).square(), Pack::Zero());
  }
  out.sd = (square / (count - 1).max(1)).sqrt();
  const LaneMask is_flat = out.sd <= 0;
  out.sd = is_flat.select(Pack::Constant(std::numeric_limits<double>::epsilon()), out.sd);
  return out;
}

/// Model      minimise sum w (y - z)^2 + lambda * sum (difference of z)^2
/// Weights    1 / (1 + exp(2 (d - (2 s - m)) / s)), d = y - z, m and s of the negative d
/// Status     converged | iteration_limit
/// Cost       O(points) per iteration, one exponential and two divisions per point
/// Source     Baek et al., Analyst 140 (2015) 250
void run(const MethodCall& call) {
  kernels::run_reweighted_of_order(call, [](const Tile& y, const Tile& z, Tile& weights) {
    const auto below = statistics_below(y, z);
    const Pack factor = 2 / below.sd;
    const Pack offset = 2 * below.sd - below.mean;
    for (std::size_t i = 0; i < y.size(); ++i) {
      // Beyond 700 the exponential overflows; the weight is 0 long before.
      const Pack exponent = (factor * (y[i] - z[i] - offset)).min(700).max(-700);
      weights[i] = (1 + exponent.exp()).inverse();
    }
    return below.is_too_few;
  });
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
