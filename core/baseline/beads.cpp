// Baseline as what a low-pass filter keeps beside sparse peaks with sparse derivatives (BEADS).
#include "core/baseline/banded_matrix.hpp"
#include "core/baseline/edges.hpp"
#include "core/baseline/polynomial_baseline.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

namespace calcispec {
namespace {

constexpr ParameterInfo weight_parameter_beads(std::string_view name,
                                               std::string_view aliases,
                                               std::string_view help) {
  return {.name = name,
          .aliases = aliases,
          .minimum = 1e-12,
          .maximum = 1e12,
          .standard = 1,
          .help = help};
}
constexpr ParameterInfo rounding_parameter_beads(std::string_view name, std::string_view help) {
  return {.name = name,
          .minimum = 1e-300,
          .maximum = 1e12,
          .standard = 1e-6,
          .unit = "ordinate",
          .help = help};
}
constexpr ParameterInfo cutoff_parameter{.name = "freq_cutoff",
                                         .minimum = 1e-5,
                                         .maximum = 0.499,
                                         .standard = 0.005,
                                         .unit = "cycles per point",
                                         .help = "frequency below which the baseline lies"};
constexpr ParameterInfo beads_asymmetry_parameter{
    .name = "asymmetry",
    .minimum = 1e-6,
    .maximum = 1e6,
    .standard = 6,
    .help = "what a negative value of the peaks costs over a positive one"};
constexpr ParameterInfo filter_parameter{.name = "filter_type",
                                         .type = ParameterType::integer,
                                         .minimum = 1,
                                         .maximum = 2,
                                         .standard = 1,
                                         .help = "half the order of the high-pass filter"};
constexpr ParameterInfo beads_cost_parameter{
    .name = "cost_function",
    .type = ParameterType::choice,
    .minimum = 0,
    .maximum = 1,
    .standard = 1,
    .choices = "1 2",
    .help = "rounding of |x| near 0: 1 sqrt(x^2 + eps), 2 |x| - eps log(|x| + eps)"};
constexpr ParameterInfo beads_iterations_parameter{.name = "max_iterations",
                                                   .aliases = "max_iter",
                                                   .type = ParameterType::integer,
                                                   .minimum = 0,
                                                   .maximum = 10000,
                                                   .standard = 50,
                                                   .help = "most rounds"};
constexpr ParameterInfo beads_tolerance_parameter{
    .name = "tolerance",
    .aliases = "tol",
    .minimum = -1,
    .maximum = 1,
    .standard = 1e-2,
    .help = "relative change of the cost at which to stop"};
constexpr ParameterInfo parabola_parameter{
    .name = "fit_parabola",
    .type = ParameterType::flag,
    .minimum = 0,
    .maximum = 1,
    .standard = 1,
    .help = "take off a parabola before, so that the ends are near 0 as the filter expects"};
constexpr ParameterInfo beads_smooth_parameter{
    .name = "smooth_half_window",
    .type = ParameterType::integer,
    .minimum = 0,
    .maximum = 1e6,
    .standard = 0,
    .unit = "points",
    .help = "half window of a moving average over the sizes of the differences; 0: none"};
constexpr std::array beads_parameters{
    cutoff_parameter,
    weight_parameter_beads("lambda_0", "lam_0", "weight of the peaks"),
    weight_parameter_beads("lambda_1", "lam_1", "weight of their first differences"),
    weight_parameter_beads("lambda_2", "lam_2", "weight of their second differences"),
    beads_asymmetry_parameter,
    filter_parameter,
    beads_cost_parameter,
    beads_iterations_parameter,
    beads_tolerance_parameter,
    rounding_parameter_beads("eps_0", "where the cost of a peak is rounded off near 0"),
    rounding_parameter_beads("eps_1", "where the cost of a difference is rounded off near 0"),
    parabola_parameter,
    beads_smooth_parameter};

// Symmetric Toeplitz matrix with these diagonals, the main one last.
BandedMatrix toeplitz(std::size_t points, std::span<const double> half_row) {
  const std::size_t width = half_row.size() - 1;
  BandedMatrix out(points, width);
  for (std::size_t i = 0; i < points; ++i) {
    for (std::size_t j = out.first(i); j < out.end(i); ++j) {
      out.at(i, j) = half_row[width - (i > j ? i - j : j - i)];
    }
  }
  return out;
}

// Through the ends, its vertex near the smallest value.
void add_parabola(std::span<const double> y, std::span<double> out, double sign) {
  const double least = *std::min_element(y.begin(), y.end());
  const double left = y.front() - least;
  const double right = y.back() - least;
  for (std::size_t i = 0; i < y.size(); ++i) {
    const double t = -1 + 2 * static_cast<double>(i) / static_cast<double>(y.size() - 1);
    out[i] += sign * (least + 0.5 * (right - left) * t + 0.5 * (right + left) * t * t);
  }
}

constexpr int refinements = 3;

class BeadsRun {
 public:
  explicit BeadsRun(const MethodCall& call)
      : given_(call.parameters),
        points_(static_cast<std::size_t>(call.points())),
        order_(static_cast<std::size_t>(given_.integer("filter_type"))),
        smooth_(std::min(points_, static_cast<std::size_t>(given_.integer("smooth_half_window")))),
        uses_root_(given_.choice("cost_function") == "1"),
        denominator_(points_, order_),
        numerator_(points_, order_),
        squared_numerator_(points_, 2 * order_),
        penalty_(points_, 2),
        half_product_(points_, 2 + order_),
        product_(points_, 2 + 2 * order_),
        factors_(points_, order_),
        rest_(points_),
        peaks_(points_),
        filtered_(points_),
        right_(points_),
        scratch_(points_),
        differences_(points_),
        left_(points_) {
    make_filter();
  }

  MethodStatus run_one(std::span<const double> y) {
    std::copy(y.begin(), y.end(), rest_.begin());
    if (given_.flag("fit_parabola")) {
      add_parabola(y, rest_, -1);
    }
    peaks_ = rest_;
    make_right();
    double before = 0;
    auto status = MethodStatus::iteration_limit;
    for (Index k = 0; k <= given_.integer("max_iterations"); ++k) {
      make_penalty();
      solve();
      const double now = cost();
      const double change = std::abs(now - before) /
                            std::max(std::abs(before), std::numeric_limits<double>::epsilon());
      before = now;
      if (change < given_.real("tolerance")) {
        status = MethodStatus::converged;
        break;
      }
    }
    // What the high-pass filter leaves of the rest.
    for (std::size_t i = 0; i < points_; ++i) {
      rest_[i] -= peaks_[i];
    }
    high_pass(rest_, scratch_);
    for (std::size_t i = 0; i < points_; ++i) {
      rest_[i] -= scratch_[i];
    }
    if (given_.flag("fit_parabola")) {
      add_parabola(y, rest_, 1);
    }
    return status;
  }
  [[nodiscard]] std::span<const double> baseline() const { return rest_; }

 private:
  // H = B / A with B the 2 * order-th difference and A = B + t (1 + z)^(2 order).
  void make_filter() {
    const double omega = 2 * std::numbers::pi * given_.real("freq_cutoff");
    const double t =
        std::pow((1 - std::cos(omega)) / (1 + std::cos(omega)), static_cast<double>(order_));
    const std::array<double, 2> first{-1, 2};
    const std::array<double, 3> second{1, -4, 6};
    const auto high =
        order_ == 1 ? std::span<const double>(first) : std::span<const double>(second);
    numerator_ = toeplitz(points_, high);
    std::vector<double> half_row(high.begin(), high.end());
    for (std::size_t k = 0; k < half_row.size(); ++k) {
      half_row[k] += t * std::abs(high[k]);
    }
    denominator_ = toeplitz(points_, half_row);
    factors_ = denominator_;
    factor_symmetric(factors_);
    multiply(numerator_, numerator_, squared_numerator_);
  }

  void high_pass(std::span<const double> v, std::span<double> out) {
    std::copy(v.begin(), v.end(), differences_.begin());
    solve_symmetric(factors_, differences_);
    numerator_.multiply(differences_, out);
  }

  // B'B A^-1 y less the slope of the peaks' cost at 0.
  void make_right() {
    scratch_ = rest_;
    solve_symmetric(factors_, scratch_);
    squared_numerator_.multiply(scratch_, right_);
    std::fill(differences_.begin(), differences_.end(), 0.5 * (1 - given_.real("asymmetry")));
    denominator_.multiply(differences_, scratch_);
    for (std::size_t i = 0; i < points_; ++i) {
      right_[i] -= given_.real("lambda_0") * scratch_[i];
    }
  }

  // Second derivative of a parabola above |x| that touches it where |x| is now.
  [[nodiscard]] double curvature(double size) const {
    const double eps = given_.real("eps_1");
    return uses_root_ ? 1 / std::sqrt(size * size + eps) : 1 / (size + eps);
  }

  void make_penalty() {
    std::fill(penalty_.values.begin(), penalty_.values.end(), 0.0);
    const double eps = given_.real("eps_0");
    const double share = given_.real("lambda_0") * 0.5 * (1 + given_.real("asymmetry"));
    for (std::size_t i = 0; i < points_; ++i) {
      penalty_.at(i, i) = share / std::max(eps, std::abs(peaks_[i]));
    }
    constexpr std::array<double, 2> first{-1, 1};
    constexpr std::array<double, 3> second{1, -2, 1};
    add_differences(first, given_.real("lambda_1"));
    add_differences(second, given_.real("lambda_2"));
  }

  void add_differences(std::span<const double> difference, double weight) {
    const std::size_t count = points_ + 1 - difference.size();
    const auto sizes = std::span(differences_).first(count);
    for (std::size_t i = 0; i < count; ++i) {
      double value = 0;
      for (std::size_t k = 0; k < difference.size(); ++k) {
        value += difference[k] * peaks_[i + k];
      }
      sizes[i] = std::abs(value);
    }
    if (smooth_ > 0) {
      const auto smoothed = std::span(scratch_).first(count);
      mirrored_average(sizes, smooth_, smoothed);
      std::copy(smoothed.begin(), smoothed.end(), sizes.begin());
    }
    for (std::size_t i = 0; i < count; ++i) {
      const double scale = weight * curvature(sizes[i]);
      for (std::size_t k = 0; k < difference.size(); ++k) {
        for (std::size_t m = 0; m < difference.size(); ++m) {
          penalty_.at(i + k, i + m) += scale * difference[k] * difference[m];
        }
      }
    }
  }

  // peaks = A (B'B + A' penalty A)^-1 right
  void solve() {
    multiply(penalty_, denominator_, half_product_);
    multiply(denominator_, half_product_, product_);
    for (std::size_t i = 0; i < points_; ++i) {
      for (std::size_t j = squared_numerator_.first(i); j < squared_numerator_.end(i); ++j) {
        product_.at(i, j) += squared_numerator_.at(i, j);
      }
    }
    factor_symmetric(product_);
    std::fill(filtered_.begin(), filtered_.end(), 0.0);
    std::fill(peaks_.begin(), peaks_.end(), 0.0);
    for (int k = 0; k < refinements; ++k) {
      refine();
    }
  }

  // One correction by what is left of the equations; the first is the solution itself.
  void refine() {
    penalty_.multiply(peaks_, left_);
    denominator_.multiply(left_, scratch_);
    squared_numerator_.multiply(filtered_, left_);
    for (std::size_t i = 0; i < points_; ++i) {
      scratch_[i] = right_[i] - scratch_[i] - left_[i];
    }
    solve_symmetric(product_, scratch_);
    for (std::size_t i = 0; i < points_; ++i) {
      filtered_[i] += scratch_[i];
    }
    denominator_.multiply(filtered_, peaks_);
  }

  [[nodiscard]] double rounded_size(double x) const {
    const double eps = given_.real("eps_1");
    return uses_root_ ? std::sqrt(x * x + eps) : std::abs(x) - eps * std::log(std::abs(x) + eps);
  }

  [[nodiscard]] double cost() {
    for (std::size_t i = 0; i < points_; ++i) {
      left_[i] = rest_[i] - peaks_[i];
    }
    high_pass(left_, scratch_);
    const double eps = given_.real("eps_0");
    const double r = given_.real("asymmetry");
    double fit = 0;
    double peaks = 0;
    double first = 0;
    double second = 0;
    for (std::size_t i = 0; i < points_; ++i) {
      const double x = peaks_[i];
      fit += 0.5 * scratch_[i] * scratch_[i];
      peaks += x > eps    ? x
               : x < -eps ? -r * x
                          : (1 + r) / (4 * eps) * x * x + 0.5 * (1 - r) * x + eps * (1 + r) / 4;
      if (i + 1 < points_) {
        first += rounded_size(peaks_[i + 1] - x);
      }
      if (i + 2 < points_) {
        second += rounded_size(peaks_[i + 2] - 2 * peaks_[i + 1] + x);
      }
    }
    return fit + given_.real("lambda_0") * peaks + given_.real("lambda_1") * first +
           given_.real("lambda_2") * second;
  }

  const ParameterSet& given_;
  std::size_t points_;
  std::size_t order_;
  std::size_t smooth_;
  bool uses_root_;  // cost sqrt(x^2 + eps)
  BandedMatrix denominator_;
  BandedMatrix numerator_;
  BandedMatrix squared_numerator_;
  BandedMatrix penalty_;
  BandedMatrix half_product_;
  BandedMatrix product_;
  BandedMatrix factors_;  // of the denominator
  std::vector<double> rest_;
  std::vector<double> peaks_;
  std::vector<double> filtered_;  // A^-1 peaks
  std::vector<double> right_;
  std::vector<double> scratch_;
  std::vector<double> differences_;
  std::vector<double> left_;
};

/// Model      minimise |H (y - x)|^2 / 2 + lambda_0 sum of an asymmetric |x| + lambda_1 sum |first
///            difference of x| + lambda_2 sum |second difference of x|; baseline = (1 - H)(y - x)
/// Status     converged | iteration_limit
/// Cost       O(points) a round
/// Source     Ning, Selesnick & Duval, Chemom. Intell. Lab. Syst. 139 (2014) 156; the parabola as
///            in Navarro-Huerta et al., J. Chromatogr. A 1507 (2017) 1
void run_beads(const MethodCall& call) {
  BeadsRun one(call);
  for (Index r = 0; r < call.count(); ++r) {
    call.status[static_cast<std::size_t>(r)] = one.run_one(call.row(r));
    call.give(r, one.baseline());
  }
}

}  // namespace

CoreMethod baseline_beads() {
  return {
      {"baseline",
       "beads", "low-pass baseline beside sparse peaks",
       "Ning et al., Chemom. Intell. Lab. Syst. 139 (2014) 156", beads_parameters},
      8,
      run_beads
  };
}

}  // namespace calcispec
