// Baseline by moving medians, smoothed with a bell.
#include "core/baseline/bells.hpp"
#include "core/baseline/edges.hpp"
#include "core/baseline/moving_extremes.hpp"
#include "core/kernels/running_median.hpp"
#include "core/method_table.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace calcispec {
namespace {

constexpr ParameterInfo noise_median_window_parameter{
    .name = "half_window",
    .minimum = 1,
    .maximum = 1e6,
    .standard = std::numeric_limits<double>::quiet_NaN(),
    .unit = "points",
    .help = "points on either side; automatic: twice where the opened spectrum stops changing"};
constexpr ParameterInfo noise_median_smooth_parameter{
    .name = "smooth_half_window",
    .minimum = 0,
    .maximum = 1e6,
    .standard = std::numeric_limits<double>::quiet_NaN(),
    .unit = "points",
    .help = "half window of the bell; 0: none; automatic: half_window"};
constexpr ParameterInfo sigma_parameter{
    .name = "sigma",
    .minimum = 1e-6,
    .maximum = 1e6,
    .standard = std::numeric_limits<double>::quiet_NaN(),
    .unit = "points",
    .help = "standard deviation of the bell; automatic: a sixth of its window"};
constexpr std::array noise_median_parameters{
    noise_median_window_parameter, noise_median_smooth_parameter, sigma_parameter};

/// Model      Gaussian-weighted mean of the median over 2 * half_window + 1 points; the ends go on
///            along lines
/// Status     converged
/// Cost       O(points x window) moves for the medians and products for the bell; windows beyond
///            the spectrum count as its length
/// Source     Friedrichs, J. Biomol. NMR 5 (1995) 147
void run_noise_median(const MethodCall& call) {
  MovingExtremes extremes;
  const auto points = static_cast<std::size_t>(call.points());
  const auto& given = call.parameters;
  std::vector<double> padded;
  std::vector<double> wider;  // its end values repeated
  std::vector<double> sorted;
  std::vector<double> baseline;
  for (Index r = 0; r < call.count(); ++r) {
    const auto y = call.row(r);
    const std::size_t half =
        std::min(points,
                 given.is_set("half_window") ? static_cast<std::size_t>(given.real("half_window"))
                                             : 2 * automatic_half_window(y, extremes));
    extend_by_lines(y, half, padded);
    baseline.resize(padded.size());
    wider.assign(half, padded.front());
    wider.insert(wider.end(), padded.begin(), padded.end());
    wider.insert(wider.end(), half, padded.back());
    kernels::running_median(wider, 2 * half + 1, baseline.data(), sorted);
    const std::size_t smooth =
        std::min(points,
                 given.is_set("smooth_half_window")
                     ? static_cast<std::size_t>(given.real("smooth_half_window"))
                     : half);
    if (smooth > 0) {
      const std::size_t window = 2 * smooth + 1;
      const double sigma =
          given.is_set("sigma") ? given.real("sigma") : static_cast<double>(window) / 6;
      BellFilter(gaussian_bell(window, sigma)).run(baseline, baseline);
    }
    call.give(r, std::span(baseline).subspan(half, points));
    call.status[static_cast<std::size_t>(r)] = MethodStatus::converged;
  }
}

}  // namespace

CoreMethod baseline_noise_median() {
  return {
      {"baseline",
       "noise_median", "moving medians, smoothed with a bell",
       "Friedrichs, J. Biomol. NMR 5 (1995) 147", noise_median_parameters},
      6,
      run_noise_median
  };
}

}  // namespace calcispec
