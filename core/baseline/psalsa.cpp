// Baseline by peaked signal asymmetric least squares.
#include "core/baseline/whittaker_baseline.hpp"
#include "core/baseline/whittaker_parameters.hpp"
#include "core/kernels/exponential.hpp"

#include <array>

namespace calcispec {
namespace {

using kernels::Mask;
using kernels::Pack;

constexpr ParameterInfo asymmetry_parameter{
    .name = "asymmetry",
    .aliases = "p",
    .minimum = 1e-9,
    .maximum = 0.999999999,
    .standard = 0.5,
    .help = "weight of points just above the baseline; below it 1 minus this"};
constexpr ParameterInfo peak_scale_parameter{
    .name = "peak_scale",
    .aliases = "k",
    .minimum = 0,
    .maximum = 1e300,
    .standard = std::numeric_limits<double>::quiet_NaN(),
    .unit = "ordinate",
    .help =
        "height above the baseline at which a point loses its say (automatic: a tenth of the "
        "standard deviation)"};
constexpr std::array parameters{lambda_parameter(1e5),
                                asymmetry_parameter,
                                peak_scale_parameter,
                                diff_order_parameter,
                                max_iterations_parameter,
                                tolerance_parameter(weight_tolerance_help)};

struct PsalsaWeights {
  struct Sums {
    Pack sum{};
    Pack square{};

    void add(Pack /*residual*/, Pack y) {
      sum += y;
      square += y * y;
    }
  };
  static constexpr bool stops_by_weights = true;

  struct Rule {
    double above = 0;
    Pack decay{};

    [[nodiscard]] Pack weight(Pack residual) const {
      return residual > 0.0 ? above * kernels::exponential(-residual * decay)
                            : kernels::broadcast(1 - above);
    }
  };

  double above;
  double peak_scale;  // NaN: a tenth of the standard deviation of the signal

  [[nodiscard]] Rule rule(const kernels::ReweightingRound<Sums>& round, Mask& /*gives_up*/) const {
    if (peak_scale > 0) {
      return {above, kernels::broadcast(1 / peak_scale)};
    }
    const double points = std::max(1.0, round.points);
    const Pack mean = (round.top.sum + round.bottom.sum) / points;
    const Pack variance = (round.top.square + round.bottom.square) / points - mean * mean;
    const Pack sd = kernels::square_root(kernels::maximum(variance, Pack{}));
    return {above, 10.0 / kernels::maximum(sd, kernels::broadcast(1e-300))};
  }
};

/// Model      minimise sum w (y - z)^2 + lambda * sum (difference of z)^2
/// Weights    asymmetry * exp(-(y - z) / k) where y > z, else 1 - asymmetry
/// Status     converged | iteration_limit
/// Cost       O(points) per iteration, an exponential per point
/// Source     Oller-Moreno et al., 11th IEEE Multi-Conference on Systems, Signals & Devices (2014)
void run(const MethodCall& call) {
  kernels::run_reweighted_of_order(
      call, PsalsaWeights{call.parameters.real("asymmetry"), call.parameters.real("peak_scale")});
}

}  // namespace

CoreMethod baseline_psalsa() {
  return {
      {"baseline",
       "psalsa", "peaked signal asymmetric least squares",
       "Oller-Moreno et al., IEEE SSD (2014)", parameters},
      6,
      run
  };
}

}  // namespace calcispec
