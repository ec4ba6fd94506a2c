// SpectraMatrix: many spectra on one axis, one row each; SpectralMap adds the grid.
#pragma once

#include "core/axis.hpp"

#include <span>
#include <vector>

namespace calcispec {

/// Row-major spectra x points; row = one spectrum, in the rising order of the axis.
struct CALCISPEC_API SpectraMatrix {
  AxisPtr axis;
  std::vector<double> values;  // rows * axis->size()

  /// Zero-filled. Throws Error{invalid_argument} without an axis or with negative rows.
  static SpectraMatrix make(AxisPtr axis, Index rows);

  [[nodiscard]] Index rows() const noexcept {
    return points() == 0 ? 0 : static_cast<Index>(values.size()) / points();
  }
  [[nodiscard]] Index points() const noexcept { return axis ? axis->size() : 0; }
  [[nodiscard]] std::span<double> row(Index index) {
    return {values.data() + index * points(), static_cast<std::size_t>(points())};
  }
  [[nodiscard]] std::span<const double> row(Index index) const {
    return {values.data() + index * points(), static_cast<std::size_t>(points())};
  }
};

/// Raster of a map: row r of the matrix lies at (r % nx, r / nx).
struct MapGrid {
  Index nx = 0;
  Index ny = 0;
  double step_x_um = 0;
  double step_y_um = 0;
};

}  // namespace calcispec
