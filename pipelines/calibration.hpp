// calibrate_response: standards of known weight fractions become a calibration.
#pragma once

#include "io/format.hpp"
#include "models/response_calibration.hpp"

#include <string>
#include <vector>

namespace calcispec {

struct CalibrationRequest {
  std::string standards;  // CSV: file, one column per phase id (fraction, or percent in _percent)
  std::string library;    // folder of measured references
  std::string id;         // of the calibration
  io::ReadOptions read;
  models::CompositionOptions composition;
};

struct CalibrationRun {
  models::LearntResponse learnt;
  std::vector<std::string> left_aside;  // standards that could not be used, with the reason
};

/// Paths in the table are relative to the table. Fractions are of the phases of the table, their
/// sum within 2 % of 1 (else Error). Throws Error{bad_method | invalid_argument} with file and
/// line.
CalibrationRun calibrate_response(const CalibrationRequest& request);

/// The first spectrum of a file as models see it; transmittance becomes absorbance.
io::Recording load_single(const std::string& path, const io::ReadOptions& read);

}  // namespace calcispec
