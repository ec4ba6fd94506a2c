#include "core/spectra_matrix.hpp"

#include "core/error.hpp"

#include <utility>

namespace calcispec {

SpectraMatrix SpectraMatrix::make(AxisPtr axis, Index rows) {
  require(axis != nullptr, "a spectra matrix needs an axis");
  require(rows >= 0, "a spectra matrix cannot have a negative number of rows");
  SpectraMatrix matrix;
  matrix.values.assign(static_cast<std::size_t>(rows * axis->size()), 0.0);
  matrix.axis = std::move(axis);
  return matrix;
}

}  // namespace calcispec
