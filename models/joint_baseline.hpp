// baseline.joint: background fitted together with the known bands of calcified tissue.
#pragma once

#include "core/parameter.hpp"
#include "core/quantity.hpp"
#include "core/spectra_matrix.hpp"

#include <span>
#include <vector>

namespace calcispec::models {

struct JointBaseline {
  std::vector<double> background;  // points, unit of the ordinate
  std::vector<double> bands;       // sum of the fitted bands
  bool is_converged = false;
};

/// In         axis in cm-1; `hidden`: regions from, to that the fit does not look at, nor does it
///            at points that are NaN. The background goes on beneath both.
/// Out        not converged and NaN where an ordinate is infinite or fewer than 32 points are left
/// Errors     Error{invalid_argument} for another axis
JointBaseline fit_joint_baseline(const Axis& axis,
                                 std::span<const double> y,
                                 Technique technique,
                                 std::span<const NumberPair> hidden = {});

}  // namespace calcispec::models
