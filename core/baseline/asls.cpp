// Baseline by asymmetric least squares.
#include "core/baseline/whittaker_baseline.hpp"

#include <array>

namespace calcispec {
namespace {

using kernels::Pack;

constexpr std::array<ParameterInfo, 5> parameters{
    {
     {.name = "lambda",
         .aliases = "lam",
         .minimum = 1e-3,
         .maximum = 1e15,
         .standard = 1e6,
         .help = "stiffness, for unit spacing of the points"},
     {.name = "asymmetry",
         .aliases = "p",
         .minimum = 1e-9,
         .maximum = 0.999999999,
         .standard = 0.01,
         .help = "weight of points above the baseline; below it 1 minus this"},
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

struct AslsWeights {
  struct Sums {
    void add(Pack /*residual*/, Pack /*y*/) {}
  };
  struct Rule {
    double above = 0;

    [[nodiscard]] Pack weight(Pack residual) const {
      return residual > 0.0 ? kernels::broadcast(above) : kernels::broadcast(1 - above);
    }
  };

  static constexpr bool stops_by_weights = true;
  double above;

  [[nodiscard]] Rule rule(const kernels::ReweightingRound<Sums>& /*round*/,
                          kernels::Mask& /*gives_up*/) const {
    return {above};
  }
};

/// Model      minimise sum w (y - z)^2 + lambda * sum (difference of z)^2
/// Weights    asymmetry where y > z, else 1 - asymmetry
/// Status     converged | iteration_limit
/// Cost       O(points) per iteration, no allocation
/// Source     Eilers, Anal. Chem. 75 (2003) 3631; Eilers & Boelens 2005
void run(const MethodCall& call) {
  kernels::run_reweighted_of_order(call, AslsWeights{call.parameters.real("asymmetry")});
}

}  // namespace

CoreMethod baseline_asls() {
  return {
      {"baseline",
       "asls", "asymmetric least squares",
       "Eilers, Anal. Chem. 75 (2003) 3631", parameters},
      6,
      run
  };
}

}  // namespace calcispec
