// Baseline through given points.
#include "core/baseline/local_polynomial.hpp"
#include "core/method_failure.hpp"
#include "core/method_table.hpp"
#include "core/resample.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace calcispec {
namespace {

constexpr ParameterInfo interp_pts_points_parameter{
    .name = "points",
    .aliases = "baseline_points anchors",
    .type = ParameterType::pairs,
    .minimum = -1e12,
    .maximum = 1e12,
    .standard = 2,
    .unit = "axis",
    .help =
        "points of the baseline: positions such as 400,900,1800, where it takes the spectrum, "
        "or positions with ordinates such as 400:12,1800:15"};
constexpr ParameterInfo between_parameter{
    .name = "interp_method",
    .type = ParameterType::choice,
    .standard = 0,
    .choices = "linear cubic",
    .help =
        "between the points: straight lines, or a spline of degree 3 (for four points or more)"};
constexpr ParameterInfo beyond_parameter{
    .name = "beyond",
    .type = ParameterType::choice,
    .standard = 0,
    .choices = "zero hold",
    .help =
        "the baseline outside of the points: 0, so that the spectrum stays, or the last point's"};
constexpr ParameterInfo mean_parameter{
    .name = "half_window",
    .type = ParameterType::integer,
    .minimum = 0,
    .maximum = 1e6,
    .standard = 0,
    .unit = "points",
    .help = "where the spectrum is taken: the median of so many points on either side, too"};
constexpr std::array interp_pts_parameters{
    interp_pts_points_parameter, between_parameter, beyond_parameter, mean_parameter};

// Positions that rise, each once; a later one replaces an earlier one of the same place.
std::vector<NumberPair> sorted_points(std::span<const NumberPair> given) {
  std::vector<NumberPair> points(given.rbegin(), given.rend());
  std::stable_sort(points.begin(), points.end(), [](const NumberPair& a, const NumberPair& b) {
    return a.first < b.first;
  });
  const auto end =
      std::unique(points.begin(), points.end(), [](const NumberPair& a, const NumberPair& b) {
        return a.first == b.first;
      });
  points.erase(end, points.end());
  return points;
}

class InterpolationRun {
 public:
  explicit InterpolationRun(const MethodCall& call)
      : x_(call.axis.values()),
        points_(sorted_points(call.parameters.pairs("points"))),
        half_(static_cast<std::size_t>(call.parameters.integer("half_window"))),
        is_cubic_(call.parameters.choice("interp_method") == "cubic" && points_.size() >= 4),
        holds_(call.parameters.choice("beyond") == "hold") {
    std::vector<double> places;
    for (const auto& point : points_) {
      places.push_back(point.first);
    }
    values_.resize(places.size());
    baseline_.resize(x_.size());
    for (const double x : x_) {
      if (x >= places.front() && x <= places.back()) {
        inside_.push_back(x);
      }
    }
    if (is_cubic_ && inside_.size() >= 2) {
      knots_ = SpectraMatrix::make(Axis::make(places, call.axis.kind(), call.axis.unit()), 1);
      between_ = Axis::make(inside_, call.axis.kind(), call.axis.unit());
    }
  }

  std::span<const double> run_one(std::span<const double> y) {
    for (std::size_t k = 0; k < points_.size(); ++k) {
      values_[k] =
          std::isnan(points_[k].second) ? ordinate(y, points_[k].first) : points_[k].second;
    }
    const auto first = static_cast<std::size_t>(
        std::lower_bound(x_.begin(), x_.end(), points_.front().first) - x_.begin());
    for (std::size_t i = 0; i < x_.size(); ++i) {
      baseline_[i] = i < first ? values_.front() : values_.back();
      baseline_[i] = holds_ ? baseline_[i] : 0;
    }
    if (between_ != nullptr) {
      std::copy(values_.begin(), values_.end(), knots_.values.begin());
      const auto spline = resample(knots_, between_, Interpolation::cubic, 1);
      std::copy(spline.values.begin(),
                spline.values.end(),
                baseline_.begin() + static_cast<std::ptrdiff_t>(first));
    } else {
      draw_lines(first);
    }
    return baseline_;
  }

 private:
  void draw_lines(std::size_t first) {
    std::size_t k = 1;
    for (std::size_t i = first; i < first + inside_.size(); ++i) {
      while (k + 1 < points_.size() && points_[k].first < x_[i]) {
        ++k;
      }
      const double part =
          (x_[i] - points_[k - 1].first) / (points_[k].first - points_[k - 1].first);
      baseline_[i] = values_[k - 1] + part * (values_[k] - values_[k - 1]);
    }
  }

  // On the line between the neighbours, or the median about the nearest point.
  double ordinate(std::span<const double> y, double place) {
    const auto above =
        static_cast<std::size_t>(std::lower_bound(x_.begin(), x_.end(), place) - x_.begin());
    const std::size_t right = std::min(above, x_.size() - 1);
    const std::size_t left = above == 0 || above == x_.size() ? right : above - 1;
    if (half_ > 0) {
      const std::size_t nearest = place - x_[left] < x_[right] - place ? left : right;
      const std::size_t from = nearest > half_ ? nearest - half_ : 0;
      const std::size_t end = std::min(y.size(), nearest + half_ + 1);
      window_.assign(y.begin() + static_cast<std::ptrdiff_t>(from),
                     y.begin() + static_cast<std::ptrdiff_t>(end));
      return median(window_);
    }
    const double step = x_[right] - x_[left];
    return step > 0 ? y[left] + (place - x_[left]) / step * (y[right] - y[left]) : y[right];
  }

  std::span<const double> x_;
  std::vector<NumberPair> points_;
  std::size_t half_;
  bool is_cubic_;
  bool holds_;
  std::vector<double> values_;
  std::vector<double> inside_;  // axis between the first and the last point
  std::vector<double> baseline_;
  std::vector<double> window_;
  SpectraMatrix knots_;
  AxisPtr between_;
};

/// Model      straight lines, or a spline with continuous third derivative at the second and second
///            last point, through given points
/// Status     converged | failed (fewer than two points)
/// Cost       O(points)
/// Source     de Boor, A Practical Guide to Splines (1978)
void run_interp_pts(const MethodCall& call) {
  if (sorted_points(call.parameters.pairs("points")).size() < 2) {
    return fail_all(call);
  }
  InterpolationRun one(call);
  for (Index r = 0; r < call.count(); ++r) {
    call.give(r, one.run_one(call.row(r)));
    call.status[static_cast<std::size_t>(r)] = MethodStatus::converged;
  }
}

}  // namespace

CoreMethod baseline_interp_pts() {
  return {
      {"baseline",
       "interp_pts", "lines or a spline through points that you give",
       "de Boor, A Practical Guide to Splines (1978)", interp_pts_parameters},
      2,
      run_interp_pts
  };
}

}  // namespace calcispec
