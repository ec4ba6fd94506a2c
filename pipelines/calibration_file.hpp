// Calibrations as TOML files.
#pragma once

#include "models/response_calibration.hpp"

#include <string>

namespace calcispec {

/// Text that reads back to the same numbers.
std::string calibration_text(const models::ResponseCalibration& calibration);

/// Throws Error{bad_method} with line and column.
models::ResponseCalibration load_calibration(const std::string& path);

}  // namespace calcispec
