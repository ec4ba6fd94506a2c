// Sums over moving windows, weighted or from running sums, and rows continued beyond their ends by
// reflection.
#pragma once

#include "core/kernels/pack.hpp"

#include <algorithm>
#include <array>
#include <span>
#include <vector>

namespace calcispec::kernels {

/// Adds the samples of `lane_count` neighbouring places in the window to the sums. With eight lanes
/// nearly every pack of a row lies across two cache lines, so each is loaded once and shifted;
/// others are loaded anew for each place. The last sample read is the one that the last place
/// needs, and one more: the window must go on behind it.
template <std::size_t packs>
[[gnu::always_inline]] inline void add_places(const double* from,
                                              const double* weights,
                                              std::array<Pack, packs>& sums) {
  constexpr std::size_t width = lane_count;
#if defined(__AVX512F__)
  std::array<Pack, packs + 1> raw;
  unrolled<packs + 1>([&](auto j) { raw[j] = load(from + j * width); });
  unrolled<width>([&](auto place) {
    unrolled<packs>([&](auto j) {
      const auto shifted = _mm512_alignr_epi64(
          _mm512_castpd_si512(raw[j + 1]), _mm512_castpd_si512(raw[j]), int{place});
      sums[j] += weights[place] * _mm512_castsi512_pd(shifted);
    });
  });
#else
  for (std::size_t place = 0; place < width; ++place) {
    unrolled<packs>([&](auto j) { sums[j] += weights[place] * load(from + place + j * width); });
  }
#endif
}

/// Sums of `packs` packs of windows from the i-th on, in registers while the weights go by.
template <std::size_t packs>
[[gnu::always_inline]] inline void moving_sums_at(std::size_t i,
                                                  std::span<const double> y,
                                                  std::span<const double> weights,
                                                  double* out) {
  constexpr std::size_t width = lane_count;
  std::array<Pack, packs> sums{};
  std::size_t k = 0;
  for (; k + width < weights.size(); k += width) {
    add_places<packs>(y.data() + i + k, weights.data() + k, sums);
  }
  for (; k < weights.size(); ++k) {
    const double* const from = y.data() + i + k;
    unrolled<packs>([&](auto j) { sums[j] += weights[k] * load(from + j * width); });
  }
  unrolled<packs>([&](auto j) { store(sums[j], out + i + j * width); });
}

/// out[i] = sum_k weights[k] y[i + k] for all whole windows, from the first one on. The last packs
/// repeat some of the ones before. `out` must not overlap y.
inline void moving_sums(std::span<const double> y, std::span<const double> weights, double* out) {
  constexpr std::size_t packs = 8;
  constexpr std::size_t width = lane_count;
  const std::size_t count = y.size() - weights.size() + 1;
  if (count >= packs * width) {
    for (std::size_t i = 0; i < count; i += packs * width) {
      moving_sums_at<packs>(std::min(i, count - packs * width), y, weights, out);
    }
    return;
  }
  std::size_t i = 0;
  for (; i < count && count >= width; i += width) {
    moving_sums_at<1>(std::min(i, count - width), y, weights, out);
  }
  for (; i < count; ++i) {
    double sum = 0;
    for (std::size_t k = 0; k < weights.size(); ++k) {
      sum += weights[k] * y[i + k];
    }
    out[i] = sum;
  }
}

/// out[i] = sum of the first i values, out[0] = 0; one more than values. Four values are added up
/// by themselves, so that only every fourth addition waits for the one before.
inline void running_sums(std::span<const double> values, double* out) {
  double sum = 0;
  out[0] = 0;
  std::size_t i = 0;
  for (; i + 4 <= values.size(); i += 4) {
    const double second = values[i] + values[i + 1];
    const double third = second + values[i + 2];
    out[i + 1] = sum + values[i];
    out[i + 2] = sum + second;
    out[i + 3] = sum + third;
    sum += second + (values[i + 2] + values[i + 3]);
    out[i + 4] = sum;
  }
  for (; i < values.size(); ++i) {
    sum += values[i];
    out[i + 1] = sum;
  }
}

/// Index of the sample that stands at `at` when the row is reflected at its ends, the last sample
/// once more (half-sample symmetric), as often as needed.
inline std::size_t reflected(Index at, Index points) {
  const Index period = 2 * points;
  const Index inside = ((at % period) + period) % period;
  return static_cast<std::size_t>(inside < points ? inside : period - 1 - inside);
}

/// The row with `half` reflected samples at each end.
inline void extend_reflected(std::span<const double> y,
                             std::size_t half,
                             std::vector<double>& out) {
  const auto points = static_cast<Index>(y.size());
  const auto more = static_cast<Index>(half);
  out.resize(y.size() + 2 * half);
  std::copy(y.begin(), y.end(), out.begin() + more);
  for (Index k = 0; k < more; ++k) {
    out[static_cast<std::size_t>(more - 1 - k)] = y[reflected(-1 - k, points)];
    out[static_cast<std::size_t>(more + points + k)] = y[reflected(points + k, points)];
  }
}

}  // namespace calcispec::kernels
