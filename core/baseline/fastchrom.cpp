// Baseline by lines over all but the quietest stretches, held below the spectrum.
#include "core/baseline/classification.hpp"
#include "core/baseline/edges.hpp"
#include "core/method_table.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <utility>

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

// Stretches that are no background, with the point of background on either side.
std::vector<std::pair<std::size_t, std::size_t>> gaps_of(const PointMask& mask) {
  std::vector<std::pair<std::size_t, std::size_t>> out;
  for (std::size_t i = 0; i < mask.size();) {
    std::size_t end = i;
    while (end < mask.size() && mask[end] == 0) {
      ++end;
    }
    if (end > i) {
      out.emplace_back(i == 0 ? 0 : i - 1, std::min(end, mask.size() - 1));
    }
    i = std::max(end, i + 1);
  }
  return out;
}

// Takes the point farthest below the line into the mask in each gap with `least` points in a row
// not above it, its ends left aside. False: no gap has.
bool add_supports(std::span<const double> y,
                  std::span<const double> line,
                  std::span<const std::pair<std::size_t, std::size_t>> gaps,
                  std::size_t least,
                  PointMask& mask) {
  bool has_added = false;
  for (const auto& [first, last] : gaps) {
    std::size_t row = 0;
    std::size_t longest = 0;
    std::size_t deepest = first;
    for (std::size_t i = first; i <= last; ++i) {
      if (y[i] - line[i] < y[deepest] - line[deepest]) {
        deepest = i;
      }
      if (i > first && i < last) {
        row = line[i] >= y[i] ? row + 1 : 0;
        longest = std::max(longest, row);
      }
    }
    if (longest >= least && mask[deepest] == 0) {
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
    const auto gaps = gaps_of(mask);
    auto status = MethodStatus::iteration_limit;
    for (Index k = 0; k <= given.integer("max_iterations"); ++k) {
      bridge(call.axis.values(), y, mask, interpolation_window(given), rough);
      if (!add_supports(y, rough, gaps, least, mask)) {
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
