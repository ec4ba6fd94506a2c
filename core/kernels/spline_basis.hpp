// Cubic B-spline basis on any rising axis, and the penalty on its second differences.
#pragma once

#include "core/export.hpp"

#include <Eigen/Core>

#include <algorithm>
#include <array>
#include <cmath>
#include <span>

namespace calcispec::kernels {

/// The four cubic B-splines that are not zero at fraction t (0..1) of a knot interval.
inline std::array<double, 4> cubic_b_splines(double t) {
  const double s = 1 - t;
  return {s * s * s / 6,
          (3 * t * t * t - 6 * t * t + 4) / 6,
          (3 * s * s * s - 6 * s * s + 4) / 6,
          t * t * t / 6};
}

/// points x (intervals + 3); equal knots between the ends of x.
inline Eigen::MatrixXd spline_basis(std::span<const double> x, Index intervals) {
  const auto points = static_cast<Index>(x.size());
  Eigen::MatrixXd basis = Eigen::MatrixXd::Zero(points, intervals + 3);
  const double width = (x.back() - x.front()) / static_cast<double>(intervals);
  for (Index i = 0; i < points; ++i) {
    const double u = (x[static_cast<std::size_t>(i)] - x.front()) / width;
    const Index cell = std::clamp<Index>(static_cast<Index>(std::floor(u)), 0, intervals - 1);
    const auto values = cubic_b_splines(u - static_cast<double>(cell));
    for (Index k = 0; k < 4; ++k) {
      basis(i, cell + k) = values[static_cast<std::size_t>(k)];
    }
  }
  return basis;
}

/// D'D with D the differences of the given order of `count` coefficients.
inline Eigen::MatrixXd difference_penalty(Index count, Index order) {
  Eigen::MatrixXd difference = Eigen::MatrixXd::Identity(count, count);
  for (Index k = 0; k < order; ++k) {
    const Index rows = difference.rows() - 1;
    difference = (difference.bottomRows(rows) - difference.topRows(rows)).eval();
  }
  return difference.transpose() * difference;
}

}  // namespace calcispec::kernels
