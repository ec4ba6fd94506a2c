// Spectra as CSV: header row, axis column, one column per spectrum; numbers read back exactly.
#pragma once

#include "io/format.hpp"

#include <string>

namespace calcispec::io {

/// "raman_shift_1/cm", "wavenumber_1/cm", "wavelength_nm" or "x".
std::string axis_column_name(const Axis& axis);

/// Rows in the order of the input: falling if the axis fell there.
std::string spectra_csv(const Recording& recording);

}  // namespace calcispec::io
