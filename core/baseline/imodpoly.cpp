// Baseline by polynomials through what lies below the last one plus the noise.
#include "core/baseline/polynomial_baseline.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <optional>

namespace calcispec {
namespace {

constexpr ParameterInfo mask_parameter{.name = "mask_initial_peaks",
                                       .type = ParameterType::flag,
                                       .minimum = 0,
                                       .maximum = 1,
                                       .standard = 1,
                                       .help = "leave out what stands above the first fit"};
constexpr ParameterInfo deviations_parameter{
    .name = "num_std",
    .minimum = 0,
    .maximum = 100,
    .standard = 1,
    .help = "standard deviations of the residuals that are let stand above the polynomial"};
constexpr std::array parameters{
    polynomial_order_parameter,
    polynomial_tolerance_parameter("relative change of the deviation at which to stop"),
    polynomial_iterations_parameter,
    use_original_parameter,
    mask_parameter,
    deviations_parameter};

// Standard deviation of y - baseline over all points, those left out of the fit too.
double deviation_of(std::span<const double> y, std::span<const double> baseline) {
  const auto n = static_cast<double>(y.size());
  double mean = 0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    mean += (y[i] - baseline[i]) / n;
  }
  double square = 0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    square += (y[i] - baseline[i] - mean) * (y[i] - baseline[i] - mean);
  }
  return std::sqrt(square / n);
}

/// Model      least squares of a polynomial through min(y, polynomial + k * deviation), repeated
/// Status     converged | iteration_limit
/// Cost       O(points x order) per fit, and once O(points x order^2) per spectrum for its mask
/// Source     Zhao et al., Appl. Spectrosc. 61 (2007) 1225
class ImodpolyRun {
 public:
  explicit ImodpolyRun(const MethodCall& call)
      : call_(call),
        order_(call.parameters.integer("polynomial_order")),
        whole_(call.axis.values(), order_, {}),
        baseline_(static_cast<std::size_t>(call.points())),
        cut_(baseline_.size()) {}

  void run() {
    for (Index r = 0; r < call_.count(); ++r) {
      call_.status[static_cast<std::size_t>(r)] = run_one(call_.row(r));
      call_.give(r, baseline_);
    }
  }

 private:
  MethodStatus run_one(std::span<double> y) {
    whole_.fit(y, baseline_);
    double deviation = deviation_of(y, baseline_);
    std::optional<PolynomialBasis> masked;
    if (call_.parameters.flag("mask_initial_peaks")) {
      std::vector<char> counts(y.size());
      for (std::size_t i = 0; i < y.size(); ++i) {
        counts[i] = baseline_[i] + deviation < y[i] ? char{0} : char{1};
      }
      masked.emplace(call_.axis.values(), order_, counts);
    }
    const auto& basis = masked ? *masked : whole_;
    const double more = call_.parameters.real("num_std");
    const bool uses_original = call_.parameters.flag("use_original");
    std::copy(y.begin(), y.end(), cut_.begin());
    for (Index k = 0; k < call_.parameters.integer("max_iterations"); ++k) {
      for (std::size_t i = 0; i < y.size(); ++i) {
        cut_[i] = std::min(uses_original ? y[i] : cut_[i], baseline_[i] + more * deviation);
      }
      basis.fit(cut_, baseline_);
      const double next = deviation_of(cut_, baseline_);
      const double change =
          std::abs(next - deviation) / std::max(next, std::numeric_limits<double>::epsilon());
      if (change < call_.parameters.real("tolerance")) {
        return MethodStatus::converged;
      }
      deviation = next;
    }
    return MethodStatus::iteration_limit;
  }

  const MethodCall& call_;
  Index order_;
  PolynomialBasis whole_;
  std::vector<double> baseline_;
  std::vector<double> cut_;
};

void run(const MethodCall& call) {
  ImodpolyRun(call).run();
}

}  // namespace

CoreMethod baseline_imodpoly() {
  return {
      {"baseline",
       "imodpoly", "polynomial through what lies below it plus the noise",
       "Zhao et al., Appl. Spectrosc. 61 (2007) 1225", parameters},
      3,
      run
  };
}

}  // namespace calcispec
