// Baseline by morphology, repeated until it stays.
#include "core/baseline/moving_extremes.hpp"
#include "core/baseline/polynomial_baseline.hpp"

#include <algorithm>
#include <array>

namespace calcispec {
namespace {

constexpr ParameterInfo imor_iterations_parameter{.name = "max_iterations",
                                                  .aliases = "max_iter",
                                                  .type = ParameterType::integer,
                                                  .minimum = 0,
                                                  .maximum = 100000,
                                                  .standard = 200,
                                                  .help = "most rounds"};
constexpr std::array imor_parameters{
    half_window_parameter,
    polynomial_tolerance_parameter("relative change of the baseline at which to stop"),
    imor_iterations_parameter};

/// Model      baseline = min(y, mean of erosion and dilation of its own opening), repeated from y
/// Status     converged | iteration_limit
/// Cost       O(points) a round, with the automatic half window times the windows tried
/// Source     Dai et al., Appl. Spectrosc. 72 (2018) 731
void run_imor(const MethodCall& call) {
  MovingExtremes extremes;
  const auto points = static_cast<std::size_t>(call.points());
  std::vector<double> opened(points);
  std::vector<double> low(points);
  std::vector<double> next(points);
  std::vector<double> baseline(points);
  for (Index r = 0; r < call.count(); ++r) {
    const auto y = call.row(r);
    const auto half = half_window_of(call.parameters, y, extremes);
    std::copy(y.begin(), y.end(), baseline.begin());
    auto status = MethodStatus::iteration_limit;
    for (Index k = 0; k <= call.parameters.integer("max_iterations"); ++k) {
      extremes.open(baseline, half, opened);
      extremes.erode(opened, half, low);
      extremes.dilate(opened, half, next);
      for (std::size_t i = 0; i < points; ++i) {
        next[i] = std::min(y[i], 0.5 * (next[i] + low[i]));
      }
      const double change = relative_change(baseline, next);
      if (change < call.parameters.real("tolerance")) {
        status = MethodStatus::converged;
        break;
      }
      std::swap(baseline, next);
    }
    call.give(r, baseline);
    call.status[static_cast<std::size_t>(r)] = status;
  }
}

}  // namespace

CoreMethod baseline_imor() {
  return {
      {"baseline",
       "imor", "repeated morphological opening",
       "Dai et al., Appl. Spectrosc. 72 (2018) 731", imor_parameters},
      6,
      run_imor
  };
}

}  // namespace calcispec
