// Baseline by a polynomial whose cost does not grow with the square of what stands above it.
#include "core/baseline/polynomial_baseline.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <string_view>

namespace calcispec {
namespace {

constexpr ParameterInfo cost_parameter{
    .name = "cost_function",
    .type = ParameterType::choice,
    .minimum = 0,
    .maximum = 5,
    .standard = 0,
    .choices =
        "asymmetric_truncated_quadratic symmetric_truncated_quadratic asymmetric_huber "
        "symmetric_huber asymmetric_indec symmetric_indec",
    .help = "what residuals cost above the threshold; asymmetric: above the baseline alone"};
constexpr ParameterInfo threshold_parameter{
    .name = "threshold",
    .minimum = 0,
    .maximum = 1e300,
    .standard = std::numeric_limits<double>::quiet_NaN(),
    .unit = "ordinate",
    .help = "up to here squares; automatic: a tenth of the standard deviation of the spectrum"};
constexpr ParameterInfo alpha_parameter{
    .name = "alpha_factor",
    .minimum = 0,
    .maximum = 1,
    .standard = 0.99,
    .help = "how fast a step goes; 1 is the most that is stable"};
constexpr std::array parameters{
    polynomial_order_parameter,
    polynomial_tolerance_parameter("relative change of the baseline at which to stop"),
    polynomial_iterations_parameter,
    cost_parameter,
    threshold_parameter,
    alpha_parameter};

enum class Cost { truncated_quadratic, huber, indec };

struct Rule {
  Cost cost = Cost::truncated_quadratic;
  bool is_symmetric = false;
  double threshold = 0;
  double alpha = 0;  // half of alpha_factor: each of these costs allows at most 1/2

  // -r + alpha * slope of the cost at r.
  [[nodiscard]] double correction(double r) const {
    const bool is_inside = (is_symmetric ? std::abs(r) : r) < threshold;
    if (is_inside) {
      return r * (2 * alpha - 1);
    }
    const double sign = is_symmetric && r < 0 ? -1 : 1;
    switch (cost) {
      case Cost::huber:
        return 2 * alpha * threshold * sign - r;
      case Cost::indec: {
        const double square = std::max(2 * r * r, std::numeric_limits<double>::epsilon());
        return -r - alpha * sign * threshold * threshold * threshold / square;
      }
      case Cost::truncated_quadratic:
        break;
    }
    return -r;
  }
};

double standard_deviation(std::span<const double> y) {
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

Rule rule_of(const ParameterSet& given, std::span<const double> y) {
  const auto name = given.choice("cost_function");
  Rule rule;
  rule.is_symmetric = name.starts_with("symmetric");
  rule.cost = name.ends_with("huber")   ? Cost::huber
              : name.ends_with("indec") ? Cost::indec
                                        : Cost::truncated_quadratic;
  rule.threshold = given.is_set("threshold") ? given.real("threshold") : standard_deviation(y) / 10;
  rule.alpha = 0.5 * given.real("alpha_factor");
  return rule;
}

/// Model      minimise the sum of a cost of y - polynomial, by half-quadratic steps: least squares
///            of y + correction(y - polynomial before)
/// Status     converged | iteration_limit
/// Cost       O(points x order) per step
/// Source     Mazet et al., Chemom. Intell. Lab. Syst. 76 (2005) 121; indec: Liu et al., Appl.
///            Spectrosc. 69 (2015) 834
void run(const MethodCall& call) {
  const PolynomialBasis basis(call.axis.values(), call.parameters.integer("polynomial_order"), {});
  const auto points = static_cast<std::size_t>(call.points());
  std::vector<double> baseline(points);
  std::vector<double> next(points);
  std::vector<double> moved(points);
  for (Index r = 0; r < call.count(); ++r) {
    const auto y = call.row(r);
    const auto rule = rule_of(call.parameters, y);
    basis.fit(y, baseline);
    auto status = MethodStatus::iteration_limit;
    for (Index k = 0; k < call.parameters.integer("max_iterations"); ++k) {
      for (std::size_t i = 0; i < points; ++i) {
        moved[i] = y[i] + rule.correction(y[i] - baseline[i]);
      }
      basis.fit(moved, next);
      const double change = relative_change(baseline, next);
      std::swap(baseline, next);
      if (change < call.parameters.real("tolerance")) {
        status = MethodStatus::converged;
        break;
      }
    }
    call.give(r, baseline);
    call.status[static_cast<std::size_t>(r)] = status;
  }
}

}  // namespace

CoreMethod baseline_penalized_poly() {
  return {
      {"baseline",
       "penalized_poly", "polynomial of a cost that is not a square",
       "Mazet et al., Chemom. Intell. Lab. Syst. 76 (2005) 121", parameters},
      3,
      run
  };
}

}  // namespace calcispec
