// Baseline by one polynomial through all points.
#include "core/baseline/polynomial_baseline.hpp"

#include <array>

namespace calcispec {
namespace {

constexpr std::array poly_parameters{polynomial_order_parameter};

/// Model      least squares of a polynomial in the axis
/// Status     converged
/// Cost       O(points x order)
void run_poly(const MethodCall& call) {
  const PolynomialBasis basis(call.axis.values(), call.parameters.integer("polynomial_order"), {});
  std::vector<double> baseline(static_cast<std::size_t>(call.points()));
  for (Index r = 0; r < call.count(); ++r) {
    const auto y = call.row(r);
    basis.fit(y, baseline);
    call.give(r, baseline);
    call.status[static_cast<std::size_t>(r)] = MethodStatus::converged;
  }
}

}  // namespace

CoreMethod baseline_poly() {
  return {
      {"baseline", "poly", "polynomial through all points", "-", poly_parameters},
      3, run_poly
  };
}

}  // namespace calcispec
