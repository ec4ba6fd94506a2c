// Baseline by moving averages of growing width, the spectrum cut down to each (SWiMA).
#include "core/baseline/edges.hpp"
#include "core/baseline/polynomial_baseline.hpp"
#include "core/method_table.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace calcispec {
namespace {

constexpr ParameterInfo swima_least_parameter{
    .name = "min_half_window",
    .type = ParameterType::integer,
    .minimum = 1,
    .maximum = 1e6,
    .standard = 3,
    .unit = "points",
    .help = "half window from which on the stripped area may end the search"};
constexpr ParameterInfo swima_largest_parameter{
    .name = "max_half_window",
    .minimum = 1,
    .maximum = 1e6,
    .standard = std::numeric_limits<double>::quiet_NaN(),
    .unit = "points",
    .help = "largest half window; automatic: half of the spectrum"};
constexpr ParameterInfo swima_smooth_parameter{
    .name = "smooth_half_window",
    .minimum = 0,
    .maximum = 1e6,
    .standard = std::numeric_limits<double>::quiet_NaN(),
    .unit = "points",
    .help = "half window of a moving average before; automatic: a 50th of the points"};
constexpr std::array swima_parameters{
    swima_least_parameter, swima_largest_parameter, swima_smooth_parameter};

// Part of the slope of what was cut off that a cubic may hold: a background still to be followed.
constexpr double largest_trend = 0.15;

double absolute_area(std::span<const double> y) {
  double sum = 0.5 * (std::abs(y.front()) + std::abs(y.back()));
  for (std::size_t i = 1; i + 1 < y.size(); ++i) {
    sum += std::abs(y[i]);
  }
  return sum;
}

class SwimaRun {
 public:
  explicit SwimaRun(const MethodCall& call)
      : given_(call.parameters), cubic_(call.axis.values(), 3, {}) {
    const auto points = static_cast<std::size_t>(call.points());
    largest_ = (points - 1) / 2;
    if (given_.is_set("max_half_window")) {
      largest_ = std::min(largest_, static_cast<std::size_t>(given_.real("max_half_window")));
    }
    smooth_ = std::max<std::size_t>(1, points / 50);
    if (given_.is_set("smooth_half_window")) {
      smooth_ = std::min(points, static_cast<std::size_t>(given_.real("smooth_half_window")));
    }
  }

  MethodStatus run_one(std::span<const double> y) {
    extend_by_lines(y, largest_, padded_);
    smoothed_.resize(padded_.size());
    mirrored_average(padded_, smooth_, smoothed_);
    baseline_ = smoothed_;
    if (strip(baseline_, static_cast<std::size_t>(given_.integer("min_half_window")))) {
      return MethodStatus::converged;
    }
    // Bands too wide for the first search: a known background below makes the area tell.
    double highest = 0;
    for (std::size_t i = 0; i < padded_.size(); ++i) {
      highest = std::max(highest, smoothed_[i] - baseline_[i]);
    }
    padded_ = smoothed_;
    for (std::size_t i = 0; i < padded_.size(); ++i) {
      padded_[i] -= baseline_[i] - background(i, highest);
    }
    const bool is_found = strip(padded_, 3);
    for (std::size_t i = 0; i < padded_.size(); ++i) {
      baseline_[i] += padded_[i] - background(i, highest);
    }
    return is_found ? MethodStatus::converged : MethodStatus::iteration_limit;
  }
  [[nodiscard]] std::span<const double> baseline(std::size_t points) const {
    return std::span(baseline_).subspan(largest_, points);
  }

 private:
  // A Gaussian over all points, a sixth of them in standard deviation.
  [[nodiscard]] double background(std::size_t i, double height) const {
    const auto n = static_cast<double>(padded_.size());
    const double t = (static_cast<double>(i) - n / 2) / (n / 6);
    return height * std::exp(-0.5 * t * t);
  }

  // Cuts z down to its moving averages until the area cut off has a minimum. False: it has none, or
  // what was cut off until then slopes as backgrounds do.
  bool strip(std::vector<double>& z, std::size_t least) {
    average_.resize(z.size());
    const std::vector<double> start(z.begin() + static_cast<Index>(largest_),
                                    z.end() - static_cast<Index>(largest_));
    double last = -1;
    double before = -1;
    for (std::size_t half = 1; half <= largest_; ++half) {
      mirrored_average(z, half, average_);
      double area = 0;
      for (std::size_t i = 0; i < z.size(); ++i) {
        average_[i] = std::min(average_[i], z[i]);
        const bool is_inside = i >= largest_ && i + largest_ < z.size();
        const bool is_end = i == largest_ || i + largest_ + 1 == z.size();
        area += is_inside ? (is_end ? 0.5 : 1.0) * (z[i] - average_[i]) : 0;
      }
      if (half + 2 > least) {
        if (area > last && last < before) {
          return true;
        }
        if (half > least && slopes_as_a_background(start)) {
          return false;
        }
        before = last;
        last = area;
      }
      std::swap(z, average_);
    }
    return false;
  }

  // The slope of what the averages have cut off the start, and its best cubic.
  bool slopes_as_a_background(std::span<const double> start) {
    const std::size_t n = start.size();
    slope_.resize(n);
    trend_.resize(n);
    const auto cut = [&](std::size_t i) { return start[i] - average_[largest_ + i]; };
    slope_.front() = cut(1) - cut(0);
    slope_.back() = cut(n - 1) - cut(n - 2);
    for (std::size_t i = 1; i + 1 < n; ++i) {
      slope_[i] = 0.5 * (cut(i + 1) - cut(i - 1));
    }
    cubic_.fit(slope_, trend_);
    return absolute_area(trend_) > largest_trend * absolute_area(slope_);
  }

  const ParameterSet& given_;
  std::size_t largest_ = 1;
  std::size_t smooth_ = 0;
  std::vector<double> padded_;
  std::vector<double> smoothed_;
  std::vector<double> baseline_;
  std::vector<double> average_;
  PolynomialBasis cubic_;
  std::vector<double> slope_;
  std::vector<double> trend_;
};

/// Model      z = min(z, its moving average over 2 k + 1 points), k = 1, 2, ... until the area cut
///            off has a minimum; without one, or where a cubic holds 15 % of the slope of all that
///            was cut off, again with a Gaussian below the rest
/// Status     converged | iteration_limit
/// Cost       O(points x half windows tried)
/// Source     Schulze et al., Appl. Spectrosc. 66 (2012) 757; the second criterion as pybaselines
///            reads it from figure 2 there, for that of the text would always come first
void run_swima(const MethodCall& call) {
  SwimaRun one(call);
  for (Index r = 0; r < call.count(); ++r) {
    call.status[static_cast<std::size_t>(r)] = one.run_one(call.row(r));
    call.give(r, one.baseline(static_cast<std::size_t>(call.points())));
  }
}

}  // namespace

CoreMethod baseline_swima() {
  return {
      {"baseline",
       "swima", "moving averages of growing width",
       "Schulze et al., Appl. Spectrosc. 66 (2012) 757", swima_parameters},
      6,
      run_swima
  };
}

}  // namespace calcispec
