// Baseline by moving averages of growing width, the spectrum cut down to each (SWiMA).
#include "core/baseline/edges.hpp"
#include "core/baseline/packed_polynomials.hpp"
#include "core/kernels/moving_sum.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

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

class SwimaRun {
 public:
  explicit SwimaRun(const MethodCall& call)
      : given_(call.parameters),
        points_(static_cast<std::size_t>(call.points())),
        largest_((points_ - 1) / 2),
        smooth_(std::max<std::size_t>(1, points_ / 50)),
        cubic_(packed<4>(PolynomialBasis(call.axis.values(), 3, {}), points_)),
        slope_(cubic_.packs()) {
    if (given_.is_set("max_half_window")) {
      largest_ = std::min(largest_, static_cast<std::size_t>(given_.real("max_half_window")));
    }
    if (given_.is_set("smooth_half_window")) {
      smooth_ = std::min(points_, static_cast<std::size_t>(given_.real("smooth_half_window")));
    }
  }

  MethodStatus run_one(std::span<const double> y, std::span<double> out) {
    extend_by_lines(y, largest_, padded_);
    smoothed_.resize(padded_.size());
    mirrored_average(padded_, smooth_, smoothed_);
    // About 0, so that differences of running sums lose no digits to a level.
    const double level = std::accumulate(smoothed_.begin(), smoothed_.end(), 0.0) /
                         static_cast<double>(smoothed_.size());
    for (double& z : smoothed_) {
      z -= level;
    }
    const auto status = search();
    for (std::size_t i = 0; i < points_; ++i) {
      out[i] = baseline_[largest_ + i] + level;
    }
    return status;
  }

 private:
  MethodStatus search() {
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
    start_.assign(z.begin() + static_cast<Index>(largest_), z.end() - static_cast<Index>(largest_));
    double last = -1;
    double before = -1;
    for (std::size_t half = 1; half <= largest_; ++half) {
      const double area = cut_to_average(z, half);
      if (half + 2 > least) {
        if (area > last && last < before) {
          return true;
        }
        if (half > least && slopes_as_a_background()) {
          return false;
        }
        before = last;
        last = area;
      }
      std::swap(z, average_);
    }
    return false;
  }

  // The lower of z and its average in average_; the area between it and z inside the spectrum.
  double cut_to_average(const std::vector<double>& z, std::size_t half) {
    const std::size_t n = z.size();
    sums_.resize(n + 1 + 2 * largest_);
    double* const sums = sums_.data() + largest_;
    kernels::running_sums(z, sums);
    // Those of what is mirrored beyond the ends.
    for (std::size_t k = 1; k <= half; ++k) {
      *(sums - k) = -sums[k];
      sums[n + k] = 2 * sums[n] - sums[n - k];
    }
    cut_between(z, half, 0, largest_);
    const double inside = cut_between(z, half, largest_, n - largest_);
    cut_between(z, half, n - largest_, n);
    const auto cut = [&](std::size_t i) { return z[i] - average_[i]; };
    return inside - 0.5 * (cut(largest_) + cut(n - 1 - largest_));
  }

  double cut_between(const std::vector<double>& z,
                     std::size_t half,
                     std::size_t from,
                     std::size_t to) {
    constexpr std::size_t width = kernels::lane_count;
    const double part = 1 / static_cast<double>(2 * half + 1);
    const double* const first = sums_.data() + largest_ - half;
    const double* const last = sums_.data() + largest_ + half + 1;
    kernels::Pack area{};
    std::size_t i = from;
    for (; i + width <= to; i += width) {
      const auto own = kernels::load(z.data() + i);
      const auto average = part * (kernels::load(last + i) - kernels::load(first + i));
      const auto lower = kernels::minimum(average, own);
      area += own - lower;
      kernels::store(lower, average_.data() + i);
    }
    double rest = 0;
    for (; i < to; ++i) {
      average_[i] = std::min(part * (last[i] - first[i]), z[i]);
      rest += z[i] - average_[i];
    }
    return kernels::sum(area) + rest;
  }

  // Whether the best cubic holds its part of the slope of what the averages have cut off the start.
  bool slopes_as_a_background() {
    const std::size_t n = points_;
    auto* const slope = reinterpret_cast<double*>(slope_.data());
    const double* const start = start_.data();
    const double* const now = average_.data() + largest_;
    for (std::size_t i = 1; i + 1 < n; ++i) {
      slope[i] = 0.5 * ((start[i + 1] - start[i - 1]) - (now[i + 1] - now[i - 1]));
    }
    slope[0] = (start[1] - start[0]) - (now[1] - now[0]);
    slope[n - 1] = (start[n - 1] - start[n - 2]) - (now[n - 1] - now[n - 2]);
    kernels::Pack sizes{};
    const auto moments = cubic_.pass({}, [&](std::size_t p, kernels::Pack) {
      sizes += kernels::maximum(slope_[p], -slope_[p]);
      return slope_[p];
    });
    const double area = kernels::sum(sizes) - 0.5 * (std::abs(slope[0]) + std::abs(slope[n - 1]));
    // The area of the cubic is at most its norm times the root of the points.
    double square = 0;
    for (const double moment : moments) {
      square += moment * moment;
    }
    if (static_cast<double>(n) * square <= largest_trend * largest_trend * area * area) {
      return false;
    }
    sizes = kernels::Pack{};
    cubic_.evaluate(moments, [&](std::size_t p, kernels::Pack z) {
      slope_[p] = kernels::maximum(z, -z);
      sizes += slope_[p];
    });
    return kernels::sum(sizes) - 0.5 * (slope[0] + slope[n - 1]) > largest_trend * area;
  }

  const ParameterSet& given_;
  std::size_t points_;
  std::size_t largest_;
  std::size_t smooth_;
  kernels::PackedPolynomials<4> cubic_;
  kernels::Tile slope_;
  std::vector<double> padded_;
  std::vector<double> smoothed_;
  std::vector<double> baseline_;
  std::vector<double> average_;
  std::vector<double> start_;  // what a search began with, without what lies beyond the ends
  std::vector<double> sums_;
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
  std::vector<double> baseline(static_cast<std::size_t>(call.points()));
  for (Index r = 0; r < call.count(); ++r) {
    call.status[static_cast<std::size_t>(r)] = one.run_one(call.row(r), baseline);
    call.give(r, baseline);
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
