#include "core/baseline/morphological_anchors.hpp"

#include <algorithm>

namespace calcispec {

void MorphologicalAnchors::weights(std::span<const double> y, std::span<double> out) const {
  MovingExtremes extremes;
  const std::size_t n = y.size();
  std::vector<double> opened(n);
  extremes.open(y, half_window_of(parameters_, y, extremes), opened);
  std::fill(out.begin(), out.end(), elsewhere_);
  // A point begins or ends a flat where it equals the one neighbour and not the other; beyond the
  // ends the spectrum goes on as it is.
  std::size_t flat_end = n;  // of the last flat; n: none yet
  bool is_in_flat = false;
  for (std::size_t i = 0; i < n; ++i) {
    const bool is_as_before = i == 0 || opened[i] == opened[i - 1];
    const bool is_as_after = i + 1 == n || opened[i] == opened[i + 1];
    if (is_as_before == is_as_after) {
      continue;
    }
    if (!is_in_flat && flat_end < n) {
      const auto first = y.begin() + static_cast<std::ptrdiff_t>(flat_end);
      const auto last = y.begin() + static_cast<std::ptrdiff_t>(i) + 1;
      out[static_cast<std::size_t>(std::min_element(first, last) - y.begin())] = 1 - elsewhere_;
    }
    flat_end = i;
    is_in_flat = !is_in_flat;
  }
}

}  // namespace calcispec
