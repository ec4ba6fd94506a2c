// Asymmetry of a band: of whatever shape, from its half widths. Private to core.
#pragma once

#include "core/band_shape.hpp"

#include <span>

namespace calcispec::band_fit {

/// (right - left) / (right + left) of the half widths at half height, right being higher x; NaN
/// where the band has no width. The amount does not matter.
///
/// Accuracy   1e-12 for shapes with one maximum
/// Cost       about 250 values of the band
double asymmetry_of(const BandShape& shape, std::span<const double> parameters);

/// The same on both sides, at these parameters.
bool is_symmetric(const BandShape& shape, std::span<const double> parameters);

}  // namespace calcispec::band_fit
