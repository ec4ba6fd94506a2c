// Medians of a moving window: by exchanges over lanes of points, or by a sorted window.
#pragma once

#include "core/kernels/pack.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <vector>

namespace calcispec::kernels {

/// Smallest of `size` packs to the front, largest to the back, lane by lane.
template <std::size_t size>
[[gnu::always_inline]] inline void put_extremes(Pack* values) {
  const auto exchange = [](Pack& a, Pack& b) {
    const Pack low = minimum(a, b);
    b = maximum(a, b);
    a = low;
  };
  unrolled<size / 2>([&](auto k) { exchange(values[k], values[size - 1 - k]); });
  unrolled<(size - 1) / 2>([&](auto k) { exchange(values[0], values[k + 1]); });
  unrolled<(size - 1) / 2>([&](auto k) { exchange(values[size - 2 - k], values[size - 1]); });
}

/// Median of `count` packs for each lane, count odd; `value(k)` gives the k-th. Of a bit more than
/// half of them, the smallest and the largest are never the median; they make room for the next.
/// Source: Paeth, Graphics Gems (1990) 171
template <std::size_t count, typename Value>
[[gnu::always_inline]] inline Pack median_of_packs(const Value& value) {
  if constexpr (count == 1) {
    return value(std::integral_constant<std::size_t, 0>{});
  } else {
    constexpr std::size_t kept = count / 2 + 2;
    std::array<Pack, kept> values;
    unrolled<kept>([&](auto k) { values[k] = value(k); });
    unrolled<count - kept>([&](auto k) {
      put_extremes<kept - decltype(k)::value>(values.data());
      values[0] = value(std::integral_constant<std::size_t, kept + decltype(k)::value>{});
    });
    put_extremes<3>(values.data());
    return values[1];
  }
}

template <std::size_t window>
void medians_of_lanes(std::span<const double> y, double* out, std::size_t count) {
  constexpr std::size_t width = lane_count;
  std::size_t i = 0;
  for (; i + width <= count; i += width) {
    store(median_of_packs<window>([&](auto k) { return load(y.data() + i + k); }), out + i);
  }
  for (; i < count; ++i) {
    std::array<double, window> values;
    std::copy_n(y.data() + i, window, values.begin());
    std::nth_element(values.begin(), values.begin() + window / 2, values.end());
    out[i] = values[window / 2];
  }
}

/// out[i] = median of y[i] ... y[i + window - 1] for all whole windows; window odd; finite y. `out`
/// must not overlap y. Cost: window^2 / 4 comparisons a pack up to 15, else window / 4 moves a
/// point
inline void running_median(std::span<const double> y,
                           std::size_t window,
                           double* out,
                           std::vector<double>& sorted) {
  const std::size_t count = y.size() - window + 1;
  switch (window) {
    case 1:
      std::copy(y.begin(), y.end(), out);
      return;
    case 3:
      return medians_of_lanes<3>(y, out, count);
    case 5:
      return medians_of_lanes<5>(y, out, count);
    case 7:
      return medians_of_lanes<7>(y, out, count);
    case 9:
      return medians_of_lanes<9>(y, out, count);
    case 11:
      return medians_of_lanes<11>(y, out, count);
    case 13:
      return medians_of_lanes<13>(y, out, count);
    case 15:
      return medians_of_lanes<15>(y, out, count);
    default:
      break;
  }
  sorted.assign(y.begin(), y.begin() + static_cast<Index>(window));
  std::sort(sorted.begin(), sorted.end());
  out[0] = sorted[window / 2];
  for (std::size_t i = 1; i < count; ++i) {
    const double coming = y[i + window - 1];
    auto hole = std::lower_bound(sorted.begin(), sorted.end(), y[i - 1]);
    const auto place = std::lower_bound(sorted.begin(), sorted.end(), coming);
    if (place > hole) {
      std::copy(hole + 1, place, hole);
      *(place - 1) = coming;
    } else {
      std::copy_backward(place, hole, hole + 1);
      *place = coming;
    }
    out[i] = sorted[window / 2];
  }
}

}  // namespace calcispec::kernels
