#include "core/baseline/penalized_solve.hpp"

#include <algorithm>
#include <array>

namespace calcispec {

PenalizedSolver::PenalizedSolver(std::size_t points, Index order)
    : points_(points),
      order_(static_cast<std::size_t>(order)),
      penalty_(points * (order_ + 1), 0.0),
      lower_(points * order_),
      pivot_(points),
      weights_(points) {
  std::array<double, 5> difference{1};
  for (std::size_t k = 0; k < order_; ++k) {  // binomial with alternating sign
    for (std::size_t j = k + 1; j > 0; --j) {
      difference[j] -= difference[j - 1];
    }
  }
  for (std::size_t row = 0; row + order_ < points; ++row) {
    for (std::size_t a = 0; a <= order_; ++a) {
      for (std::size_t b = 0; b <= a; ++b) {
        penalty_[(row + a) * (order_ + 1) + a - b] += difference[a] * difference[b];
      }
    }
  }
}

template <std::size_t order>
void PenalizedSolver::factor_of_order(std::span<const double> weights, double lambda) {
  std::array<std::array<double, order>, order> before{};  // rows of L of the points before
  std::array<double, order> inverse{};                    // of their pivots, [0] the nearest
  for (std::size_t i = 0; i < points_; ++i) {
    const double* const row = penalty_.data() + i * (order + 1);
    std::array<double, order> product{};
    std::array<double, order> own{};
    double pivot = weights[i] + lambda * row[0];
    for (std::size_t k = order; k-- > 0;) {
      double sum = lambda * row[k + 1];
      for (std::size_t m = order; m-- > k + 1;) {
        sum -= product[m] * before[k][m - k - 1];
      }
      product[k] = sum;
      own[k] = sum * inverse[k];
      pivot -= sum * own[k];
    }
    for (std::size_t k = order; k-- > 1;) {
      before[k] = before[k - 1];
      inverse[k] = inverse[k - 1];
    }
    before[0] = own;
    inverse[0] = 1 / pivot;
    std::copy(own.begin(), own.end(), lower_.begin() + static_cast<std::ptrdiff_t>(i * order));
    pivot_[i] = inverse[0];
  }
}

template <std::size_t order>
void PenalizedSolver::solve_of_order(std::span<double> values) const {
  for (std::size_t i = 0; i < points_; ++i) {
    for (std::size_t k = std::min(order, i); k-- > 0;) {
      values[i] -= lower_[i * order + k] * values[i - 1 - k];
    }
  }
  for (std::size_t i = points_; i-- > 0;) {
    double value = values[i] * pivot_[i];
    for (std::size_t k = std::min(order, points_ - 1 - i); k-- > 0;) {
      value -= lower_[(i + 1 + k) * order + k] * values[i + 1 + k];
    }
    values[i] = value;
  }
}

void PenalizedSolver::factor(std::span<const double> weights, double lambda) {
  switch (order_) {
    case 1:
      return factor_of_order<1>(weights, lambda);
    case 2:
      return factor_of_order<2>(weights, lambda);
    case 3:
      return factor_of_order<3>(weights, lambda);
    default:
      return factor_of_order<4>(weights, lambda);
  }
}

void PenalizedSolver::factor(double weight, double lambda) {
  std::fill(weights_.begin(), weights_.end(), weight);
  factor(weights_, lambda);
}

void PenalizedSolver::solve(std::span<const double> right, std::span<double> out) const {
  if (right.data() != out.data()) {
    std::copy(right.begin(), right.end(), out.begin());
  }
  switch (order_) {
    case 1:
      return solve_of_order<1>(out);
    case 2:
      return solve_of_order<2>(out);
    case 3:
      return solve_of_order<3>(out);
    default:
      return solve_of_order<4>(out);
  }
}

void smooth_penalized(std::span<const double> y,
                      double lambda,
                      Index order,
                      std::span<double> out) {
  PenalizedSolver solver(y.size(), order);
  solver.factor(1, lambda);
  solver.solve(y, out);
}

}  // namespace calcispec
