// read_marker_calibration: a marker line from its TOML table.
#pragma once

#include "models/marker_calibration.hpp"

#include <toml++/toml.h>

#include <string>

namespace calcispec {

/// Throws Error{bad_method} with line and column, all faults at once.
models::MarkerCalibration read_marker_calibration(const toml::table& root, const std::string& path);

}  // namespace calcispec
