// summarise_map: middle, spread and spatial order of one value over the pixels of a map.
#pragma once

#include "core/spectra_matrix.hpp"

#include <limits>
#include <span>

namespace calcispec::models {

/// NaN where there are too few values.
struct MapSummary {
  Index count = 0;  // pixels with a value
  double median = std::numeric_limits<double>::quiet_NaN();
  double iqr = std::numeric_limits<double>::quiet_NaN();     // 25 % to 75 %
  double spread = std::numeric_limits<double>::quiet_NaN();  // standard deviation without the noise
  double moran_i = std::numeric_limits<double>::quiet_NaN();
  double moran_z = std::numeric_limits<double>::quiet_NaN();  // from what a random order gives
};

/// Pixels without a number are left out.
///
/// In         values, u: one per pixel, row by row; u (standard uncertainties) may be empty
/// Spread     root of the variance less the mean of u^2, 0 where the noise explains it
/// Moran's I  weights 1 for the four neighbours; expectation -1 / (n - 1) and variance under
///            random order of the values (randomisation)
/// Needs      2 values for a spread; 4 values, not all equal, with neighbours for Moran's I
/// Cost       O(pixels log pixels)
/// Source     Moran, Biometrika 37 (1950) 17; Cliff & Ord, Spatial Processes (1981) ch. 2
MapSummary summarise_map(std::span<const double> values,
                         std::span<const double> u,
                         const MapGrid& grid);

}  // namespace calcispec::models
