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
  std::string grade;        // "A".."D"
  std::string must_not_claim;
  double range_lo = 0;  // reference range from the literature; lo == hi: none
  double range_hi = 0;
  std::string range_source;
};

/// Every marker of the table that applies to the technique, those not determinable with a reason.
std::vector<Marker> evaluate_markers(const CompositionInput& input, const Composition& composition);

std::string_view name_of(MarkerStatus status);

}  // namespace calcispec::models
