// Baseline by a polynomial with a given share of the points below it.
#include "core/baseline/polynomial_baseline.hpp"
#include "core/baseline/weighted_polynomial.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace calcispec {
namespace {

constexpr ParameterInfo quantile_parameter{.name = "quantile",
                                           .minimum = 1e-6,
                                           .maximum = 1 - 1e-6,
                                           .standard = 0.05,
                                           .help = "share of the points below the baseline"};
constexpr ParameterInfo quant_reg_tolerance_parameter{
    .name = "tolerance",
    .aliases = "tol",
    .minimum = -1,
    .maximum = 1,
    .standard = 1e-6,
    .help = "relative change of the baseline at which to stop"};
constexpr ParameterInfo quant_reg_rounding_parameter{
    .name = "rounding",
    .aliases = "eps",
    .minimum = 1e-300,
    .maximum = 1e300,
    .standard = std::numeric_limits<double>::quiet_NaN(),
    .unit = "ordinate^2",
    .help =
        "added to the square of a residual before it divides; automatic: the square of a "
        "millionth of the largest baseline value"};
constexpr std::array quant_reg_parameters{polynomial_order_parameter,
                                          quantile_parameter,
                                          quant_reg_tolerance_parameter,
                                          polynomial_iterations_parameter,
                                          quant_reg_rounding_parameter};

class QuantileRun {
 public:
  explicit QuantileRun(const MethodCall& call)
      : given_(call.parameters),
        polynomial_(call.axis.values(), given_.integer("polynomial_order")),
        weights_(static_cast<std::size_t>(call.points())),
        baseline_(weights_.size()),
        before_(weights_.size()) {}

  MethodStatus run_one(std::span<const double> y) {
    std::fill(weights_.begin(), weights_.end(), 1.0);
    std::copy(y.begin(), y.end(), before_.begin());
    for (Index k = 0; k <= given_.integer("max_iterations"); ++k) {
      polynomial_.fit(y, weights_, baseline_);
      if (relative_change(before_, baseline_) < given_.real("tolerance")) {
        return MethodStatus::converged;
      }
      reweigh(y);
      std::copy(baseline_.begin(), baseline_.end(), before_.begin());
    }
    return MethodStatus::iteration_limit;
  }
  [[nodiscard]] std::span<const double> baseline() const { return baseline_; }

 private:
  // The least squares of these weights are the absolute values of the quantile's cost.
  void reweigh(std::span<const double> y) {
    double rounding = given_.real("rounding");
    if (std::isnan(rounding)) {
      double largest = 0;
      for (const double z : baseline_) {
        largest = std::max(largest, std::abs(z));
      }
      rounding = std::max(1e-12 * largest * largest, std::numeric_limits<double>::min());
    }
    const double quantile = given_.real("quantile");
    for (std::size_t i = 0; i < y.size(); ++i) {
      const double r = y[i] - baseline_[i];
      weights_[i] = (r > 0 ? quantile : 1 - quantile) / std::sqrt(r * r + rounding);
    }
  }

  const ParameterSet& given_;
  WeightedPolynomial polynomial_;
  std::vector<double> weights_;
  std::vector<double> baseline_;
  std::vector<double> before_;
};

/// Model      minimise sum of q r for residuals r > 0 and (q - 1) r for others, by reweighted least
///            squares with weights q / |r| and (1 - q) / |r|, |r| rounded off near 0
/// Status     converged | iteration_limit
/// Cost       O(points x order^2) per fit
/// Source     Komsta, Chromatographia 73 (2011) 721; Schnabel & Eilers, Comput. Stat. Data Anal. 53
///            (2009) 4168 (reweighting)
void run_quant_reg(const MethodCall& call) {
  QuantileRun one(call);
  for (Index r = 0; r < call.count(); ++r) {
    call.status[static_cast<std::size_t>(r)] = one.run_one(call.row(r));
    call.give(r, one.baseline());
  }
}

}  // namespace

CoreMethod baseline_quant_reg() {
  return {
      {"baseline",
       "quant_reg", "polynomial with a given share of the points below it",
       "Komsta, Chromatographia 73 (2011) 721", quant_reg_parameters},
      3,
      run_quant_reg
  };
}

}  // namespace calcispec
