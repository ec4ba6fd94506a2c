// Least squares of a parabola in a moving window, its value in the middle, whatever the width.
#pragma once

#include "core/kernels/pack.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <vector>

namespace calcispec::kernels {

/// Windows of 2 * half + 1 points, the first and last value repeated beyond the ends.
///
/// The row is cut into blocks as long as a window, with running sums of y, t y and t^2 y in each, t
/// from the middle of its block. A window is the end of a block and the beginning of the next one,
/// and its sums are these, moved to its own middle: no sum is longer than a window, so that little
/// is lost. Cost: about 30 operations a point.
class MovingParabola {
 public:
  explicit MovingParabola(std::size_t half) : half_(half), window_(2 * half + 1) {
    const auto m = static_cast<double>(half);
    const double count = 2 * m + 1;
    const double second = m * (m + 1) * count / 3;  // sum of t^2
    const double fourth = second * (3 * m * m + 3 * m - 1) / 5;
    const double all = count * fourth - second * second;
    of_values_ = half > 0 ? fourth / all : 1;
    of_squares_ = half > 0 ? -second / all : 0;
  }

  /// `out` must not be y.
  void run(std::span<const double> y, std::span<double> out) {
    add_up(y);
    for (std::size_t first = 0; first < y.size(); first += window_) {
      const std::size_t count = std::min(window_, y.size() - first);
      constexpr std::size_t width = lane_count;
      Pack at;  // where in the block the windows start
      for (std::size_t lane = 0; lane < width; ++lane) {
        at[static_cast<Index>(lane)] = static_cast<double>(lane);
      }
      std::size_t i = 0;
      for (; i + width <= count; i += width, at += static_cast<double>(width)) {
        store(value_of<Pack>(first, i, at), out.data() + first + i);
      }
      for (; i < count; ++i) {
        out[first + i] = value_of<double>(first, i, static_cast<double>(i));
      }
    }
  }

 private:
  void add_up(std::span<const double> y) {
    const std::size_t blocks = (y.size() + window_ - 1) / window_ + 1;
    extended_.resize(blocks * window_);
    const auto middle = extended_.begin() + static_cast<std::ptrdiff_t>(half_);
    std::fill(extended_.begin(), middle, y.front());
    std::fill(std::copy(y.begin(), y.end(), middle), extended_.end(), y.back());
    for (auto& sums : sums_) {
      sums.resize(extended_.size());
    }
    totals_.resize(blocks);
    for (std::size_t block = 0; block < blocks; ++block) {
      const std::size_t first = block * window_;
      const double* const values = extended_.data() + first;
      double* const zeroth = sums_[0].data() + first;
      double* const first_order = sums_[1].data() + first;
      double* const second = sums_[2].data() + first;
      std::array<double, 3> sum{};
      double t = -static_cast<double>(half_);
      for (std::size_t j = 0; j < window_; ++j, t += 1) {
        zeroth[j] = sum[0];
        first_order[j] = sum[1];
        second[j] = sum[2];
        const double moment = t * values[j];
        sum[0] += values[j];
        sum[1] += moment;
        sum[2] += t * moment;
      }
      totals_[block] = sum;
    }
  }

  // Of the window that starts i points into the block that starts at `first`; a register of them or
  // one. `at` is i as numbers.
  template <typename Value>
  [[nodiscard]] Value value_of(std::size_t first, std::size_t i, Value at) const {
    const auto take = [](const double* from) {
      Value value;
      std::memcpy(&value, from, sizeof value);
      return value;
    };
    const auto& total = totals_[first / window_];
    const Value to_next = static_cast<double>(window_) - at;
    std::array<Value, 3> here;
    std::array<Value, 3> next;
    for (std::size_t m = 0; m < 3; ++m) {
      here[m] = total[m] - take(sums_[m].data() + first + i);
      next[m] = take(sums_[m].data() + first + window_ + i);
    }
    const Value squares = here[2] - at * (2.0 * here[1] - at * here[0]) + next[2] +
                          to_next * (2.0 * next[1] + to_next * next[0]);
    return of_values_ * (here[0] + next[0]) + of_squares_ * squares;
  }

  std::size_t half_;
  std::size_t window_;
  double of_values_;   // the weight of t in a window is this plus
  double of_squares_;  // this times t^2
  std::vector<double> extended_;
  std::array<std::vector<double>, 3> sums_;    // of what stands before a point in its block
  std::vector<std::array<double, 3>> totals_;  // of blocks
};

}  // namespace calcispec::kernels
