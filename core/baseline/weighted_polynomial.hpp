// Polynomials through weighted points of one axis, for baselines that reweigh.
#pragma once

#include "core/export.hpp"

#include <Eigen/Dense>

#include <span>

namespace calcispec {

/// Minimises sum w (y - polynomial)^2. Normal equations in orthonormal polynomials, refined once,
/// so that weights of very different size do no harm. Cost: points x order^2 per fit.
class WeightedPolynomial {
 public:
  WeightedPolynomial(std::span<const double> x, Index order);
  /// Weights of at least 0, not all 0. Points that the weights leave undetermined give values that
  /// are not numbers.
  void fit(std::span<const double> y, std::span<const double> weights, std::span<double> out);

 private:
  Eigen::MatrixXd basis_;  // [points x polynomials]
  Eigen::MatrixXd weighted_;
  Eigen::MatrixXd gram_;
  Eigen::LLT<Eigen::MatrixXd> factor_;
  Eigen::VectorXd right_;
  Eigen::VectorXd coefficients_;
  Eigen::VectorXd residual_;
};

}  // namespace calcispec
