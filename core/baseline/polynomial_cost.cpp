#include "core/baseline/polynomial_cost.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace calcispec {

double PolynomialCost::correction(double r, double threshold) const {
  const bool is_inside = (is_symmetric ? std::abs(r) : r) < threshold;
  if (is_inside) {
    return r * (2 * alpha - 1);
  }
  const double sign = is_symmetric && r < 0 ? -1 : 1;
  switch (kind) {
    case CostKind::huber:
      return 2 * alpha * threshold * sign - r;
    case CostKind::indec: {
      const double square = std::max(2 * r * r, std::numeric_limits<double>::epsilon());
      return -r - alpha * sign * threshold * threshold * threshold / square;
    }
    case CostKind::truncated_quadratic:
      break;
  }
  return -r;
}

PolynomialCost polynomial_cost(const ParameterSet& given) {
  const auto name = given.choice("cost_function");
  return {name.ends_with("huber")   ? CostKind::huber
          : name.ends_with("indec") ? CostKind::indec
                                    : CostKind::truncated_quadratic,
          name.starts_with("symmetric"),
          0.5 * given.real("alpha_factor")};
}

CostPolynomial::CostPolynomial(const MethodCall& call, const PolynomialCost& cost)
    : basis_(call.axis.values(), call.parameters.integer("polynomial_order"), {}),
      cost_(cost),
      tolerance_(call.parameters.real("tolerance")),
      limit_(call.parameters.integer("max_iterations")),
      baseline_(static_cast<std::size_t>(call.points())),
      next_(baseline_.size()),
      moved_(baseline_.size()) {}

void CostPolynomial::least_squares(std::span<const double> y) {
  basis_.fit(y, baseline_);
}

void CostPolynomial::start_from(std::span<const double> baseline) {
  std::copy(baseline.begin(), baseline.end(), baseline_.begin());
}

MethodStatus CostPolynomial::descend(std::span<const double> y, double threshold) {
  for (Index k = 0; k < limit_; ++k) {
    for (std::size_t i = 0; i < moved_.size(); ++i) {
      moved_[i] = y[i] + cost_.correction(y[i] - baseline_[i], threshold);
    }
    basis_.fit(moved_, next_);
    const double change = relative_change(baseline_, next_);
    std::swap(baseline_, next_);
    if (change < tolerance_) {
      return MethodStatus::converged;
    }
  }
  return MethodStatus::iteration_limit;
}

}  // namespace calcispec
