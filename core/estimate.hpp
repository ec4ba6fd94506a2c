// Estimate: a number with its standard uncertainty, 95 % interval and status.
#pragma once

#include <limits>
#include <string>

namespace calcispec {

enum class EstimateStatus { ok, below_lod, outside_range, not_identifiable, not_determinable };

/// Half the width of a normal 95 % interval, in standard uncertainties.
inline constexpr double normal_95 = 1.959963984540054;

/// NaN stands for "no number"; `reason` then says why.
struct Estimate {
  double value = std::numeric_limits<double>::quiet_NaN();
  double u = std::numeric_limits<double>::quiet_NaN();     // standard uncertainty, same unit
  double lo95 = std::numeric_limits<double>::quiet_NaN();  // asymmetric near physical limits
  double hi95 = std::numeric_limits<double>::quiet_NaN();
  EstimateStatus status = EstimateStatus::not_determinable;
  std::string reason;
};

}  // namespace calcispec
