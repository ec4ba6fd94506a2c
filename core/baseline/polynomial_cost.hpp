// Polynomials that minimise a cost which does not grow with the square of what stands above them.
#pragma once

#include "core/baseline/polynomial_baseline.hpp"

namespace calcispec {

constexpr ParameterInfo cost_parameter(double standard) {
  return {.name = "cost_function",
          .type = ParameterType::choice,
          .minimum = 0,
          .maximum = 5,
          .standard = standard,
          .choices =
              "asymmetric_truncated_quadratic symmetric_truncated_quadratic asymmetric_huber "
              "symmetric_huber asymmetric_indec symmetric_indec",
          .help = "what residuals cost above the threshold; asymmetric: above the baseline alone"};
}
inline constexpr ParameterInfo alpha_parameter{
    .name = "alpha_factor",
    .minimum = 0,
    .maximum = 1,
    .standard = 0.99,
    .help = "how fast a step goes; 1 is the most that is stable"};

enum class CostKind { truncated_quadratic, huber, indec };

/// A square up to the threshold, then flat, straight or (indec) falling off.
struct PolynomialCost {
  CostKind kind = CostKind::truncated_quadratic;
  bool is_symmetric = false;
  double alpha = 0;  // half of alpha_factor: each of these costs allows at most 1/2

  /// -r + alpha * slope of the cost at r.
  [[nodiscard]] double correction(double r, double threshold) const;
};

/// The cost that the parameters name.
PolynomialCost polynomial_cost(const ParameterSet& given);

/// Half-quadratic descent: least squares of y + correction(y - polynomial before), repeated.
class CostPolynomial {
 public:
  CostPolynomial(const MethodCall& call, const PolynomialCost& cost);
  void least_squares(std::span<const double> y);
  void start_from(std::span<const double> baseline);
  /// Steps until the baseline changes by less than the parameter `tolerance`.
  MethodStatus descend(std::span<const double> y, double threshold);
  [[nodiscard]] std::span<const double> baseline() const { return baseline_; }

 private:
  PolynomialBasis basis_;
  PolynomialCost cost_;
  double tolerance_;
  Index limit_;
  std::vector<double> baseline_;
  std::vector<double> next_;
  std::vector<double> moved_;
};

}  // namespace calcispec
