// What a band shape's file gives to the fit: columns over points, measures. Private to core.
#pragma once

#include "core/band_shape.hpp"
#include "core/kernels/pack_math.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace calcispec::kernels {

inline constexpr Index most_shape_parameters = 8;

/// One band on all points, for amount 1. columns[0]: profile; columns[j]: d profile / d parameter
/// j, j >= 1. All are multiplied by `weight` (0 in the padding).
struct ProfileCall {
  const double* x = nullptr;  // rising, padded with its last value
  const double* weight = nullptr;
  Index count = 0;                     // padded
  const double* parameters = nullptr;  // in table order; [0], the amount, is not used
  double* const* columns = nullptr;
};

struct ShapeRow {
  BandShape info;
  void (*evaluate)(const ProfileCall& call) = nullptr;
  /// For amount 1; scaled by the amount outside.
  BandMeasures (*measure)(const double* parameters) = nullptr;
};

/// All rows of core/shape/shapes.def, in order.
std::span<const ShapeRow> shape_table();
/// Position in the table of a shape from band_shapes().
const ShapeRow& row_of(const BandShape& shape);

inline constexpr double four_ln2 = 4 * std::numbers::ln2;
inline constexpr double unlimited = 1e300;

/// Beyond this many full widths a Gaussian is below 2^-57 of its height.
inline constexpr double gauss_reach = 3.78;

/// Whole vectors [first, last) that hold every point with |x - center| <= reach.
struct Reach {
  Index first = 0;
  Index last = 0;
};
inline Reach reach_of(const ProfileCall& call, double low, double high) {
  const double* end = call.x + call.count;
  const Index first = std::lower_bound(call.x, end, low) - call.x;
  const Index last = std::upper_bound(call.x, end, high) - call.x;
  return {first / lane_count * lane_count,
          std::min(call.count, (last + lane_count - 1) / lane_count * lane_count)};
}

/// Area of a unit-height Gaussian and Lorentzian of unit FWHM.
inline const double gauss_unit_area = std::sqrt(std::numbers::pi / four_ln2);
inline constexpr double lorentz_unit_area = std::numbers::pi / 2;

}  // namespace calcispec::kernels
