#include "core/baseline/weighted_polynomial.hpp"

#include "core/baseline/polynomial_baseline.hpp"

namespace calcispec {

WeightedPolynomial::WeightedPolynomial(std::span<const double> x, Index order) {
  const PolynomialBasis orthonormal(x, order, {});
  const auto points = static_cast<Index>(x.size());
  basis_.resize(points, orthonormal.size());
  for (Index k = 0; k < basis_.cols(); ++k) {
    const auto polynomial = orthonormal.polynomial(k);
    basis_.col(k) = Eigen::Map<const Eigen::VectorXd>(polynomial.data(), points);
  }
  weighted_.resize(points, basis_.cols());
  gram_.resize(basis_.cols(), basis_.cols());
  right_.resize(basis_.cols());
  coefficients_.resize(basis_.cols());
  residual_.resize(points);
}

void WeightedPolynomial::fit(std::span<const double> y,
                             std::span<const double> weights,
                             std::span<double> out) {
  const Index points = basis_.rows();
  const Eigen::Map<const Eigen::VectorXd> values(y.data(), points);
  const Eigen::Map<const Eigen::VectorXd> w(weights.data(), points);
  for (Index k = 0; k < basis_.cols(); ++k) {
    weighted_.col(k) = basis_.col(k).cwiseProduct(w);
  }
  gram_.noalias() = weighted_.transpose() * basis_;
  factor_.compute(gram_);
  right_.noalias() = weighted_.transpose() * values;
  coefficients_ = factor_.solve(right_);
  residual_ = values;
  residual_.noalias() -= basis_ * coefficients_;
  right_.noalias() = weighted_.transpose() * residual_;
  coefficients_ += factor_.solve(right_);
  Eigen::Map<Eigen::VectorXd>(out.data(), points).noalias() = basis_ * coefficients_;
}

}  // namespace calcispec
