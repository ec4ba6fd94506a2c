// Baseline by a polynomial whose cost does not grow with the square of what stands above it.
#include "core/baseline/polynomial_cost.hpp"

#include <array>
#include <cmath>
#include <limits>

namespace calcispec {
namespace {

constexpr ParameterInfo penalized_poly_threshold_parameter{
    .name = "threshold",
    .minimum = 0,
    .maximum = 1e300,
    .standard = std::numeric_limits<double>::quiet_NaN(),
    .unit = "ordinate",
    .help = "up to here squares; automatic: a tenth of the standard deviation of the spectrum"};
constexpr std::array penalized_poly_parameters{
    polynomial_order_parameter,
    polynomial_tolerance_parameter("relative change of the baseline at which to stop"),
    polynomial_iterations_parameter,
    cost_parameter(0),
    penalized_poly_threshold_parameter,
    alpha_parameter};

double standard_deviation_penalized_poly(std::span<const double> y) {
  const auto n = static_cast<double>(y.size());
  double mean = 0;
  for (const double v : y) {
    mean += v / n;
  }
  double square = 0;
  for (const double v : y) {
    square += (v - mean) * (v - mean);
  }
  return std::sqrt(square / n);
}

/// Model      minimise the sum of a cost of y - polynomial, by half-quadratic steps: least squares
///            of y + correction(y - polynomial before)
/// Status     converged | iteration_limit
/// Cost       O(points x order) per step, a register of points at a time
/// Source     Mazet et al., Chemom. Intell. Lab. Syst. 76 (2005) 121; indec: Liu et al., Appl.
///            Spectrosc. 69 (2015) 834
void run_penalized_poly(const MethodCall& call) {
  with_polynomials(call, [&](const auto& polynomials) {
    CostPolynomial fit(call, polynomials);
    std::vector<double> baseline(static_cast<std::size_t>(call.points()));
    for (Index r = 0; r < call.count(); ++r) {
      const auto y = call.row(r);
      const double threshold = call.parameters.is_set("threshold")
                                   ? call.parameters.real("threshold")
                                   : standard_deviation_penalized_poly(y) / 10;
      fit.least_squares(y);
      call.status[static_cast<std::size_t>(r)] = fit.descend(threshold);
      fit.give_baseline(baseline);
      call.give(r, baseline);
    }
  });
}

}  // namespace

CoreMethod baseline_penalized_poly() {
  return {
      {"baseline",
       "penalized_poly", "polynomial of a cost that is not a square",
       "Mazet et al., Chemom. Intell. Lab. Syst. 76 (2005) 121", penalized_poly_parameters},
      3,
      run_penalized_poly
  };
}

}  // namespace calcispec
