// baseline.joint: background fitted together with the known bands of calcified tissue.
#pragma once

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

/// Axis must be in cm-1. Throws Error{invalid_argument} otherwise; poor data give not converged.
JointBaseline fit_joint_baseline(const Axis& axis, std::span<const double> y, Technique technique);

}  // namespace calcispec::models
