// Baseline by lines over all but the quietest stretches, held below the spectrum.
#include "core/baseline/classification.hpp"
#include "core/baseline/edges.hpp"
#include "core/method_table.hpp"

#include <algorithm>
#include <array>
#include <limits>

namespace calcispec {
namespace {

constexpr double quiet_part = 0.15;

constexpr ParameterInfo fastchrom_threshold_parameter{
    .name = "threshold",
    .minimum = 0,
    .maximum = 1e300,
    .standard = std::numeric_limits<double>::quiet_NaN(),
    .unit = "ordinate",
    .help = "rolling deviation below which a point is background; automatic: the 15th percentile"};
constexpr ParameterInfo width_parameter{
    .name = "min_fwhm",
    .minimum = 1,
    .maximum = 1e6,
    .standard = std::numeric_limits<double>::quiet_NaN(),
    .unit = "points",
    .help =
        "so many points in a row below the line get a new support; automatic: twice half_window"};
constexpr ParameterInfo fastchrom_iterations_parameter{.name = "max_iterations",
                                                       .aliases = "max_iter",
                                                       .type = ParameterType::integer,
                                                       .minimum = 0,
                                                       .maximum = 10000,
                                                       .standard = 100,
                                                       .help = "most rounds of new supports"};
constexpr std::array fastchrom_parameters{classification_window_parameter,
                                          fastchrom_threshold_parameter,
                                          width_parameter,
                                          interpolation_parameter,
                                          classification_smooth_parameter,
                                          fastchrom_iterations_parameter,
                                          least_length_parameter};

// Between neighbours in order the value lies on a line.
double percentile(std::vector<double> values, double part) {
  const double place = part * static_cast<double>(values.size() - 1);
  const auto below = static_cast<std::ptrdiff_t>(place);
  std::nth_element(values.begin(), values.begin() + below, values.end());
  const double low = values[static_cast<std::size_t>(below)];
  if (static_cast<std::size_t>(below) + 1 == values.size()) {
    return low;
  }
  const double high = *std::min_element(values.begin() + below + 1, values.end());
  return low + (place - static_cast<double>(below)) * (high - low);
}

// Takes the point farthest below the line into the mask in each gap with `least` points in a row
// below it. False: no gap has.
bool add_supports(std::span<const double> y,
                  std::span<const double> line,
                  std::size_t least,
                  PointMask& mask) {
  bool has_added = false;
  for (std::size_t i = 0; i < y.size();) {
    if (mask[i] != 0) {
      ++i;
      continue;
    }
    std::size_t deepest = i;
    std::size_t row = 0;
    std::size_t longest = 0;
    for (; i < y.size() && mask[i] == 0; ++i) {
      row = line[i] > y[i] ? row + 1 : 0;
      longest = std::max(longest, row);
      if (y[i] - line[i] < y[deepest] - line[deepest]) {
        deepest = i;
      }
    }
    if (longest >= least) {
      mask[deepest] = 1;
      has_added = true;
    }
  }
  return has_added;
}

/// Model      background where the rolling deviation is below the threshold; lines over the rest,
///            with new supports where they run above the spectrum; moving average
/// Status     converged | iteration_limit
/// Cost       O(points) a round, with the automatic half window times the windows tried
/// Source     Johnsen et al., Analyst 138 (2013) 3502
void run_fastchrom(const MethodCall& call) {
  MovingExtremes extremes;
  const auto& given = call.parameters;
  const auto points = static_cast<std::size_t>(call.points());
  std::vector<double> rough(points);
  std::vector<double> baseline(points);
  PointMask mask(points);
  for (Index r = 0; r < call.count(); ++r) {
    const auto y = call.row(r);
    const auto half = classification_window(given, y, extremes);
    rolling_deviation(y, half, rough);
    const double limit =
        given.is_set("threshold") ? given.real("threshold") : percentile(rough, quiet_part);
    for (std::size_t i = 0; i < points; ++i) {
      mask[i] = rough[i] < limit ? char{1} : char{0};
    }
    refine(mask, static_cast<std::size_t>(given.integer("min_length")));
    const auto least =
        given.is_set("min_fwhm") ? static_cast<std::size_t>(given.real("min_fwhm")) : 2 * half;
    auto status = MethodStatus::iteration_limit;
    for (Index k = 0; k <= given.integer("max_iterations"); ++k) {
      bridge(call.axis.values(), y, mask, interpolation_window(given), rough);
      if (!add_supports(y, rough, least, mask)) {
        status = MethodStatus::converged;
        break;
      }
    }
    moving_average(rough, classification_smoothing(given, half), baseline);
    call.give(r, baseline);
    call.status[static_cast<std::size_t>(r)] = status;
  }
}

}  // namespace

CoreMethod baseline_fastchrom() {
  return {
      {"baseline",
       "fastchrom", "lines over all but the quietest stretches",
       "Johnsen et al., Analyst 138 (2013) 3502", fastchrom_parameters},
      6,
      run_fastchrom
  };
}

}  // namespace calcispec
