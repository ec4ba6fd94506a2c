// Trends of dated measurements: slopes with intervals, variance parts, what change could be seen.
#pragma once

#include "core/estimate.hpp"
#include "core/export.hpp"

#include <string>
#include <vector>

namespace calcispec::models {

/// One measured value. Replicates share date, specimen and spot; spots share date and specimen.
struct DatedValue {
  double day = 0;  // since any fixed date
  std::string specimen;
  std::string spot;
  double value = 0;
};

/// Standard deviations; NaN where the design has no repeats to learn them from.
struct VarianceParts {
  double repeat = 0;    // same specimen and spot
  double spot = 0;      // between spots of a specimen, repeats taken off
  double specimen = 0;  // what is left about the line: specimens, sessions, biology
};

enum class TrendStatus { change_shown, no_change_shown, not_determinable };

struct Trend {
  TrendStatus status = TrendStatus::not_determinable;
  std::string reason;  // a sentence
  Index values = 0;
  Index specimens = 0;    // means that the line goes through
  Index times = 0;        // different days
  Estimate slope;         // per 30 days, least squares through specimen means, Student's t
  Estimate robust_slope;  // Theil-Sen, per 30 days, interval from Kendall's distribution
  VarianceParts spread;
  double detectable = 0;  // minimal detectable change, 95 %: 1.96 sqrt(2) of the specimen spread
  double change = 0;      // of the line from the first day to the last
};

/// Model      specimen mean = a + b t + specimen deviation, alike and independent between specimens
/// Needs      4 different days and 4 specimens for a statement; else not_determinable
/// Status     change_shown where the intervals of both slopes leave out 0 and the change exceeds
/// what
///            is detectable; with no change at all that happens in less than 5 % of series
/// Source     Theil 1950 and Sen, J. Am. Stat. Assoc. 63 (1968) 1379; minimal detectable change:
///            Weir, J. Strength Cond. Res. 19 (2005) 231
Trend find_trend(std::vector<DatedValue> values);

/// Mean of independent values (one per lesion) with its interval by Student's t; a reason below 3.
Estimate group_mean(const std::vector<double>& values);

std::string_view name_of(TrendStatus status);

/// 97.5 % point of Student's t over that of the normal distribution.
double student_factor(double freedom);

}  // namespace calcispec::models
