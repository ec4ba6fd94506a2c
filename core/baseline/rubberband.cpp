// Baseline by a string stretched from below: the lower convex hull.
#include "core/baseline/edges.hpp"
#include "core/baseline/penalized_solve.hpp"
#include "core/baseline/whittaker_parameters.hpp"
#include "core/method_table.hpp"

#include <algorithm>
#include <array>
#include <limits>
#include <vector>

namespace calcispec {
namespace {

constexpr ParameterInfo segments_parameter{.name = "segments",
                                           .type = ParameterType::integer,
                                           .minimum = 1,
                                           .maximum = 1000,
                                           .standard = 1,
                                           .help = "parts of equal length that get a hull each"};
constexpr ParameterInfo stiffness_parameter{
    .name = "lambda",
    .aliases = "lam",
    .minimum = 1e-3,
    .maximum = 1e15,
    .standard = std::numeric_limits<double>::quiet_NaN(),
    .help =
        "stiffness of a smooth curve through the corners, for unit spacing of the points; "
        "automatic: straight lines"};
constexpr ParameterInfo rubberband_smooth_parameter{
    .name = "smooth_half_window",
    .type = ParameterType::integer,
    .minimum = 0,
    .maximum = 1e6,
    .standard = 0,
    .unit = "points",
    .help = "half window of a moving average before; 0: none"};
constexpr std::array rubberband_parameters{
    segments_parameter, stiffness_parameter, diff_order_parameter, rubberband_smooth_parameter};

// Below 0 where a point lies on or above a line between two points as far on either side as a power
// of two: it is no corner. Most points are found out so, many at a time.
void find_candidates(std::span<const double> x,
                     std::span<const double> y,
                     std::pair<std::size_t, std::size_t> part,
                     std::vector<double>& turns) {
  std::fill(turns.begin() + static_cast<std::ptrdiff_t>(part.first),
            turns.begin() + static_cast<std::ptrdiff_t>(part.second),
            1.0);
  constexpr std::size_t farthest = 64;
  const double* const at = x.data();
  const double* const value = y.data();
  double* const turn = turns.data();
  for (std::size_t away = 1; away <= farthest; away *= 2) {
    for (std::size_t i = part.first + away; i + away < part.second; ++i) {
      const double bend = (at[i] - at[i - away]) * (value[i + away] - value[i - away]) -
                          (value[i] - value[i - away]) * (at[i + away] - at[i - away]);
      turn[i] = bend > 0 ? turn[i] : -1.0;
    }
  }
}

// Indices of the points that may be corners; counted without a branch, for which they are is as
// random as noise.
std::size_t list_candidates(std::pair<std::size_t, std::size_t> part,
                            std::span<const double> turns,
                            std::vector<std::size_t>& candidates) {
  std::size_t count = 0;
  for (std::size_t i = part.first; i < part.second; ++i) {
    candidates[count] = i;
    count += turns[i] < 0 ? 0U : 1U;
  }
  return count;
}

// Adds the corners of the lower hull of these points.
void add_hull(std::span<const double> x,
              std::span<const double> y,
              std::span<const std::size_t> candidates,
              std::vector<std::size_t>& corners) {
  const std::size_t begin = corners.size();
  for (const std::size_t i : candidates) {
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

class RubberbandRun {
 public:
  explicit RubberbandRun(const MethodCall& call)
      : given_(call.parameters),
        x_(call.axis.values()),
        turns_(x_.size()),
        candidates_(x_.size()),
        smoothed_(x_.size()),
        weights_(x_.size()),
        baseline_(x_.size()) {}

  std::span<const double> run_one(std::span<const double> y) {
    if (const auto half = static_cast<std::size_t>(given_.integer("smooth_half_window"));
        half > 0) {
      moving_average(y, half, smoothed_);
      y = smoothed_;
    }
    const auto segments = static_cast<std::size_t>(given_.integer("segments"));
    corners_.clear();
    for (std::size_t s = 0; s < segments; ++s) {
      const std::pair part{x_.size() * s / segments, x_.size() * (s + 1) / segments};
      find_candidates(x_, y, part, turns_);
      const std::size_t count = list_candidates(part, turns_, candidates_);
      add_hull(x_, y, std::span(candidates_).first(count), corners_);
    }
    if (given_.is_set("lambda")) {
      smooth_through_corners(y);
    } else {
      join_corners(y);
    }
    return baseline_;
  }

 private:
  void join_corners(std::span<const double> y) {
    for (std::size_t c = 0; c + 1 < corners_.size(); ++c) {
      const std::size_t a = corners_[c];
      const std::size_t b = corners_[c + 1];
      const double slope = (y[b] - y[a]) / (x_[b] - x_[a]);
      for (std::size_t i = a; i < b; ++i) {
        baseline_[i] = y[a] + slope * (x_[i] - x_[a]);
      }
      baseline_[b] = y[b];
    }
  }

  void smooth_through_corners(std::span<const double> y) {
    std::fill(weights_.begin(), weights_.end(), 0.0);
    std::fill(baseline_.begin(), baseline_.end(), 0.0);
    for (const std::size_t corner : corners_) {
      weights_[corner] = 1;
      baseline_[corner] = y[corner];
    }
    PenalizedSolver solver(y.size(), given_.integer("diff_order"));
    solver.factor(weights_, given_.real("lambda"));
    solver.solve(baseline_, baseline_);
  }

  const ParameterSet& given_;
  std::span<const double> x_;
  std::vector<std::size_t> corners_;
  std::vector<double> turns_;
  std::vector<std::size_t> candidates_;
  std::vector<double> smoothed_;
  std::vector<double> weights_;
  std::vector<double> baseline_;
};

/// Model      lower convex hull of each part, straight lines between its corners, or penalised
/// least
///            squares through the corners alone
/// Status     converged
/// Cost       O(points)
/// Source     Andrew, Inf. Process. Lett. 9 (1979) 216 (hull)
void run_rubberband(const MethodCall& call) {
  RubberbandRun one(call);
  for (Index r = 0; r < call.count(); ++r) {
    call.give(r, one.run_one(call.row(r)));
    call.status[static_cast<std::size_t>(r)] = MethodStatus::converged;
  }
}

}  // namespace

CoreMethod baseline_rubberband() {
  return {
      {"baseline", "rubberband", "lower convex hull", "-", rubberband_parameters},
      3,
      run_rubberband
  };
}

}  // namespace calcispec
