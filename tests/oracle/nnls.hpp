// The judge of non-negative least squares: Lawson & Hanson's active set, one spectrum at a time.
#pragma once

#include "core/decomposition.hpp"

#include <Eigen/Core>

#include <algorithm>
#include <vector>

namespace calcispec::oracle {

/// Minimises |a x - y| with x >= 0; every step solves the free columns by QR.
inline Eigen::VectorXd lawson_hanson(const Eigen::MatrixXd& a, const Eigen::VectorXd& y) {
  Eigen::VectorXd x = Eigen::VectorXd::Zero(a.cols());
  std::vector<Eigen::Index> free;
  for (Eigen::Index round = 0; round < 10 * a.cols(); ++round) {
    const Eigen::VectorXd gain = a.transpose() * (y - a * x);
    Eigen::Index entering = -1;
    double most = 1e-12 * a.norm() * y.norm();
    for (Eigen::Index i = 0; i < a.cols(); ++i) {
      if (std::find(free.begin(), free.end(), i) == free.end() && gain[i] > most) {
        most = gain[i];
        entering = i;
      }
    }
    if (entering < 0) {
      break;
    }
    free.push_back(entering);
    while (!free.empty()) {
      const auto count = static_cast<Eigen::Index>(free.size());
      Eigen::MatrixXd part(a.rows(), count);
      for (Eigen::Index k = 0; k < count; ++k) {
        part.col(k) = a.col(free[static_cast<std::size_t>(k)]);
      }
      const Eigen::VectorXd values = solve_least_squares(part, y);
      double step = 1;
      for (Eigen::Index k = 0; k < count; ++k) {
        const double now = x[free[static_cast<std::size_t>(k)]];
        if (values[k] <= 0) {
          step = std::min(step, now / (now - values[k]));
        }
      }
      std::vector<Eigen::Index> kept;
      for (Eigen::Index k = 0; k < count; ++k) {
        const Eigen::Index i = free[static_cast<std::size_t>(k)];
        x[i] += step * (values[k] - x[i]);
        if (x[i] > 0 && !(values[k] <= 0 && x[i] <= 1e-15 * x.maxCoeff())) {
          kept.push_back(i);
        } else {
          x[i] = 0;
        }
      }
      const bool is_done = step >= 1;
      free = kept;
      if (is_done) {
        break;
      }
    }
  }
  return x;
}

}  // namespace calcispec::oracle
