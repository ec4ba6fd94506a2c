// Normalisation by the height or the area of one band.
#include "core/method_failure.hpp"
#include "core/special_values_private.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace calcispec {
namespace {

constexpr std::array<ParameterInfo, 4> normalize_band_parameters{
    {
     {.name = "from",
         .minimum = -1e6,
         .maximum = 1e6,
         .standard = not_given,
         .unit = "unit of the axis",
         .help = "lower end of the band (default: the first point)"},
     {.name = "to",
         .minimum = -1e6,
         .maximum = 1e6,
         .standard = not_given,
         .unit = "unit of the axis",
         .help = "upper end of the band (default: the last point)"},
     {.name = "measure",
         .type = ParameterType::choice,
         .choices = "height area",
         .help = "what becomes 1: the highest point, or the area by trapezoids"},
     {.name = "background",
         .type = ParameterType::choice,
         .choices = "line none",
         .help = "what the band stands on: the straight line between its ends, or zero"},
     }
};

struct Band {
  std::size_t first = 0;
  std::size_t last = 0;
  bool is_area = false;
  bool is_on_line = true;

  [[nodiscard]] double size(std::span<const double> x, std::span<const double> y) const {
    const double slope = is_on_line ? (y[last] - y[first]) / (x[last] - x[first]) : 0;
    const double start = is_on_line ? y[first] : 0;
    const auto above = [&](std::size_t i) { return y[i] - start - slope * (x[i] - x[first]); };
    double area = 0;
    double height = above(first);
    for (std::size_t i = first + 1; i <= last; ++i) {
      area += 0.5 * (above(i) + above(i - 1)) * (x[i] - x[i - 1]);
      height = std::max(height, above(i));
    }
    return is_area ? area : height;
  }
};

/// Model      y / (height or area of the band above the line between its ends); only the measure
///            is free of the line, the spectrum keeps its background
/// Status     failed: fewer than three points of the axis within the band, or no band there
void run_normalize_band(const MethodCall& call) {
  const auto x = call.axis.values();
  const auto& set = call.parameters;
  const double from = set.is_set("from") ? set.real("from") : x.front();
  const double to = set.is_set("to") ? set.real("to") : x.back();
  const Index first = call.axis.lower_bound(from);
  Index end = call.axis.lower_bound(to);
  end += end < call.points() && x[static_cast<std::size_t>(end)] == to ? 1 : 0;
  if (end - first < 3) {
    fail_all(call);
    return;
  }
  const Band band{static_cast<std::size_t>(first),
                  static_cast<std::size_t>(end - 1),
                  set.choice("measure") == "area",
                  set.choice("background") == "line"};
  for (Index r = 0; r < call.count(); ++r) {
    const auto row = call.row(r);
    const double size = band.size(x, row);
    // A band that is not there or points down gives no scale.
    const double scale = size > 0 ? 1 / size : not_given;
    for (double& y : row) {
      y *= scale;
    }
  }
}

}  // namespace

CoreMethod normalize_band() {
  return {
      {"normalize", "band", "height or area of one band becomes 1", "-", normalize_band_parameters},
      3,
      run_normalize_band
  };
}

}  // namespace calcispec
