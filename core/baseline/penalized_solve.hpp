// One penalised least-squares system, for baselines that solve it once or a few times.
#pragma once

#include "core/export.hpp"

#include <span>
#include <vector>

namespace calcispec {

/// (W + lambda D'D) z = right, W diagonal, D the difference of order 1 to 4.
/// Cost: O(points) for one factorisation and one solution.
class PenalizedSolver {
 public:
  PenalizedSolver(std::size_t points, Index order);
  /// Throws nothing: a matrix that is not positive definite gives values that are not numbers.
  void factor(std::span<const double> weights, double lambda);
  void factor(double weight, double lambda);
  /// `out` may be `right`.
  void solve(std::span<const double> right, std::span<double> out) const;

 private:
  template <std::size_t order>
  void factor_of_order(std::span<const double> weights, double lambda);
  template <std::size_t order>
  void solve_of_order(std::span<double> values) const;

  std::size_t points_;
  std::size_t order_;
  std::vector<double> penalty_;  // [point][distance], lambda of 1
  std::vector<double> lower_;    // [point][distance - 1], unit lower triangle
  std::vector<double> pivot_;    // reciprocals
  std::vector<double> weights_;
};

/// y smoothed: weights 1 and a penalty on the difference of an order.
void smooth_penalized(std::span<const double> y, double lambda, Index order, std::span<double> out);

}  // namespace calcispec
