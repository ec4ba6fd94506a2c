// Baseline by a ball rolled below the spectrum.
#include "core/baseline/edges.hpp"
#include "core/baseline/moving_extremes.hpp"
#include "core/method_table.hpp"

#include <array>

namespace calcispec {
namespace {

constexpr ParameterInfo rolling_ball_smooth_parameter{
    .name = "smooth_half_window",
    .minimum = 0,
    .maximum = 1e6,
    .standard = std::numeric_limits<double>::quiet_NaN(),
    .unit = "points",
    .help = "half window of the moving average; automatic: half_window"};
constexpr std::array rolling_ball_parameters{half_window_parameter, rolling_ball_smooth_parameter};

/// Model      moving average of the opening (largest of smallest) over 2 * half_window + 1 points
/// Status     converged
/// Cost       O(points), with the automatic half window times the windows tried
/// Source     Kneen & Annegarn, Nucl. Instrum. Methods B 109 (1996) 209; Liland et al., Appl.
///            Spectrosc. 64 (2010) 1007
void run_rolling_ball(const MethodCall& call) {
  MovingExtremes extremes;
  const auto points = static_cast<std::size_t>(call.points());
  std::vector<double> rough(points);
  std::vector<double> baseline(points);
  for (Index r = 0; r < call.count(); ++r) {
    const auto y = call.row(r);
    const auto half = half_window_of(call.parameters, y, extremes);
    extremes.open(y, half, rough);
    const auto smooth = call.parameters.is_set("smooth_half_window")
                            ? static_cast<std::size_t>(call.parameters.real("smooth_half_window"))
                            : half;
    moving_average(rough, smooth, baseline);
    call.give(r, baseline);
    call.status[static_cast<std::size_t>(r)] = MethodStatus::converged;
  }
}

}  // namespace

CoreMethod baseline_rolling_ball() {
  return {
      {"baseline",
       "rolling_ball", "a ball rolled below the spectrum",
       "Kneen & Annegarn, Nucl. Instrum. Methods B 109 (1996) 209", rolling_ball_parameters},
      6,
      run_rolling_ball
  };
}

}  // namespace calcispec
