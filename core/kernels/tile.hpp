// Tile: points x lanes; spectra of a block lie side by side, one per lane.
#pragma once

#include "core/export.hpp"
#include "core/kernels/pack.hpp"

#include <span>
#include <vector>

namespace calcispec::kernels {

using Tile = std::vector<Pack, Eigen::aligned_allocator<Pack>>;

/// Row-major rows (at most lane_count of them) into lanes; unused lanes repeat the first row.
inline void pack_rows(std::span<const double> rows, Index points, Tile& tile) {
  tile.resize(static_cast<std::size_t>(points));
  const Index count = static_cast<Index>(rows.size()) / points;
  for (Index lane = 0; lane < lane_count; ++lane) {
    const double* from = rows.data() + (lane < count ? lane : 0) * points;
    for (Index i = 0; i < points; ++i) {
      tile[static_cast<std::size_t>(i)][lane] = from[i];
    }
  }
}

inline void unpack_rows(const Tile& tile, Index points, std::span<double> rows) {
  const Index count = static_cast<Index>(rows.size()) / points;
  for (Index lane = 0; lane < count; ++lane) {
    double* to = rows.data() + lane * points;
    for (Index i = 0; i < points; ++i) {
      to[i] = tile[static_cast<std::size_t>(i)][lane];
    }
  }
}

}  // namespace calcispec::kernels
