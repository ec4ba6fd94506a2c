// Scatter correction: offset, scale and smooth background of each spectrum against a reference.
#pragma once

#include "core/export.hpp"

#include <Eigen/Core>

#include <span>

namespace calcispec {

/// Columns of one model of scatter on an axis, with the factors of its least-squares fit.
///
/// Model      y = b m(x) + sum_k d_k t^k + sum_j c_j n_j(x) + rest, k from 0, t = -1..1 on the axis
/// Corrected  m + rest / b = (y - polynomial - interferents) / b
/// Source     Martens et al., J. Pharm. Biomed. Anal. 9 (1991) 625; MSC is k = 0 without n:
///            Geladi et al., Appl. Spectrosc. 39 (1985) 491
class ScatterModel {
 public:
  /// `reference` m: points values; `interferents` n: a column each, may have none; polynomial_order
  /// >= 0. Throws Error{bad_method} where the columns depend on each other.
  ScatterModel(std::span<const double> axis,
               std::span<const double> reference,
               const Eigen::MatrixXd& interferents,
               Index polynomial_order);

  /// In place; false, and y as it was, where the reference has no positive part in y.
  [[nodiscard]] bool correct(std::span<double> y) const;

 private:
  Eigen::MatrixXd columns_;  // reference first
  Eigen::MatrixXd inverse_;  // coefficients = inverse * y
};

}  // namespace calcispec
