// Spectra from rows into the lanes of a tile, and back, a square of packs at a time.
#pragma once

#include "core/kernels/tile.hpp"

#include <array>

namespace calcispec::kernels {

/// As many packs as lanes; pack i becomes lane i.
using PackSquare = std::array<Pack, static_cast<std::size_t>(lane_count)>;

/// Exchanges blocks of `width` lanes between two packs: a keeps its even blocks and takes those of
/// b, b the odd ones.
template <int width, std::size_t... lane>
[[gnu::always_inline]] inline void exchange_blocks(Pack& a,
                                                   Pack& b,
                                                   std::index_sequence<lane...> /*lanes*/) {
  constexpr int lanes = static_cast<int>(lane_count);
  const Pack even = __builtin_shufflevector(
      a,
      b,
      ((static_cast<int>(lane) & width) == 0 ? static_cast<int>(lane)
                                             : lanes + static_cast<int>(lane) - width)...);
  const Pack odd = __builtin_shufflevector(
      a,
      b,
      ((static_cast<int>(lane) & width) == 0 ? static_cast<int>(lane) + width
                                             : lanes + static_cast<int>(lane))...);
  a = even;
  b = odd;
}

template <int width = 1>
[[gnu::always_inline]] inline void transpose(PackSquare& square) {
  constexpr auto lanes = static_cast<std::size_t>(lane_count);
  if constexpr (width < static_cast<int>(lane_count)) {
    unrolled<lanes>([&](auto i) {
      if constexpr ((i & static_cast<std::size_t>(width)) == 0) {
        exchange_blocks<width>(square[i],
                               square[i + static_cast<std::size_t>(width)],
                               std::make_index_sequence<lanes>{});
      }
    });
    transpose<2 * width>(square);
  }
}

using LaneRows = std::array<const double*, static_cast<std::size_t>(lane_count)>;

/// One row of points into each lane.
inline void fill_tile(const LaneRows& rows, Tile& tile) {
  constexpr auto lanes = static_cast<std::size_t>(lane_count);
  const std::size_t points = tile.size();
  std::size_t p = 0;
  for (; p + lanes <= points; p += lanes) {
    PackSquare square;
    unrolled<lanes>([&](auto i) { square[i] = load(rows[i] + p); });
    transpose(square);
    unrolled<lanes>([&](auto i) { tile[p + i] = square[i]; });
  }
  for (; p < points; ++p) {
    for (std::size_t lane = 0; lane < lanes; ++lane) {
      lane_at(tile, static_cast<Index>(p), static_cast<Index>(lane)) = rows[lane][p];
    }
  }
}

}  // namespace calcispec::kernels
