// MarkerCalibration: a marker turned into a known quantity by a line or a saturating form, learnt
// from standards or taken from the literature.
#pragma once

#include "models/calibration_domain.hpp"
#include "models/marker.hpp"

#include <array>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace calcispec::models {

/// How the known value v follows from the marker R, with parameters p, q.
enum class CalibrationForm {
  line,     // v = p + q R
  falling,  // v = p / (1 + q R): part of the matrix, from mineral over matrix
  rising    // v = p q R / (1 + q R): part of the mineral
};

/// Bound to technique, sampling mode and material; refused elsewhere.
struct MarkerCalibration {
  std::string id;
  std::string marker;  // reported under this id
  std::string unit;    // of the value
  Technique technique = Technique::unknown;
  SamplingMode mode = SamplingMode::none;
  std::string material;  // as the user calls it; may be empty
  CalibrationStatus status = CalibrationStatus::user;
  std::string source;
  CalibrationForm form = CalibrationForm::line;
  std::array<double, 2> parameters{};  // p, q
  std::array<double, 3> covariance{};  // of p p, p q, q q
  double scatter = 0;                  // sd of samples about the curve, unit of the value
  double relative_error = 0;           // of the value, where the source gives no covariance
  double marker_part = 1;     // part of the markers' own variance that the standards bore out
  double freedom = 1e6;       // of the scatter
  double left_out_error = 0;  // root mean square, each standard left out in turn
  double group_error = 0;     // each group left out in turn; 0: fewer than 3 groups
  double lowest = 0;          // markers of the standards
  double highest = 0;
  Index standards = 0;
  CalibrationDomain domain;
};

/// One standard: the marker as measured, the value as known.
struct MarkerStandard {
  std::string file;
  std::string group;  // of standards that belong together: a species, a batch; may be empty
  double marker = 0;
  double marker_u = 0;
  double value = 0;
  double value_sd = 0;  // 0: not stated
  std::optional<DomainSample> sample;
};

struct LeftOutValue {
  std::string file;
  double marker = 0;
  double truth = 0;
  double predicted = 0;
};

struct LearntMarker {
  MarkerCalibration calibration;
  std::vector<LeftOutValue> left_out;
};

/// The marker that the calibration of `marker` reads: carbonate_phosphate_ratio for carbonate_wt,
/// else the same.
std::string predictor_of(const std::string& marker);

/// Least squares with both errors in the weights.
///
/// Model      v_i = f(R_i) + e_i, var e_i = value_sd^2 + a (f' u(R_i))^2 + s^2; s is found where
///            the residuals ask for more than the stated errors, a < 1 where they ask for less
/// Form       the one stated; else the one with the least left-out error, a line unless another is
///            better by 10 %
/// Needs      4 standards with different markers; throws Error{invalid_argument}
/// Cost       O(standards^2) small solves
/// Source     effective variance: Orear, Am. J. Phys. 50 (1982) 912; prediction interval: Draper &
///            Smith, Applied Regression Analysis (1998)
LearntMarker learn_marker(std::span<const MarkerStandard> standards,
                          std::optional<CalibrationForm> form);

/// Value at a marker with the standard deviation of a prediction; `extrapolates` beyond the
/// standards. Not determinable farther out than a tenth of their range.
Estimate predict(const MarkerCalibration& calibration, double marker, double marker_u);

/// The marker by the calibration: value, or the reason why it is refused. `markers`: those
/// evaluated for this spectrum; `material`: what the user says it is, may be empty.
Marker apply_calibration(const MarkerCalibration& calibration,
                         const CompositionInput& input,
                         const Composition& composition,
                         std::span<const Marker> markers,
                         const std::string& material);

/// Puts the calibrated markers in the place of those of the same id: by the user's calibrations,
/// and where there is none by those of the literature for this technique and mode.
void calibrate_markers(std::span<const MarkerCalibration> calibrations,
                       const CompositionInput& input,
                       const Composition& composition,
                       const std::string& material,
                       std::vector<Marker>& markers);

/// The literature calibrations of the product, from data/calibrations.csv.
const std::vector<MarkerCalibration>& literature_calibrations();

std::string_view name_of(CalibrationForm form);
std::optional<CalibrationForm> calibration_form_from_name(std::string_view name);

}  // namespace calcispec::models
