// Pack: one register of spectra side by side, as wide as this build of core allows.
#pragma once

#include "core/export.hpp"

#include <cstdint>
#include <cstring>
#include <immintrin.h>
#include <utility>

namespace calcispec::kernels {

// The width is that of a register, so that recurrences stay in registers.
#if defined(__AVX512F__)
inline constexpr Index lane_count = 8;
#elif defined(__AVX2__)
inline constexpr Index lane_count = 4;
#else
inline constexpr Index lane_count = 2;
#endif

using Pack = double __attribute__((vector_size(sizeof(double) * lane_count)));
using Mask = std::int64_t __attribute__((vector_size(sizeof(double) * lane_count)));

inline Pack broadcast(double value) {
  return Pack{} + value;
}
/// Neighbours in memory of any alignment.
inline Pack load(const double* from) {
  Pack pack;
  std::memcpy(&pack, from, sizeof(Pack));
  return pack;
}
inline void store(Pack pack, double* to) {
  std::memcpy(to, &pack, sizeof(Pack));
}
inline Pack maximum(Pack a, Pack b) {
  return a > b ? a : b;
}
inline Pack minimum(Pack a, Pack b) {
  return a < b ? a : b;
}
/// Of all lanes at once: a loop over std::sqrt, which may have to set errno, stays one by one.
inline Pack square_root(Pack a) {
#if defined(__AVX512F__)
  return _mm512_sqrt_pd(a);
#elif defined(__AVX2__)
  return _mm256_sqrt_pd(a);
#else
  return _mm_sqrt_pd(a);
#endif
}

inline double sum(Pack pack) {
  double total = 0;
  for (Index lane = 0; lane < lane_count; ++lane) {
    total += pack[lane];
  }
  return total;
}

inline double largest_of(Pack pack) {
  double largest = pack[0];
  for (Index lane = 1; lane < lane_count; ++lane) {
    largest = largest < pack[lane] ? pack[lane] : largest;
  }
  return largest;
}

/// Calls body(integral_constant 0) ... body(count - 1): straight-line code, so that arrays of packs
/// with these subscripts live in registers.
template <std::size_t count, typename Body>
[[gnu::always_inline]] inline void unrolled(const Body& body) {
  [&]<std::size_t... k>(std::index_sequence<k...>) {
    (body(std::integral_constant<std::size_t, k>{}), ...);
  }
  (std::make_index_sequence<count>{});
}

}  // namespace calcispec::kernels
