// rises_or_falls(): whether numbers can be an axis; counts what does not, several steps at once.
#pragma once

#include <cmath>
#include <cstdint>
#include <span>

namespace calcispec {

/// Steps from each value to the next for which `is_right(before, after)` does not hold. Counts of
/// 64 bits, so that comparisons of doubles are counted several at once.
template <typename Test>
std::int64_t wrong_steps(std::span<const double> values, Test&& is_right) {
  std::int64_t count = 0;
  for (std::size_t i = 1; i < values.size(); ++i) {
    count += is_right(values[i - 1], values[i]) ? 0 : 1;
  }
  return count;
}

/// Whether there are values, all finite, each above the one before or each below it.
inline bool rises_or_falls(std::span<const double> values) {
  // Where all steps have one direction, only the ends can be infinite.
  if (values.empty() || !std::isfinite(values.front()) || !std::isfinite(values.back())) {
    return false;
  }
  return values.back() < values.front()
             ? wrong_steps(values, [](double a, double b) { return b < a; }) == 0
             : wrong_steps(values, [](double a, double b) { return b > a; }) == 0;
}

}  // namespace calcispec
