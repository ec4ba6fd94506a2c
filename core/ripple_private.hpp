// Etalon ripple: a periodic part of the background, found in a residual.
#pragma once

#include "core/export.hpp"

#include <Eigen/Core>

namespace calcispec::detail {

struct RippleSearch {
  double shortest_cm1 = 15;
  double longest_cm1 = 90;
};

/// Angular frequency (per axis unit) of a sine that stands out of the residual, 0 if none does.
/// `weight`: 1 / variance per point, 0 leaves a point out; `envelope`: shape of the amplitude.
double find_ripple(const Eigen::ArrayXd& x,
                   const Eigen::ArrayXd& residual,
                   const Eigen::ArrayXd& weight,
                   const Eigen::ArrayXd& envelope,
                   const RippleSearch& search);

}  // namespace calcispec::detail
