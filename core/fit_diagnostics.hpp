// What a band fit says beyond its parameters: shares of the area, asymmetry, what the residual
// hides.
#pragma once

#include "core/fit.hpp"

#include <span>
#include <vector>

namespace calcispec {

/// Further values of one fitted band, with standard errors from the covariance.
struct BandExtras {
  /// Area over the summed area of all bands; NaN unless the sum is positive.
  FittedValue area_share;
  /// (right - left) / (right + left) of the half widths at half height, right being higher x; 0 for
  /// symmetric shapes, then `fixed`.
  FittedValue asymmetry;
};

/// One entry per band of the result; intervals are those that the result holds.
///
/// Accuracy   first order in the standard errors (delta method), slopes to about 1e-8
/// Cost       2 (parameters - 2) measures per band
CALCISPEC_API std::vector<BandExtras> band_extras(const BandModel& model, const FitResult& result);

/// NaN where there is no fit.
struct ResidualChecks {
  double largest = std::numeric_limits<double>::quiet_NaN();  // (y - model) / sigma, with its sign
  double largest_at = std::numeric_limits<double>::quiet_NaN();  // position on the axis
  /// Of neighbouring residuals, -1 to 1; standard deviation about 1 / sqrt(points) for mere noise.
  double autocorrelation = std::numeric_limits<double>::quiet_NaN();
  /// The autocorrelation exceeds 3 of those standard deviations: the model misses something.
  bool is_structured = false;
};

/// Looks at the points that fit_bands used: within the model's range and finite. `sigma` as there.
CALCISPEC_API ResidualChecks check_residual(const BandModel& model,
                                            const FitResult& result,
                                            std::span<const double> x,
                                            std::span<const double> y,
                                            std::span<const double> sigma);

}  // namespace calcispec
