// Baseline as what a low-pass filter keeps beside sparse peaks with sparse derivatives (BEADS).
#include "core/baseline/edges.hpp"
#include "core/kernels/pack_math.hpp"
#include "core/kernels/symmetric_band.hpp"
#include "core/method_table.hpp"

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

using kernels::Mask;
using kernels::Pack;

Pack size_of_beads(Pack x) {
  return kernels::maximum(x, -x);
}

/// lane_count spectra side by side. What a lane gives does not depend on the others: its answer is
/// taken when it has converged. `order` is half that of the high-pass filter.
template <std::size_t order>
class BeadsRun {
 public:
  explicit BeadsRun(const MethodCall& call)
      : call_(call),
        points_(call.points()),
        smooth_(std::min(points_, call.parameters.integer("smooth_half_window"))),
        uses_root_(call.parameters.choice("cost_function") == "1"),
        fits_parabola_(call.parameters.flag("fit_parabola")),
        lambda_{call.parameters.real("lambda_0"),
                call.parameters.real("lambda_1"),
                call.parameters.real("lambda_2")},
        asymmetry_(call.parameters.real("asymmetry")),
        eps_0_(call.parameters.real("eps_0")),
        eps_1_(call.parameters.real("eps_1")),
        denominator_(points_),
        numerator_(points_),
        squared_numerator_(points_),
        factors_(points_),
        penalty_(points_),
        product_(points_),
        rest_(points_),
        peaks_(points_),
        kept_(points_),
        filtered_(points_),
        right_(points_),
        scratch_(points_),
        left_(points_),
        row_(static_cast<std::size_t>(points_)) {
    make_filter();
  }

  /// Spectra first ... first + lane_count - 1, as far as there are any.
  void run(Index first) {
    load(first);
    make_right();
    Pack before{};
    Mask is_open = Mask{} - 1;
    Mask has_converged{};
    for (Index k = 0; k <= call_.parameters.integer("max_iterations") && any(is_open); ++k) {
      make_penalty();
      make_product();
      solve();
      const Pack now = cost();
      const Pack scale = kernels::maximum(
          size_of_beads(before), kernels::broadcast(std::numeric_limits<double>::epsilon()));
      const Mask is_done =
          is_open & (size_of_beads(now - before) / scale < call_.parameters.real("tolerance"));
      before = now;
      keep(is_done);
      has_converged |= is_done;
      is_open &= ~is_done;
    }
    keep(is_open);
    finish(first, has_converged);
  }

 private:
  using Column = kernels::PaddedColumn<Pack>;
  static constexpr Index half = static_cast<Index>(order);
  static constexpr std::size_t width = 2 + 2 * order;  // of the system

  [[nodiscard]] static bool any(const Mask& mask) {
    bool found = false;
    for (Index lane = 0; lane < kernels::lane_count; ++lane) {
      found = found || mask[lane] != 0;
    }
    return found;
  }

  // H = B / A with B the 2 * order-th difference and A = B + t (1 + z)^(2 order).
  void make_filter() {
    const double omega = 2 * std::numbers::pi * call_.parameters.real("freq_cutoff");
    const double t =
        std::pow((1 - std::cos(omega)) / (1 + std::cos(omega)), static_cast<double>(order));
    constexpr std::array<double, 3> halves[] = {
        {2, -1, 0},
        {6, -4, 1}
    };
    for (std::size_t k = 0; k <= order; ++k) {
      high_[k] = halves[order - 1][k];
      low_[k] = high_[k] + t * std::abs(high_[k]);
    }
    for (Index i = 0; i < points_; ++i) {
      for (Index k = 0; k <= std::min(half, i); ++k) {
        const auto at = static_cast<std::size_t>(k);
        numerator_.row(i)[at] = high_[at];
        denominator_.row(i)[at] = low_[at];
      }
    }
    for (Index i = 0; i < points_; ++i) {
      for (Index k = 0; k <= std::min(2 * half, i); ++k) {
        double sum = 0;
        for (Index m = std::max<Index>(0, i - half); m <= std::min(points_ - 1, i - k + half);
             ++m) {
          sum += numerator_.at(i, m) * numerator_.at(m, i - k);
        }
        squared_numerator_.row(i)[static_cast<std::size_t>(k)] = sum;
      }
    }
    factors_ = denominator_;
    factors_.factor();
  }

  void load(Index first) {
    for (Index lane = 0; lane < kernels::lane_count; ++lane) {
      // A lane without a spectrum repeats the first one.
      const Index r = first + lane < call_.count() ? first + lane : first;
      const auto y = call_.row(r);
      std::copy(y.begin(), y.end(), row_.begin());
      if (fits_parabola_) {
        add_parabola(y, row_, -1);
      }
      for (Index i = 0; i < points_; ++i) {
        rest_[i][lane] = row_[static_cast<std::size_t>(i)];
      }
    }
    peaks_ = rest_;
  }

  void keep(const Mask& lanes) {
    if (!any(lanes)) {
      return;
    }
    for (Index i = 0; i < points_; ++i) {
      kept_[i] = lanes ? peaks_[i] : kept_[i];
    }
  }

  // What the high-pass filter leaves of the rest.
  void finish(Index first, const Mask& has_converged) {
    for (Index i = 0; i < points_; ++i) {
      left_[i] = rest_[i] - kept_[i];
    }
    high_pass(left_, scratch_);
    for (Index lane = 0; lane < kernels::lane_count && first + lane < call_.count(); ++lane) {
      for (Index i = 0; i < points_; ++i) {
        row_[static_cast<std::size_t>(i)] = rest_[i][lane] - kept_[i][lane] - scratch_[i][lane];
      }
      if (fits_parabola_) {
        add_parabola(call_.row(first + lane), row_, 1);
      }
      call_.status[static_cast<std::size_t>(first + lane)] =
          has_converged[lane] != 0 ? MethodStatus::converged : MethodStatus::iteration_limit;
      call_.give(first + lane, row_);
    }
  }

  // B A^-1 v; v is lost.
  void high_pass(Column& v, Column& out) {
    factors_.solve(v);
    numerator_.multiply(v, out);
  }

  // B'B A^-1 y less the slope of the peaks' cost at 0.
  void make_right() {
    left_ = rest_;
    factors_.solve(left_);
    squared_numerator_.multiply(left_, right_);
    for (Index i = 0; i < points_; ++i) {
      left_[i] = kernels::broadcast(0.5 * (1 - asymmetry_));
    }
    denominator_.multiply(left_, scratch_);
    for (Index i = 0; i < points_; ++i) {
      right_[i] -= lambda_[0] * scratch_[i];
    }
  }

  // Second derivative of a parabola above |x| that touches it where |x| is now.
  [[nodiscard]] Pack curvature(Pack size) const {
    return 1.0 / (uses_root_ ? kernels::square_root(size * size + eps_1_) : size + eps_1_);
  }

  void make_penalty() {
    const double share = lambda_[0] * 0.5 * (1 + asymmetry_);
    for (Index i = 0; i < points_; ++i) {
      penalty_.row(i) = {share /
                         kernels::maximum(kernels::broadcast(eps_0_), size_of_beads(peaks_[i]))};
    }
    for (Index i = 0; i + 1 < points_; ++i) {
      left_[i] = size_of_beads(peaks_[i + 1] - peaks_[i]);
    }
    smooth(left_, points_ - 1);
    for (Index i = 0; i + 1 < points_; ++i) {
      const Pack scale = lambda_[1] * curvature(left_[i]);
      penalty_.row(i)[0] += scale;
      penalty_.row(i + 1)[0] += scale;
      penalty_.row(i + 1)[1] -= scale;
    }
    for (Index i = 0; i + 2 < points_; ++i) {
      left_[i] = size_of_beads(peaks_[i] - 2.0 * peaks_[i + 1] + peaks_[i + 2]);
    }
    smooth(left_, points_ - 2);
    for (Index i = 0; i + 2 < points_; ++i) {
      const Pack scale = lambda_[2] * curvature(left_[i]);
      penalty_.row(i)[0] += scale;
      penalty_.row(i + 1)[0] += 4.0 * scale;
      penalty_.row(i + 2)[0] += scale;
      penalty_.row(i + 1)[1] -= 2.0 * scale;
      penalty_.row(i + 2)[1] -= 2.0 * scale;
      penalty_.row(i + 2)[2] += scale;
    }
  }

  void smooth(Column& sizes, Index count) {
    if (smooth_ == 0) {
      return;
    }
    std::vector<double> smoothed(static_cast<std::size_t>(count));
    const auto one = std::span(row_).first(smoothed.size());
    for (Index lane = 0; lane < kernels::lane_count; ++lane) {
      for (Index i = 0; i < count; ++i) {
        one[static_cast<std::size_t>(i)] = sizes[i][lane];
      }
      mirrored_average(one, static_cast<std::size_t>(smooth_), smoothed);
      for (Index i = 0; i < count; ++i) {
        sizes[i][lane] = smoothed[static_cast<std::size_t>(i)];
      }
    }
  }

  // A row of penalty A, columns i - 2 - order to i + 2 + order.
  using HalfRow = std::array<Pack, 2 * (2 + order) + 1>;
  [[nodiscard]] HalfRow half_product(Index i) const {
    HalfRow out{};
    for (std::size_t m = 0; m < 5; ++m) {
      const auto other = i + static_cast<Index>(m) - 2;
      const Pack value = penalty_.at(i, other);
      for (std::size_t k = 0; k <= 2 * order; ++k) {
        out[m + k] += low_[k > order ? k - order : order - k] * value;
      }
    }
    return out;
  }

  // B'B + A penalty A, row by row; the rows of penalty A that a row needs stay at hand.
  void make_product() {
    std::array<HalfRow, 2 * order + 1> near{};
    for (Index i = 0; i < half; ++i) {
      near[static_cast<std::size_t>(i + half) + 1] = half_product(i);
    }
    for (Index i = 0; i < points_; ++i) {
      std::move(near.begin() + 1, near.end(), near.begin());
      near.back() = i + half < points_ ? half_product(i + half) : HalfRow{};
      auto& own = product_.row(i);
      for (std::size_t k = 0; k <= width; ++k) {
        Pack sum{};
        // Column i - k is number 2 + 2 * order - m - k of the row i - order + m.
        for (std::size_t m = 0; m <= 2 * order && m + k <= width; ++m) {
          sum += low_[m > order ? m - order : order - m] * near[m][width - m - k];
        }
        sum += k <= 2 * order ? squared_numerator_.row(i)[k] : 0.0;
        own[k] = static_cast<Index>(k) <= i ? sum : Pack{};
      }
    }
  }

  // peaks = A (B'B + A' penalty A)^-1 right
  void solve() {
    product_.factor();
    filtered_.clear();
    peaks_.clear();
    for (int k = 0; k < refinements; ++k) {
      refine(k == 0);
    }
  }

  // One correction by what is left of the equations; the first is the solution itself.
  void refine(bool is_first) {
    if (is_first) {
      scratch_ = right_;
    } else {
      penalty_.multiply(peaks_, left_);
      denominator_.multiply(left_, scratch_);
      squared_numerator_.multiply(filtered_, left_);
      for (Index i = 0; i < points_; ++i) {
        scratch_[i] = right_[i] - scratch_[i] - left_[i];
      }
    }
    product_.solve(scratch_);
    for (Index i = 0; i < points_; ++i) {
      filtered_[i] += scratch_[i];
    }
    denominator_.multiply(filtered_, peaks_);
  }

  [[nodiscard]] Pack rounded_size(Pack x) const {
    return uses_root_ ? kernels::square_root(x * x + eps_1_)
                      : size_of_beads(x) - eps_1_ * kernels::log_pack(size_of_beads(x) + eps_1_);
  }

  [[nodiscard]] Pack cost() {
    for (Index i = 0; i < points_; ++i) {
      left_[i] = rest_[i] - peaks_[i];
    }
    high_pass(left_, scratch_);
    const double r = asymmetry_;
    Pack fit{};
    Pack peaks{};
    Pack first{};
    Pack second{};
    for (Index i = 0; i < points_; ++i) {
      const Pack x = peaks_[i];
      fit += 0.5 * scratch_[i] * scratch_[i];
      const Pack round = (1 + r) / (4 * eps_0_) * x * x + 0.5 * (1 - r) * x + eps_0_ * (1 + r) / 4;
      const Pack below = x < -eps_0_ ? -r * x : round;
      peaks += x > eps_0_ ? x : below;
      if (i + 1 < points_) {
        first += rounded_size(peaks_[i + 1] - x);
      }
      if (i + 2 < points_) {
        second += rounded_size(peaks_[i + 2] - 2.0 * peaks_[i + 1] + x);
      }
    }
    return fit + lambda_[0] * peaks + lambda_[1] * first + lambda_[2] * second;
  }

  const MethodCall& call_;
  Index points_;
  Index smooth_;
  bool uses_root_;  // cost sqrt(x^2 + eps)
  bool fits_parabola_;
  std::array<double, 3> lambda_;
  double asymmetry_;
  double eps_0_;
  double eps_1_;
  std::array<double, order + 1> high_{};  // diagonals of B, the main one first
  std::array<double, order + 1> low_{};   // of A
  kernels::SymmetricBand<double, order> denominator_;
  kernels::SymmetricBand<double, order> numerator_;
  kernels::SymmetricBand<double, 2 * order> squared_numerator_;
  kernels::SymmetricBand<double, order> factors_;  // of the denominator
  kernels::SymmetricBand<Pack, 2> penalty_;
  kernels::SymmetricBand<Pack, width> product_;
  Column rest_;
  Column peaks_;
  Column kept_;      // peaks of lanes that are done
  Column filtered_;  // A^-1 peaks
  Column right_;
  Column scratch_;
  Column left_;
  std::vector<double> row_;
};

template <std::size_t order>
void run_beads_lanes(const MethodCall& call) {
  BeadsRun<order> run(call);
  for (Index first = 0; first < call.count(); first += kernels::lane_count) {
    run.run(first);
  }
}

/// Model      minimise |H (y - x)|^2 / 2 + lambda_0 sum of an asymmetric |x| + lambda_1 sum |first
///            difference of x| + lambda_2 sum |second difference of x|; baseline = (1 - H)(y - x)
/// Status     converged | iteration_limit
/// Cost       O(points) a round, lane_count spectra at once
/// Source     Ning, Selesnick & Duval, Chemom. Intell. Lab. Syst. 139 (2014) 156; the parabola as
///            in Navarro-Huerta et al., J. Chromatogr. A 1507 (2017) 1
void run_beads(const MethodCall& call) {
  if (call.parameters.integer("filter_type") == 1) {
    run_beads_lanes<1>(call);
  } else {
    run_beads_lanes<2>(call);
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
