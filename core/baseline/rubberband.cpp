// Baseline by a string stretched from below: the lower convex hull.
#include "core/method_table.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace calcispec {
namespace {

constexpr ParameterInfo segments_parameter{.name = "segments",
                                           .type = ParameterType::integer,
                                           .minimum = 1,
                                           .maximum = 1000,
                                           .standard = 1,
                                           .help = "parts of equal length that get a hull each"};
constexpr std::array parameters{segments_parameter};

// Adds the corners of the lower hull of points [first, last).
void add_hull(std::span<const double> x,
              std::span<const double> y,
              std::pair<std::size_t, std::size_t> part,
              std::vector<std::size_t>& corners) {
  const std::size_t begin = corners.size();
  for (std::size_t i = part.first; i < part.second; ++i) {
    while (corners.size() >= begin + 2) {
      const std::size_t a = corners[corners.size() - 2];
      const std::size_t b = corners.back();
      // The last corner goes if it lies on or above the line to the new point.
      const double turn = (x[b] - x[a]) * (y[i] - y[a]) - (y[b] - y[a]) * (x[i] - x[a]);
      if (turn > 0) {
        break;
      }
      corners.pop_back();
    }
    corners.push_back(i);
  }
}

/// Model      lower convex hull of each part, straight lines between its corners
/// Status     converged
/// Cost       O(points)
/// Source     Andrew, Inf. Process. Lett. 9 (1979) 216 (hull)
void run(const MethodCall& call) {
  const auto x = call.axis.values();
  const auto points = x.size();
  const auto segments = static_cast<std::size_t>(call.parameters.integer("segments"));
  std::vector<double> baseline(points);
  std::vector<std::size_t> corners;
  for (Index r = 0; r < call.count(); ++r) {
    const auto y = call.row(r);
    corners.clear();
    for (std::size_t s = 0; s < segments; ++s) {
      add_hull(x, y, {points * s / segments, points * (s + 1) / segments}, corners);
    }
    for (std::size_t c = 0; c + 1 < corners.size(); ++c) {
      const std::size_t a = corners[c];
      const std::size_t b = corners[c + 1];
      for (std::size_t i = a; i <= b; ++i) {
        baseline[i] = y[a] + (y[b] - y[a]) * (x[i] - x[a]) / (x[b] - x[a]);
      }
    }
    call.give(r, baseline);
    call.status[static_cast<std::size_t>(r)] = MethodStatus::converged;
  }
}

}  // namespace

CoreMethod baseline_rubberband() {
  return {
      {"baseline", "rubberband", "lower convex hull", "-", parameters},
      3, run
  };
}

}  // namespace calcispec
