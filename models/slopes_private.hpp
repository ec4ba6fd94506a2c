// Slopes and slowly varying parts of curves, by the steps of core.
#pragma once

#include "core/spectra_matrix.hpp"

#include <vector>

namespace calcispec::models::detail {

/// Points of a Savitzky-Golay window of about 12 1/cm, odd, at least 5.
Index slope_window(const Axis& axis);

/// Slope per point, second order over `window` points.
std::vector<double> slopes_of(const AxisPtr& axis, const std::vector<double>& y, Index window);

/// asls of a stiffness that is the same for every spacing. Asymmetry 0.001: below the bands; 0.5:
/// through the middle.
std::vector<double> background_of(const AxisPtr& axis,
                                  const std::vector<double>& y,
                                  double asymmetry);

}  // namespace calcispec::models::detail
