#include "core/baseline/moving_median.hpp"

#include <algorithm>

namespace calcispec {

void MovingMedian::run(std::span<const double> y, std::size_t half, std::span<double> out) {
  const auto n = static_cast<std::ptrdiff_t>(y.size());
  const auto reach = static_cast<std::ptrdiff_t>(half);
  const auto at = [&](std::ptrdiff_t i) {
    return y[static_cast<std::size_t>(std::clamp<std::ptrdiff_t>(i, 0, n - 1))];
  };
  window_.clear();
  for (std::ptrdiff_t i = -reach; i <= reach; ++i) {
    window_.push_back(at(i));
  }
  std::sort(window_.begin(), window_.end());
  for (std::ptrdiff_t i = 0; i < n; ++i) {
    out[static_cast<std::size_t>(i)] = window_[half];
    const double leaves = at(i - reach);
    const double enters = at(i + reach + 1);
    // The values between the two places move by one.
    const auto from = std::lower_bound(window_.begin(), window_.end(), leaves);
    if (enters >= leaves) {
      const auto to = std::upper_bound(from, window_.end(), enters);
      *std::move(from + 1, to, from) = enters;
    } else {
      const auto to = std::lower_bound(window_.begin(), from, enters);
      std::move_backward(to, from, from + 1);
      *to = enters;
    }
  }
}

}  // namespace calcispec
