// largest_difference: how far two rows lie apart, with no number that could hide.
#pragma once

#include <algorithm>
#include <cmath>
#include <limits>
#include <span>

namespace calcispec::test {

/// Infinite where the lengths differ or a difference is not finite: std::max would pass over NaN.
inline double largest_difference(std::span<const double> a, std::span<const double> b) {
  constexpr double infinite = std::numeric_limits<double>::infinity();
  if (a.size() != b.size()) {
    return infinite;
  }
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double difference = std::abs(a[i] - b[i]);
    largest = std::isfinite(difference) ? std::max(largest, difference) : infinite;
  }
  return largest;
}

}  // namespace calcispec::test
