// Baseline by a polynomial through the points where a wavelet sees nothing but noise (CWT-BR).
#include "core/baseline/bells.hpp"
#include "core/baseline/classification.hpp"
#include "core/baseline/edges.hpp"
#include "core/baseline/polynomial_baseline.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

namespace calcispec {
namespace {

constexpr ParameterInfo cwt_br_order_parameter{.name = "polynomial_order",
                                               .aliases = "poly_order",
                                               .type = ParameterType::integer,
                                               .minimum = 0,
                                               .maximum = 30,
                                               .standard = 5,
                                               .help = "degree of the polynomial"};
constexpr ParameterInfo cwt_br_scales_parameter{
    .name = "scales",
    .type = ParameterType::pairs,
    .minimum = 1,
    .maximum = 1e6,
    .standard = 0,
    .unit = "points",
    .help =
        "widths of the wavelet to try, such as 4,6,8; automatic: from a 500th to a quarter of the "
        "points"};
constexpr ParameterInfo cwt_br_deviations_parameter{
    .name = "num_std",
    .minimum = 0,
    .maximum = 1e6,
    .standard = 1,
    .help = "standard deviations above the polynomial from which on points are left out"};
constexpr ParameterInfo cwt_br_iterations_parameter{.name = "max_iterations",
                                                    .aliases = "max_iter",
                                                    .type = ParameterType::integer,
                                                    .minimum = 0,
                                                    .maximum = 100000,
                                                    .standard = 50,
                                                    .help = "most polynomials after the first"};
constexpr ParameterInfo cwt_br_symmetric_parameter{
    .name = "symmetric",
    .type = ParameterType::flag,
    .minimum = 0,
    .maximum = 1,
    .standard = 0,
    .help =
        "bands point downwards too: points far below the polynomial are left out, none is taken "
        "in for lying below"};
constexpr std::array cwt_br_parameters{
    cwt_br_order_parameter,
    cwt_br_scales_parameter,
    cwt_br_deviations_parameter,
    cwt_br_iterations_parameter,
    polynomial_tolerance_parameter("relative change of the baseline at which to stop"),
    least_length_parameter,
    cwt_br_symmetric_parameter};

// Second derivative of a Gaussian, sign turned, of unit norm; as wide as ten scales.
std::vector<double> mexican_hat(double scale, std::size_t most) {
  const auto count = std::clamp<std::size_t>(static_cast<std::size_t>(10 * scale), 2, most);
  const double height = 2 / (std::sqrt(3 * scale) * std::pow(std::numbers::pi, 0.25));
  std::vector<double> weights(count);
  for (std::size_t i = 0; i < count; ++i) {
    const double t = (static_cast<double>(i) - 0.5 * (static_cast<double>(count) - 1)) / scale;
    weights[i] = height * (1 - t * t) * std::exp(-0.5 * t * t);
  }
  return weights;
}

// Shannon entropy of the shares of |values|: low where few points carry most of the transform.
double entropy_of(std::span<const double> values) {
  double total = 0;
  for (const double value : values) {
    total += std::abs(value);
  }
  double entropy = 0;
  for (const double value : values) {
    const double share = std::abs(value) / total;
    entropy -= share > 0 ? share * std::log(share) : 0;
  }
  return entropy;
}

// How often values fall into equal bins from the least to the largest of them, and the Gaussian
// about 0 that fits the full bins best: those with a fifth of the fullest, and two beside them.
class Histogram {
 public:
  Histogram(std::span<const double> values, std::size_t bins) : counts_(bins, 0.0) {
    const auto [low, high] = std::minmax_element(values.begin(), values.end());
    low_ = *low;
    width_ = (*high - *low) / static_cast<double>(bins);
    for (const double value : values) {
      const auto bin = static_cast<std::size_t>((value - low_) / width_);
      counts_[std::min(bin, bins - 1)] += 1;
    }
    find_full_bins();
  }

  // Standard deviation of that Gaussian, from a first guess: Levenberg-Marquardt on the height and
  // the logarithm of the deviation.
  [[nodiscard]] double fitted_deviation(double guess) const {
    State at{*std::max_element(counts_.begin(), counts_.end()), std::log(guess)};
    Normal normal = normal_at(at);
    double damping = 1e-3;
    for (int k = 0; k < 200 && damping < 1e12; ++k) {
      const double first = normal.first * (1 + damping);
      const double second = normal.second * (1 + damping);
      const double determinant = first * second - normal.mixed * normal.mixed;
      const State step{
          (normal.right_first * second - normal.right_second * normal.mixed) / determinant,
          (normal.right_second * first - normal.right_first * normal.mixed) / determinant};
      const State trial{at.height + step.height, at.log_deviation + step.log_deviation};
      const Normal next = normal_at(trial);
      if (next.squares <= normal.squares) {
        at = trial;
        normal = next;
        damping /= 5;
        if (std::abs(step.log_deviation) < 1e-11) {
          break;
        }
      } else {
        damping *= 4;
      }
    }
    return std::exp(at.log_deviation);
  }

  // Area outside of three standard deviations over that inside, by trapezia; infinite if none is
  // inside.
  [[nodiscard]] double outside_over_inside(double deviation) const {
    double inside = 0;
    double all = 0;
    for (std::size_t i = 0; i + 1 < counts_.size(); ++i) {
      const double area = 0.5 * (counts_[i] + counts_[i + 1]);
      const bool is_inside =
          std::abs(middle(i)) < 3 * deviation && std::abs(middle(i + 1)) < 3 * deviation;
      all += area;
      inside += is_inside ? area : 0;
    }
    return (all - inside) / inside;
  }

 private:
  struct State {
    double height = 0;
    double log_deviation = 0;
  };
  struct Normal {
    double first = 0;
    double second = 0;
    double mixed = 0;
    double right_first = 0;
    double right_second = 0;
    double squares = 0;
  };

  void find_full_bins() {
    constexpr std::size_t beside = 2;
    is_full_.assign(counts_.size(), 0);
    const double least = *std::max_element(counts_.begin(), counts_.end()) / 5;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      if (counts_[i] > least) {
        const std::size_t first = i > beside ? i - beside : 0;
        const std::size_t end = std::min(counts_.size(), i + beside + 1);
        std::fill(is_full_.begin() + static_cast<Index>(first),
                  is_full_.begin() + static_cast<Index>(end),
                  char{1});
      }
    }
  }

  [[nodiscard]] double middle(std::size_t i) const {
    return low_ + (static_cast<double>(i) + 0.5) * width_;
  }

  [[nodiscard]] Normal normal_at(const State& at) const {
    const double precision = std::exp(-2 * at.log_deviation);
    Normal out;
    for (std::size_t i = 0; i < counts_.size(); ++i) {
      if (is_full_[i] == 0) {
        continue;
      }
      const double square = middle(i) * middle(i) * precision;
      const double shape = square < 1400 ? std::exp(-0.5 * square) : 0;
      const double slope = at.height * shape * square;
      const double left = counts_[i] - at.height * shape;
      out.first += shape * shape;
      out.second += slope * slope;
      out.mixed += shape * slope;
      out.right_first += shape * left;
      out.right_second += slope * left;
      out.squares += left * left;
    }
    return out;
  }

  double low_ = 0;
  double width_ = 1;
  std::vector<double> counts_;
  std::vector<char> is_full_;
};

// |wavelet transform| below which a point is noise: 0.6 standard deviations of it, and 10 times
// the share of what is no noise more (Bertinetto & Vuorinen 2014). The bins are made an eighth of
// the deviation, to a 20th of their number, but never more than 16 a point and 200.
double noise_limit(std::span<const double> transform) {
  const auto [low, high] = std::minmax_element(transform.begin(), transform.end());
  const double span = *high - *low;
  if (!(span > 0)) {
    return std::numeric_limits<double>::infinity();  // a line: nothing stands out
  }
  const auto most = static_cast<double>(16 * transform.size() + 200);
  double deviation = 0.2 * standard_deviation(transform);
  double bins = 200;
  Histogram histogram(transform, static_cast<std::size_t>(bins));
  for (int round = 0; round < 10; ++round) {
    deviation = histogram.fitted_deviation(deviation);
    const double wanted = std::clamp(std::ceil(8 * span / deviation), 1.0, most);
    if (std::abs(wanted - bins) < 0.05 * bins) {
      break;
    }
    bins = wanted;
    histogram = Histogram(transform, static_cast<std::size_t>(bins));
  }
  return (0.6 + 10 * histogram.outside_over_inside(deviation)) * deviation;
}

class CwtRun {
 public:
  explicit CwtRun(const MethodCall& call) : call_(call), given_(call.parameters) {
    const auto points = static_cast<std::size_t>(call.points());
    for (const auto& pair : given_.pairs("scales")) {
      scales_.push_back(std::min(pair.first, static_cast<double>(points)));
    }
    widest_ = scales_.empty() ? static_cast<double>(std::max<std::size_t>(3, points / 4))
                              : *std::max_element(scales_.begin(), scales_.end());
    if (scales_.empty()) {
      const std::size_t first = std::max<std::size_t>(2, points / 500);
      const std::size_t end = std::max(first + 1, points / 4);
      for (std::size_t a = first; a < end; a += (end - first + 511) / 512) {
        scales_.push_back(static_cast<double>(a));
      }
    }
    values_.resize(points);
    baseline_.resize(points);
    before_.resize(points);
    below_.resize(points + 1);
  }

  MethodStatus run_one(std::span<const double> y) {
    const auto [low, high] = std::minmax_element(y.begin(), y.end());
    const double bottom = *low;
    const double half = 0.5 * (*high - *low);
    if (!(half > 0)) {
      std::copy(y.begin(), y.end(), baseline_.begin());
      return MethodStatus::converged;
    }
    for (std::size_t i = 0; i < y.size(); ++i) {
      values_[i] = (y[i] - bottom) / half - 1;
    }
    find_background();
    const auto status = fit_background();
    for (double& z : baseline_) {
      z = (z + 1) * half + bottom;
    }
    return status;
  }
  [[nodiscard]] std::span<const double> baseline() const { return baseline_; }

 private:
  // The wavelet at the scale at which its entropy rises again, and the points where it is noise.
  void find_background() {
    const auto pad = 2 * static_cast<std::size_t>(widest_);
    extend_by_lines(values_, pad, padded_);
    transformed_.resize(padded_.size());
    const auto transform = std::span(transformed_).subspan(pad, values_.size());
    double before = -1;
    double last = -1;
    for (const double scale : scales_) {
      BellFilter(mexican_hat(scale, padded_.size())).run(padded_, transformed_);
      const double entropy = entropy_of(transform);
      if (last < before && entropy > last) {
        break;
      }
      before = last;
      last = entropy;
    }
    const double limit = noise_limit(transform);
    mask_.resize(values_.size());
    for (std::size_t i = 0; i < mask_.size(); ++i) {
      mask_[i] = std::abs(transform[i]) < limit ? char{1} : char{0};
    }
    refine(mask_, static_cast<std::size_t>(given_.integer("min_length")));
    if (std::count(mask_.begin(), mask_.end(), char{1}) == 0) {
      mask_.assign(mask_.size(), 1);
    }
  }

  MethodStatus fit_background() {
    const auto x = call_.axis.values();
    const Index order = given_.integer("polynomial_order");
    before_.assign(values_.begin(), values_.end());
    for (Index k = 0; k <= given_.integer("max_iterations"); ++k) {
      PolynomialBasis(x, order, mask_).fit(values_, baseline_);
      leave_out();
      if (std::count(mask_.begin(), mask_.end(), char{1}) == 0) {
        return MethodStatus::iteration_limit;
      }
      PolynomialBasis(x, order, mask_).fit(values_, baseline_);
      if (relative_change(before_, baseline_) < given_.real("tolerance")) {
        return MethodStatus::converged;
      }
      before_ = baseline_;
      if (!given_.flag("symmetric")) {
        take_in();
      }
    }
    return MethodStatus::iteration_limit;
  }

  // What stands out by more than the deviation of the residuals of all points.
  void leave_out() {
    const auto n = static_cast<double>(values_.size());
    double mean = 0;
    for (std::size_t i = 0; i < values_.size(); ++i) {
      mean += (values_[i] - baseline_[i]) / n;
    }
    double square = 0;
    for (std::size_t i = 0; i < values_.size(); ++i) {
      const double away = values_[i] - baseline_[i] - mean;
      square += away * away;
    }
    const double limit = given_.real("num_std") * std::sqrt(square / n);
    for (std::size_t i = 0; i < values_.size(); ++i) {
      const double residual = values_[i] - baseline_[i];
      const double height = given_.flag("symmetric") ? std::abs(residual) : residual;
      mask_[i] = height > limit ? char{0} : mask_[i];
    }
  }

  // Points in the middle of a hundredth of the spectrum that lies below the polynomial.
  void take_in() {
    const std::size_t half = values_.size() / 200;
    for (std::size_t i = 0; i < values_.size(); ++i) {
      below_[i + 1] = below_[i] + (values_[i] < baseline_[i] ? 1U : 0U);
    }
    for (std::size_t i = half; i + half < values_.size(); ++i) {
      const bool is_below = below_[i + half + 1] - below_[i - half] == 2 * half + 1;
      mask_[i] = is_below ? char{1} : mask_[i];
    }
  }

  const MethodCall& call_;
  const ParameterSet& given_;
  std::vector<double> scales_;
  double widest_ = 0;
  std::vector<double> values_;  // the spectrum between -1 and 1
  std::vector<double> padded_;
  std::vector<double> transformed_;
  PointMask mask_;
  std::vector<double> baseline_;
  std::vector<double> before_;
  std::vector<std::size_t> below_;
};

/// Model      background where |continuous wavelet transform| (second derivative of a Gaussian) is
///            noise, at the first scale after the least Shannon entropy of the transform; a
///            polynomial through it; again without what stands above by a standard deviation of the
///            residuals and, from the second round on, with stretches that lie below
/// Status     converged | iteration_limit
/// Cost       O(points x scale) per scale, of two Fourier transforms for wide ones; of very long
///            spectra 512 scales are tried, evenly spaced
/// Source     Bertinetto & Vuorinen, Appl. Spectrosc. 68 (2014) 155
void run_cwt_br(const MethodCall& call) {
  CwtRun one(call);
  for (Index r = 0; r < call.count(); ++r) {
    call.status[static_cast<std::size_t>(r)] = one.run_one(call.row(r));
    call.give(r, one.baseline());
  }
}

}  // namespace

CoreMethod baseline_cwt_br() {
  return {
      {"baseline",
       "cwt_br", "polynomial through what a wavelet takes for noise",
       "Bertinetto & Vuorinen, Appl. Spectrosc. 68 (2014) 155", cwt_br_parameters},
      6,
      run_cwt_br
  };
}

}  // namespace calcispec
