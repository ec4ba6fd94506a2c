// Baseline by the upper edge of four polynomials, of two degrees, free and held at the ends.
#include "core/baseline/polynomial_baseline.hpp"
#include "core/baseline/weighted_polynomial.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

namespace calcispec {
namespace {

constexpr ParameterInfo lower_order_parameter{
    .name = "polynomial_order",
    .aliases = "poly_order",
    .minimum = 0,
    .maximum = 29,
    .standard = std::numeric_limits<double>::quiet_NaN(),
    .help = "lower of the two degrees (automatic: by the ratio of baseline to signal)"};
constexpr ParameterInfo method_parameter{.name = "method",
                                         .type = ParameterType::choice,
                                         .standard = 0,
                                         .choices = "modpoly imodpoly",
                                         .help = "how each polynomial is fitted"};
constexpr ParameterInfo adaptive_minmax_fraction_parameter{
    .name = "constrained_fraction",
    .minimum = 0,
    .maximum = 0.5,
    .standard = 0.01,
    .help = "points at either end that hold the polynomial, as a part of all"};
constexpr ParameterInfo adaptive_minmax_weight_parameter{
    .name = "constrained_weight",
    .minimum = 1,
    .maximum = 1e12,
    .standard = 1e5,
    .help = "weight of the points that hold the polynomial"};
constexpr ParameterInfo estimate_parameter{
    .name = "estimation_poly_order",
    .type = ParameterType::integer,
    .minimum = 0,
    .maximum = 30,
    .standard = 2,
    .help = "degree of the fit that finds the ratio of baseline to signal"};
constexpr std::array adaptive_minmax_parameters{lower_order_parameter,
                                                method_parameter,
                                                adaptive_minmax_fraction_parameter,
                                                adaptive_minmax_weight_parameter,
                                                estimate_parameter};

constexpr double fit_tolerance = 1e-3;
constexpr int most_fits = 250;

// Polynomial through min(y, polynomial before), repeated as in baseline.modpoly.
MethodStatus fit_below(std::span<const double> y,
                       std::span<const double> weights,
                       WeightedPolynomial& polynomial,
                       std::span<double> fit) {
  std::vector<double> cut(y.begin(), y.end());
  std::vector<double> before(y.size());
  polynomial.fit(cut, weights, fit);
  for (int k = 0; k < most_fits; ++k) {
    for (std::size_t i = 0; i < y.size(); ++i) {
      cut[i] = std::min(cut[i], fit[i]);
    }
    std::copy(fit.begin(), fit.end(), before.begin());
    polynomial.fit(cut, weights, fit);
    if (relative_change(before, fit) < fit_tolerance) {
      return MethodStatus::converged;
    }
  }
  return MethodStatus::iteration_limit;
}

double deviation_of(std::span<const double> y, std::span<const double> fit) {
  const auto n = static_cast<double>(y.size());
  double mean = 0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    mean += (y[i] - fit[i]) / n;
  }
  double square = 0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    square += (y[i] - fit[i] - mean) * (y[i] - fit[i] - mean);
  }
  return std::sqrt(square / n);
}

// Polynomial through min(y, polynomial before + deviation), without what stands above the first,
// repeated as in baseline.imodpoly.
MethodStatus fit_below_noise(std::span<const double> y,
                             std::span<const double> weights,
                             WeightedPolynomial& polynomial,
                             std::span<double> fit) {
  polynomial.fit(y, weights, fit);
  double deviation = deviation_of(y, fit);
  std::vector<double> masked(weights.begin(), weights.end());
  for (std::size_t i = 0; i < y.size(); ++i) {
    masked[i] = fit[i] + deviation < y[i] ? 0 : masked[i];
  }
  std::vector<double> cut(y.begin(), y.end());
  for (int k = 0; k < most_fits; ++k) {
    for (std::size_t i = 0; i < y.size(); ++i) {
      cut[i] = std::min(cut[i], fit[i] + deviation);
    }
    polynomial.fit(cut, masked, fit);
    const double next = deviation_of(cut, fit);
    const double change =
        std::abs(next - deviation) / std::max(next, std::numeric_limits<double>::epsilon());
    if (change < fit_tolerance) {
      return MethodStatus::converged;
    }
    deviation = next;
  }
  return MethodStatus::iteration_limit;
}

struct Degrees {
  Index lower;
  Index upper;
};

// Table 2 of the source.
Degrees degrees_for(double ratio) {
  struct Row {
    double below;
    Degrees degrees;
  };
  constexpr std::array<Row, 6> rows{
      {{0.2, {1, 2}}, {0.75, {2, 3}}, {8.5, {3, 4}}, {55, {4, 5}}, {240, {5, 6}}, {517, {6, 7}}}
  };
  for (const auto& row : rows) {
    if (ratio < row.below) {
      return row.degrees;
    }
  }
  return {6, 8};
}

double adaptive_minmax_span_of(std::span<const double> values) {
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  return *high - *low;
}

/// Model      the largest of four polynomials at each point
/// Status     converged | iteration_limit (of any of the four)
/// Cost       O(points x degree) per fit
/// Source     Cao et al., J. Raman Spectrosc. 38 (2007) 1199
class AdaptiveMinmax {
 public:
  explicit AdaptiveMinmax(const MethodCall& call)
      : call_(call),
        points_(static_cast<std::size_t>(call.points())),
        even_(points_, 1.0),
        held_(points_, 1.0),
        fit_(points_),
        baseline_(points_),
        is_improved_(call.parameters.choice("method") == "imodpoly") {
    const auto ends = static_cast<std::size_t>(
        std::ceil(static_cast<double>(points_) * call.parameters.real("constrained_fraction")));
    for (std::size_t i = 0; i < std::min(ends, points_); ++i) {
      held_[i] = call.parameters.real("constrained_weight");
      held_[points_ - 1 - i] = held_[i];
    }
  }

  void run() {
    for (Index r = 0; r < call_.count(); ++r) {
      const auto y = call_.row(r);
      status_ = MethodStatus::converged;
      const auto degrees = degrees_of(y);
      std::fill(baseline_.begin(), baseline_.end(), -std::numeric_limits<double>::infinity());
      for (const Index degree : {degrees.lower, degrees.upper}) {
        raise(y, degree, even_);
        raise(y, degree, held_);
      }
      call_.give(r, baseline_);
      call_.status[static_cast<std::size_t>(r)] = status_;
    }
  }

 private:
  void fit(std::span<const double> y, Index degree, std::span<const double> weights) {
    WeightedPolynomial polynomial(call_.axis.values(), degree);
    const auto status = is_improved_ ? fit_below_noise(y, weights, polynomial, fit_)
                                     : fit_below(y, weights, polynomial, fit_);
    status_ = status == MethodStatus::converged ? status_ : status;
  }

  void raise(std::span<const double> y, Index degree, std::span<const double> weights) {
    fit(y, degree, weights);
    for (std::size_t i = 0; i < points_; ++i) {
      baseline_[i] = std::max(baseline_[i], fit_[i]);
    }
  }

  Degrees degrees_of(std::span<const double> y) {
    if (call_.parameters.is_set("polynomial_order")) {
      const auto lower = call_.parameters.integer("polynomial_order");
      return {lower, lower + 1};
    }
    fit(y, call_.parameters.integer("estimation_poly_order"), even_);
    const double background = adaptive_minmax_span_of(fit_);
    for (std::size_t i = 0; i < points_; ++i) {
      fit_[i] = y[i] - fit_[i];
    }
    return degrees_for(background / std::max(adaptive_minmax_span_of(fit_), 1e-300));
  }

  const MethodCall& call_;
  std::size_t points_;
  std::vector<double> even_;
  std::vector<double> held_;
  std::vector<double> fit_;
  std::vector<double> baseline_;
  bool is_improved_;
  MethodStatus status_ = MethodStatus::converged;
};

void run_adaptive_minmax(const MethodCall& call) {
  AdaptiveMinmax(call).run();
}

}  // namespace

CoreMethod baseline_adaptive_minmax() {
  return {
      {"baseline",
       "adaptive_minmax", "upper edge of polynomials of two degrees, free and held at the ends",
       "Cao et al., J. Raman Spectrosc. 38 (2007) 1199", adaptive_minmax_parameters},
      6,
      run_adaptive_minmax
  };
}

}  // namespace calcispec
