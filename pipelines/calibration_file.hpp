// Calibrations as TOML files.
#pragma once

#include "models/marker_calibration.hpp"
#include "models/response_calibration.hpp"

#include <span>
#include <string>
#include <vector>

namespace calcispec {

/// What --calibration was given: response factors, one set per technique and sampling mode, and
/// marker lines.
struct CalibrationSet {
  std::vector<models::ResponseCalibration> responses;
  std::vector<models::MarkerCalibration> markers;
  std::string sha256;  // of the files, joined by +
};

/// Text that reads back to the same numbers.
std::string calibration_text(const models::ResponseCalibration& calibration);
std::string calibration_text(const models::MarkerCalibration& calibration);

/// Throws Error{bad_method} with line and column; Error{invalid_argument} for two that would answer
/// for the same spectra.
CalibrationSet load_calibrations(std::span<const std::string> paths);

}  // namespace calcispec
