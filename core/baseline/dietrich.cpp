// Baseline by a polynomial through the points where the spectrum hardly slopes.
#include "core/baseline/classification.hpp"
#include "core/baseline/edges.hpp"
#include "core/baseline/polynomial_baseline.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace calcispec {
namespace {

constexpr ParameterInfo dietrich_smooth_parameter{
    .name = "smooth_half_window",
    .minimum = 0,
    .maximum = 1e6,
    .standard = std::numeric_limits<double>::quiet_NaN(),
    .unit = "points",
    .help =
        "half window of the moving average before the slopes; automatic: a 256th of the points"};
constexpr ParameterInfo dietrich_deviations_parameter{
    .name = "num_std",
    .minimum = 0,
    .maximum = 1e6,
    .standard = 3,
    .help = "standard deviations above the mean squared slope where bands begin"};
constexpr ParameterInfo dietrich_order_parameter{.name = "polynomial_order",
                                                 .aliases = "poly_order",
                                                 .type = ParameterType::integer,
                                                 .minimum = 0,
                                                 .maximum = 30,
                                                 .standard = 5,
                                                 .help = "degree of the polynomial"};
constexpr ParameterInfo dietrich_iterations_parameter{
    .name = "max_iterations",
    .aliases = "max_iter",
    .type = ParameterType::integer,
    .minimum = 0,
    .maximum = 100000,
    .standard = 50,
    .help = "most polynomials; 0: lines over the bands and nothing else"};
constexpr std::array dietrich_parameters{
    dietrich_smooth_parameter,
    dietrich_deviations_parameter,
    interpolation_parameter,
    dietrich_order_parameter,
    dietrich_iterations_parameter,
    polynomial_tolerance_parameter("relative change of the coefficients at which to stop"),
    least_length_parameter};

class DietrichRun {
 public:
  explicit DietrichRun(const MethodCall& call)
      : call_(call),
        basis_(call.axis.values(), call.parameters.integer("polynomial_order"), {}),
        slopes_(static_cast<std::size_t>(call.points())),
        rough_(slopes_.size()),
        baseline_(slopes_.size()) {}

  MethodStatus run_one(std::span<const double> y) {
    const auto& given = call_.parameters;
    find_slopes(y);
    auto mask = below_iterated_threshold(slopes_, given.real("num_std"));
    refine(mask, static_cast<std::size_t>(given.integer("min_length")));
    bridge(call_.axis.values(), y, mask, interpolation_window(given), rough_);
    const Index limit = given.integer("max_iterations");
    if (limit == 0) {
      baseline_ = rough_;
      return MethodStatus::converged;
    }
    basis_.fit(rough_, baseline_, powers_);
    for (Index k = 1; k < limit; ++k) {
      for (std::size_t i = 0; i < mask.size(); ++i) {
        rough_[i] = mask[i] != 0 ? baseline_[i] : rough_[i];
      }
      std::swap(powers_, before_);
      basis_.fit(rough_, baseline_, powers_);
      if (relative_change(before_, powers_) < given.real("tolerance")) {
        return MethodStatus::converged;
      }
    }
    return MethodStatus::iteration_limit;
  }
  [[nodiscard]] std::span<const double> baseline() const { return baseline_; }

 private:
  void find_slopes(std::span<const double> y) {
    const auto& given = call_.parameters;
    const std::size_t half = given.is_set("smooth_half_window")
                                 ? static_cast<std::size_t>(given.real("smooth_half_window"))
                                 : (y.size() + 255) / 256;
    moving_average(y, half, rough_);
    const std::size_t last = y.size() - 1;
    for (std::size_t i = 0; i <= last; ++i) {
      const double slope = i == 0      ? rough_[1] - rough_[0]
                           : i == last ? rough_[last] - rough_[last - 1]
                                       : 0.5 * (rough_[i + 1] - rough_[i - 1]);
      slopes_[i] = slope * slope;
    }
  }

  const MethodCall& call_;
  PolynomialBasis basis_;
  std::vector<double> slopes_;
  std::vector<double> rough_;
  std::vector<double> baseline_;
  std::vector<double> powers_;
  std::vector<double> before_;
};

/// Model      background where the squared slope is below an iterated threshold; lines over the
///            rest; a polynomial through all, its values put on the background, repeated
/// Status     converged | iteration_limit
/// Cost       O(points x order) per fit
/// Source     Dietrich et al., J. Magn. Reson. 91 (1991) 1
void run_dietrich(const MethodCall& call) {
  DietrichRun one(call);
  for (Index r = 0; r < call.count(); ++r) {
    call.status[static_cast<std::size_t>(r)] = one.run_one(call.row(r));
    call.give(r, one.baseline());
  }
}

}  // namespace

CoreMethod baseline_dietrich() {
  return {
      {"baseline",
       "dietrich", "polynomial through what hardly slopes",
       "Dietrich et al., J. Magn. Reson. 91 (1991) 1", dietrich_parameters},
      6,
      run_dietrich
  };
}

}  // namespace calcispec
