// Tile: points x lanes; spectra lie side by side, one per lane.
#pragma once

#include "core/kernels/pack.hpp"

#include <span>
#include <vector>

namespace calcispec::kernels {

using Tile = std::vector<Pack>;

/// Element `point` of the spectrum in a lane.
inline double& lane_at(Tile& tile, Index point, Index lane) {
  return reinterpret_cast<double*>(&tile[static_cast<std::size_t>(point)])[lane];
}

}  // namespace calcispec::kernels
