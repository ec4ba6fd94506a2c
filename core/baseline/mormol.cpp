// Baseline by moving minima of what is left, smoothed and added up.
#include "core/baseline/mollified_rounds.hpp"

#include <array>

namespace calcispec {
namespace {

constexpr ParameterInfo mormol_smooth_parameter{
    .name = "smooth_half_window",
    .type = ParameterType::integer,
    .minimum = 1,
    .maximum = 1e6,
    .standard = 1,
    .unit = "points",
    .help = "half window of the smoothing before each round; 1: none"};
constexpr std::array mormol_parameters{
    half_window_parameter,
    polynomial_tolerance_parameter("relative change of the baseline at which to stop"),
    mollified_rounds_parameter(250),
    mormol_smooth_parameter};

class MormolRule {
 public:
  explicit MormolRule(const MethodCall& call)
      : smooth_(mollifier(
            std::min(static_cast<std::size_t>(call.points()),
                     static_cast<std::size_t>(call.parameters.integer("smooth_half_window"))))) {}

  static void first(std::span<const double> y, std::span<double> baseline) {
    static_cast<void>(y);
    std::fill(baseline.begin(), baseline.end(), 0.0);
  }

  void next(const MollifiedRound& round, std::span<double> out) {
    rest_.resize(out.size());
    eroded_.resize(out.size());
    for (std::size_t i = 0; i < out.size(); ++i) {
      rest_[i] = round.y[i] - round.baseline[i];
    }
    smooth_.run(rest_, rest_);
    round.extremes.erode(rest_, round.half, eroded_);
    round.filter.run(eroded_, out);
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i] += round.baseline[i];
    }
  }

 private:
  BellFilter smooth_;
  std::vector<double> rest_;
  std::vector<double> eroded_;
};

/// Model      baseline += erosion of y - baseline, convolved with a mollifier of half width
///            2 * half_window + 1, repeated from 0; the ends go on along lines
/// Status     converged | iteration_limit
/// Cost       O(points x half_window) a round, with the automatic half window times the windows
///            tried
/// Source     Koch et al., J. Raman Spectrosc. 48 (2017) 336
void run_mormol(const MethodCall& call) {
  MollifiedRounds(call, MormolRule(call)).run();
}

}  // namespace

CoreMethod baseline_mormol() {
  return {
      {"baseline",
       "mormol", "moving minima of what is left, smoothed and added up",
       "Koch et al., J. Raman Spectrosc. 48 (2017) 336", mormol_parameters},
      6,
      run_mormol
  };
}

}  // namespace calcispec
