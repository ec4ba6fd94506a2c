// Markers of maturation and heterogeneity, each with definition, evidence grade and limits.
#pragma once

#include "core/estimate.hpp"
#include "models/composition.hpp"

#include <string>
#include <vector>

namespace calcispec::models {

enum class MarkerStatus { ok, below_lod, not_determinable, uncalibrated };

struct Marker {
  std::string id;    // "carbonate_phosphate_ratio"
  std::string name;  // for people
  std::string unit;  // "1", "1/cm"
  Estimate value;
  MarkerStatus status = MarkerStatus::not_determinable;
  std::string definition;
  std::string calibration;  // id and status, "none"
  Estimate raw;             // what a calibration was applied to; NaN: none was
  std::string grade;        // "A".."D"
  std::string must_not_claim;
  double range_lo = 0;  // reference range from the literature; lo == hi: none
  double range_hi = 0;
  std::string range_source;
};

struct MarkerOptions {
  double instrument_width_cm1 = 0;  // full width at half height of a line; 0: not known
};

/// Every marker of the table that applies to the technique, those not determinable with a reason.
/// `carbonate_wt` is left uncalibrated: see marker_calibration.hpp.
std::vector<Marker> evaluate_markers(const CompositionInput& input,
                                     const Composition& composition,
                                     const MarkerOptions& options = {});

std::string_view name_of(MarkerStatus status);

}  // namespace calcispec::models
