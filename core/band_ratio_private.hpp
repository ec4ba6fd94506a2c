// How strongly a band's height is held to what its group's amount lets expect.
#pragma once

#include "core/band_mixture.hpp"

#include <algorithm>

namespace calcispec::detail {

/// Precision of height - amount * relative_height under a Student-t prior (4 degrees of freedom) of
/// the band's spread. `amount`: as known so far, <= 0 nothing; `height_u`: own uncertainty;
/// `highest`: of the data.
inline double ratio_precision(
    const MixtureBand& band, double height, double amount, double height_u, double highest) {
  constexpr double freedom = 4;
  const double expected = amount * band.relative_height;
  if (expected <= 0) {
    // Nothing known of the amount yet: the ratio is all but free.
    const double scale = std::max(highest * band.relative_height, 1e-300);
    return 1 / (scale * scale);
  }
  const double scale =
      std::max({band.log_height_sd * expected, 0.3 * height_u, 1e-9 * band.relative_height});
  const double z = (height - expected) / scale;
  return (freedom + 1) / (freedom + z * z) / (scale * scale);
}

}  // namespace calcispec::detail
