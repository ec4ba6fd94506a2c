// calibrate_response: standards of known weight fractions become a calibration.
#pragma once

#include "io/format.hpp"
#include "models/marker_calibration.hpp"
#include "models/response_calibration.hpp"

#include <optional>
#include <string>
#include <vector>

namespace calcispec {

struct CalibrationRequest {
  std::string standards;  // CSV: file, one column per phase id (fraction, or percent in _percent)
  std::string library;    // folder of measured references; empty: the band tables
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

struct MarkerCalibrationRequest {
  std::string standards;  // CSV: file, value, optional value_sd and group
  std::string marker;     // id; carbonate_phosphate_ratio stands for carbonate_wt
  std::string id;         // of the calibration
  std::string unit;       // of the values; empty: that of the marker
  std::string material;
  std::optional<models::CalibrationForm> form;  // nothing: the one with the least error
  io::ReadOptions read;
  models::CompositionOptions composition;
  Index jobs = 0;
};

struct MarkerCalibrationRun {
  models::LearntMarker learnt;
  std::vector<std::string> left_aside;
};

/// The first spectrum of every file is analysed as by analyze(). Throws Error{bad_method |
/// invalid_argument} with file and line.
MarkerCalibrationRun calibrate_marker(const MarkerCalibrationRequest& request);

/// The first spectrum of a file as models see it; transmittance becomes absorbance.
io::Recording load_single(const std::string& path, const io::ReadOptions& read);

}  // namespace calcispec
