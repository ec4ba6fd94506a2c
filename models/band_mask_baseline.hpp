// baseline.band_mask: a penalised spline through what lies outside of the bands of tissue.
#pragma once

#include "core/parameter.hpp"
#include "core/quantity.hpp"
#include "core/spectra_matrix.hpp"

#include <span>
#include <vector>

namespace calcispec::models {

struct BandMaskBaseline {
  std::vector<double> background;  // points, unit of the ordinate
  bool is_converged = false;
};

/// Model      minimise sum w (y - z)^2 + lambda * sum (third difference of the coefficients)^2,
///            z a cubic B-spline; w is 0 within the reach of a tabulated band and, from the second
///            round on, where y stands above z by 2 standard deviations of the noise; lambda by
///            marginal likelihood
/// In         axis in cm-1; `hidden`: further regions from, to of weight 0, as are NaN points
/// Out        not converged and NaN where an ordinate is infinite or fewer than 32 points are left
/// Errors     Error{invalid_argument} for another axis
/// Cost       O(points x knots^2) a round, a few rounds
BandMaskBaseline fit_band_mask_baseline(const Axis& axis,
                                        std::span<const double> y,
                                        Technique technique,
                                        std::span<const NumberPair> hidden = {});

}  // namespace calcispec::models
