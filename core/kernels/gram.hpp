// Products of columns with themselves and with a vector, in register blocks over points.
#pragma once

#include "core/kernels/pack_math.hpp"

#include <array>
#include <cstddef>

namespace calcispec::kernels {

// 32 registers hold 16 sums and their 8 factors; 16 registers hold 9 and 6.
#if defined(__AVX512F__)
inline constexpr Index gram_block = 4;
#else
inline constexpr Index gram_block = 3;
#endif

inline Index padded_columns(Index count) {
  return (count + gram_block - 1) / gram_block * gram_block;
}

/// Sums of 8, 4 or 2 vectors (as many as a vector has lanes), one per lane.
inline Pack sum_each(const Pack* v) {
#if defined(__AVX512F__)
  const auto pairs = [](Pack a, Pack b) {  // a0+a1 b0+b1 a2+a3 b2+b3 ...
    return __builtin_shufflevector(a, b, 0, 8, 2, 10, 4, 12, 6, 14) +
           __builtin_shufflevector(a, b, 1, 9, 3, 11, 5, 13, 7, 15);
  };
  const auto quads = [](Pack a, Pack b) {  // sums of four of a, a, b, b; then the other half
    return __builtin_shufflevector(a, b, 0, 1, 8, 9, 4, 5, 12, 13) +
           __builtin_shufflevector(a, b, 2, 3, 10, 11, 6, 7, 14, 15);
  };
  const Pack first = quads(pairs(v[0], v[1]), pairs(v[2], v[3]));
  const Pack second = quads(pairs(v[4], v[5]), pairs(v[6], v[7]));
  return __builtin_shufflevector(first, second, 0, 1, 2, 3, 8, 9, 10, 11) +
         __builtin_shufflevector(first, second, 4, 5, 6, 7, 12, 13, 14, 15);
#elif defined(__AVX2__)
  const auto pairs = [](Pack a, Pack b) {
    return __builtin_shufflevector(a, b, 0, 4, 2, 6) + __builtin_shufflevector(a, b, 1, 5, 3, 7);
  };
  const Pack first = pairs(v[0], v[1]);
  const Pack second = pairs(v[2], v[3]);
  return __builtin_shufflevector(first, second, 0, 1, 4, 5) +
         __builtin_shufflevector(first, second, 2, 3, 6, 7);
#else
  return __builtin_shufflevector(v[0], v[1], 0, 2) + __builtin_shufflevector(v[0], v[1], 1, 3);
#endif
}

/// One block of products; `a`, `b`: first column of each, `stride` doubles apart.
inline void gram_tile(const double* a, const double* b, Index points, Index stride, double* sums) {
  constexpr Index count = gram_block * gram_block;
  constexpr Index slots = (count + lane_count - 1) / lane_count * lane_count;
  Pack total[slots] = {};
  for (Index i = 0; i < points; i += lane_count) {
    Pack right[gram_block];
    for (Index c = 0; c < gram_block; ++c) {
      right[c] = load_aligned(b + c * stride + i);
    }
    for (Index r = 0; r < gram_block; ++r) {
      const Pack left = load_aligned(a + r * stride + i);
      for (Index c = 0; c < gram_block; ++c) {
        total[r * gram_block + c] += left * right[c];
      }
    }
  }
  for (Index k = 0; k < slots; k += lane_count) {
    store_aligned(sums + k, sum_each(total + k));
  }
}

/// gram(i, j) = column i . column j for i >= j, row-major with `count` (padded_columns) per row.
inline void gram_lower(
    const double* columns, Index count, Index points, Index stride, double* gram) {
  alignas(64) std::array<double, 16> sums{};
  for (Index r = 0; r < count; r += gram_block) {
    for (Index c = 0; c <= r; c += gram_block) {
      gram_tile(columns + r * stride, columns + c * stride, points, stride, sums.data());
      for (Index i = 0; i < gram_block; ++i) {
        for (Index j = 0; j < gram_block; ++j) {
          gram[(r + i) * count + c + j] = sums[static_cast<std::size_t>(i * gram_block + j)];
        }
      }
    }
  }
}

/// out[k] = column k . vector, for a number of columns that padded_columns returns.
inline void dot_columns(const double* columns,
                        Index count,
                        Index points,
                        Index stride,
                        const double* vector,
                        double* out) {
  for (Index k = 0; k < count; ++k) {
    Pack even{};
    Pack odd{};
    const double* column = columns + k * stride;
    Index i = 0;
    for (; i + 2 * lane_count <= points; i += 2 * lane_count) {
      even += load_aligned(column + i) * load_aligned(vector + i);
      odd += load_aligned(column + i + lane_count) * load_aligned(vector + i + lane_count);
    }
    for (; i < points; i += lane_count) {
      even += load_aligned(column + i) * load_aligned(vector + i);
    }
    out[k] = sum(even + odd);
  }
}

}  // namespace calcispec::kernels
