// Baseline by lines over what moves more than the noise.
#include "core/baseline/classification.hpp"
#include "core/baseline/edges.hpp"
#include "core/baseline/moving_extremes.hpp"
#include "core/method_table.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace calcispec {
namespace {

constexpr ParameterInfo golotvin_deviations_parameter{
    .name = "num_std",
    .minimum = 0,
    .maximum = 1e6,
    .standard = 2,
    .help =
        "spread in a window, in standard deviations of the noise, below which its middle is "
        "background"};
constexpr ParameterInfo golotvin_sections_parameter{
    .name = "sections",
    .type = ParameterType::integer,
    .minimum = 1,
    .maximum = 1e6,
    .standard = 32,
    .help = "parts of the spectrum; the quietest one gives the noise"};
constexpr std::array golotvin_parameters{classification_window_parameter,
                                         golotvin_deviations_parameter,
                                         golotvin_sections_parameter,
                                         classification_smooth_parameter,
                                         interpolation_parameter,
                                         least_length_parameter};

double quietest_deviation(std::span<const double> y, std::size_t sections) {
  double least = std::numeric_limits<double>::max();
  // A section needs two points for a deviation.
  sections = std::min(sections, y.size() / 2);
  for (std::size_t s = 0; s < sections; ++s) {
    const std::size_t first = y.size() * s / sections;
    const std::size_t count = y.size() * (s + 1) / sections - first;
    least = std::min(least, standard_deviation(y.subspan(first, count)));
  }
  return least;
}

/// Model      background where largest - smallest of 2 * half_window + 1 points is below num_std
///            deviations of the quietest section; lines over the rest; moving average
/// Status     converged
/// Cost       O(points), with the automatic half window times the windows tried
/// Source     Golotvin & Williams, J. Magn. Reson. 146 (2000) 122
void run_golotvin(const MethodCall& call) {
  MovingExtremes extremes;
  const auto& given = call.parameters;
  const auto points = static_cast<std::size_t>(call.points());
  std::vector<double> low(points);
  std::vector<double> high(points);
  std::vector<double> baseline(points);
  PointMask mask(points);
  for (Index r = 0; r < call.count(); ++r) {
    const auto y = call.row(r);
    const auto half = classification_window(given, y, extremes);
    const double limit = given.real("num_std") *
                         quietest_deviation(y, static_cast<std::size_t>(given.integer("sections")));
    extremes.erode(y, half, low);
    extremes.dilate(y, half, high);
    for (std::size_t i = 0; i < points; ++i) {
      mask[i] = high[i] - low[i] < limit ? char{1} : char{0};
    }
    refine(mask, static_cast<std::size_t>(given.integer("min_length")));
    bridge(call.axis.values(), y, mask, interpolation_window(given), low);
    moving_average(low, classification_smoothing(given, half), baseline);
    call.give(r, baseline);
    call.status[static_cast<std::size_t>(r)] = MethodStatus::converged;
  }
}

}  // namespace

CoreMethod baseline_golotvin() {
  return {
      {"baseline",
       "golotvin", "lines over what moves more than the noise",
       "Golotvin & Williams, J. Magn. Reson. 146 (2000) 122", golotvin_parameters},
      6,
      run_golotvin
  };
}

}  // namespace calcispec
