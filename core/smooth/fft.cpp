// Smoothing by a Fourier filter with explicit ends and an automatic cut-off.
#include "core/kernels/real_transform.hpp"
#include "core/method_table.hpp"
#include "core/order_statistic.hpp"

#include <Eigen/Core>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

namespace calcispec {
namespace {

constexpr std::array<ParameterInfo, 5> filter_parameters{
    {
     {.name = "shape",
         .type = ParameterType::choice,
         .standard = 1,
         .choices = "brick gauss butter cosine",
         .help = "how the filter falls"},
     {.name = "edge",
         .type = ParameterType::choice,
         .standard = 1,
         .choices = "ramp mirror",
         .help = "ends: a straight line taken off and put back, or the mirrored signal"},
     {.name = "cutoff",
         .aliases = "fc",
         .minimum = 1e-4,
         .maximum = 0.5,
         .standard = std::numeric_limits<double>::quiet_NaN(),
         .unit = "cycles per point",
         .help = "frequency at which the filter falls; automatic from the noise if not given"},
     {.name = "order",
         .aliases = "m",
         .type = ParameterType::integer,
         .minimum = 1,
         .maximum = 20,
         .standard = 4,
         .help = "steepness of butter"},
     {.name = "stop",
         .aliases = "fs",
         .minimum = 1e-4,
         .maximum = 0.5,
         .standard = std::numeric_limits<double>::quiet_NaN(),
         .unit = "cycles per point",
         .help = "where cosine reaches 0; twice the cut-off if not given"},
     }
};

enum class Shape { brick, gauss, butter, cosine };

struct Filter {
  Shape shape = Shape::gauss;
  double cutoff = 0;
  double stop = 0;
  int order = 4;

  bool operator==(const Filter&) const = default;

  [[nodiscard]] double at(double frequency) const {
    const double ratio = frequency / cutoff;
    switch (shape) {
      case Shape::brick:
        return frequency <= cutoff ? 1 : 0;
      case Shape::gauss:
        return std::exp(-0.5 * std::numbers::ln2 * ratio * ratio);
      case Shape::butter:
        return 1 / std::sqrt(1 + std::pow(ratio, 2 * order));
      case Shape::cosine:
        break;
    }
    if (frequency <= cutoff) {
      return 1;
    }
    if (frequency >= stop) {
      return 0;
    }
    return 0.5 * (1 + std::cos(std::numbers::pi * (frequency - cutoff) / (stop - cutoff)));
  }
};

Filter smooth_fft_filter_of(const ParameterSet& set) {
  constexpr std::array names{"brick", "gauss", "butter", "cosine"};
  Filter filter;
  const auto chosen = set.choice("shape");
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (chosen == names[i]) {
      filter.shape = static_cast<Shape>(i);
    }
  }
  filter.order = static_cast<int>(set.integer("order"));
  filter.cutoff = set.is_set("cutoff") ? set.real("cutoff") : 0;
  filter.stop = set.is_set("stop") ? set.real("stop") : std::min(0.5, 2 * filter.cutoff);
  return filter;
}

// What the filter does to the transform of a row: real part to p * re + r * im, imaginary part to
// q * im + r * re, with the division by the number of points.
//
// The mirrored row of 2n points needs one transform of n points only: with the even samples first
// and the odd ones backwards, the cosine coefficients are C(k) = 2 Re(u(k) V(k)) and
// C(n - k) = -2 Im(u(k) V(k)), u(k) = exp(-i pi k / 2n) (Makhoul, IEEE Trans. ASSP 28 (1980) 27).
// Weighting them by H and going back gives V' = (H(k) + H(n-k)) / 2 V + (H(k) - H(n-k)) / 2
// exp(i pi k / n) conj(V).
struct Response {
  Filter filter;  // it was made for, all default if none
  std::size_t points = 0;
  bool is_mirror = false;
  std::vector<double> p;
  std::vector<double> q;
  std::vector<double> r;

  // `pass` holds n values for a mirrored row, n / 2 + 1 for one with its ramp taken off.
  void make(std::span<const double> pass, std::size_t length, bool mirror) {
    points = length;
    is_mirror = mirror;
    const std::size_t count = points / 2 + 1;
    p.resize(count);
    q.resize(count);
    r.resize(count);
    const double scale = 1 / static_cast<double>(points);
    for (std::size_t k = 0; k < count; ++k) {
      const double other = is_mirror && k > 0 ? pass[points - k] : pass[k];
      const double angle = std::numbers::pi * static_cast<double>(k) * scale;
      const double half_sum = 0.5 * scale * (pass[k] + other);
      const double half_difference = 0.5 * scale * (pass[k] - other);
      p[k] = half_sum + half_difference * std::cos(angle);
      q[k] = half_sum - half_difference * std::cos(angle);
      r[k] = half_difference * std::sin(angle);
    }
  }

  void apply(std::span<std::complex<double>> coefficients) const {
    for (std::size_t k = 0; k < coefficients.size(); ++k) {
      const double re = coefficients[k].real();
      const double im = coefficients[k].imag();
      coefficients[k] = {p[k] * re + r[k] * im, q[k] * im + r[k] * re};
    }
  }
};

// Even samples first, then the odd ones backwards, and the way back.
void fold(std::span<const double> row, std::span<double> out) {
  const std::size_t n = row.size();
  for (std::size_t i = 0; 2 * i < n; ++i) {
    out[i] = row[2 * i];
  }
  for (std::size_t i = 0; 2 * i + 1 < n; ++i) {
    out[n - 1 - i] = row[2 * i + 1];
  }
}

void unfold(std::span<const double> folded, std::span<double> row) {
  const std::size_t n = row.size();
  for (std::size_t i = 0; 2 * i < n; ++i) {
    row[2 * i] = folded[i];
  }
  for (std::size_t i = 0; 2 * i + 1 < n; ++i) {
    row[2 * i + 1] = folded[n - 1 - i];
  }
}

// Squared cosine coefficients of a folded row's transform.
void power_of(std::span<const std::complex<double>> transform, Eigen::ArrayXd& power) {
  const Index points = power.size();
  for (Index k = 0; k <= points / 2; ++k) {
    const double angle =
        0.5 * std::numbers::pi * static_cast<double>(k) / static_cast<double>(points);
    const auto& v = transform[static_cast<std::size_t>(k)];
    const double cosine = 2 * (std::cos(angle) * v.real() + std::sin(angle) * v.imag());
    const double sine = 2 * (std::sin(angle) * v.real() - std::cos(angle) * v.imag());
    power[k] = cosine * cosine;
    if (k > 0) {
      power[points - k] = sine * sine;
    }
  }
}

// The cut-offs tried and the filter's values at each, for one length and shape.
struct CutoffTable {
  static constexpr Index count = 61;
  Filter filter;
  Eigen::ArrayXXd pass;  // points x count

  static double cutoff(Index step) { return 0.5 * std::pow(0.01, static_cast<double>(step) / 60); }

  void make(const Filter& shape, Index points) {
    if (pass.rows() == points && filter.shape == shape.shape && filter.order == shape.order) {
      return;
    }
    filter = shape;
    pass.resize(points, count);
    for (Index step = 0; step < count; ++step) {
      filter.cutoff = cutoff(step);
      filter.stop = std::min(0.5, 2 * filter.cutoff);
      for (Index k = 0; k < points; ++k) {
        pass(k, step) = filter.at(0.5 * static_cast<double>(k) / static_cast<double>(points));
      }
    }
  }
};

// Cut-off of least expected error: what the filter takes from the signal plus what it lets through
// of the noise, from the power of each coefficient. The noise is the median power of the upper half
// of the frequencies, where a squared coefficient has one degree of freedom.
Index automatic_cutoff(const Eigen::ArrayXd& power, const CutoffTable& table) {
  thread_local std::vector<double> upper;
  const Index n = power.size();
  upper.assign(power.data() + n / 2, power.data() + n);
  const double noise =
      upper_median(upper) / 0.4549;  // median of chi-square with one degree of freedom
  double best = std::numeric_limits<double>::infinity();
  Index best_step = 0;
  for (Index step = 0; step < CutoffTable::count; ++step) {
    const auto pass = table.pass.col(step).tail(n - 1);
    const double risk =
        ((1 - pass).square() * (power.tail(n - 1) - noise) + pass.square() * noise).sum();
    if (risk < best) {
      best = risk;
      best_step = step;
    }
  }
  return best_step;
}

class RowFilter {
 public:
  RowFilter(const ParameterSet& set, std::size_t points)
      : filter_(smooth_fft_filter_of(set)),
        is_mirror_(set.choice("edge") == "mirror"),
        is_automatic_(!set.is_set("cutoff")) {
    transform().resize(points);
    if (is_automatic_) {
      table().make(filter_, static_cast<Index>(points));
    } else {
      make_response(points);
    }
  }

  void run(std::span<double> row) {
    if (is_automatic_) {
      choose_cutoff(row);
    }
    if (is_mirror_) {
      if (!is_automatic_) {
        fold(row, transform().points());
        transform().forward();
      }
      response().apply(transform().coefficients());
      transform().inverse();
      unfold(transform().points(), row);
    } else {
      filter_ramp(row);
    }
  }

 private:
  // Memory of the thread: the filter itself lives for one block of rows.
  static kernels::RealTransform& transform() {
    thread_local kernels::RealTransform memory;
    return memory;
  }
  static CutoffTable& table() {
    thread_local CutoffTable memory;
    return memory;
  }
  static Response& response() {
    thread_local Response memory;
    return memory;
  }

  // Kept from block to block: the functions in it cost as much as the transforms of many rows.
  void make_response(std::size_t points) {
    thread_local std::vector<double> pass;
    auto& made = response();
    if (made.filter == filter_ && made.points == points && made.is_mirror == is_mirror_) {
      return;
    }
    const double step = (is_mirror_ ? 0.5 : 1.0) / static_cast<double>(points);
    pass.resize(is_mirror_ ? points : points / 2 + 1);
    for (std::size_t k = 0; k < pass.size(); ++k) {
      pass[k] = filter_.at(static_cast<double>(k) * step);
    }
    made.make(pass, points, is_mirror_);
    made.filter = filter_;
  }

  // Leaves the transform of the folded row behind, which the mirrored filter goes on with.
  void choose_cutoff(std::span<const double> row) {
    thread_local Eigen::ArrayXd power;
    fold(row, transform().points());
    transform().forward();
    power.resize(static_cast<Index>(row.size()));
    power_of(transform().coefficients(), power);
    const Index step = automatic_cutoff(power, table());
    if (is_mirror_) {
      const auto pass = table().pass.col(step);
      response().make({pass.data(), row.size()}, row.size(), true);
      response().filter = {};
    } else {
      filter_.cutoff = CutoffTable::cutoff(step);
      filter_.stop = std::min(0.5, 2 * filter_.cutoff);
      make_response(row.size());
    }
  }

  static void filter_ramp(std::span<double> row) {
    const auto points = transform().points();
    const double first = row.front();
    const double slope = (row.back() - first) / static_cast<double>(row.size() - 1);
    for (std::size_t i = 0; i < row.size(); ++i) {
      points[i] = row[i] - (first + slope * static_cast<double>(i));
    }
    transform().forward();
    response().apply(transform().coefficients());
    transform().inverse();
    for (std::size_t i = 0; i < row.size(); ++i) {
      row[i] = points[i] + (first + slope * static_cast<double>(i));
    }
  }

  Filter filter_;
  bool is_mirror_;
  bool is_automatic_;
};

/// Model      y filtered by H(f), f in cycles per point, 0 to 0.5; H as named by shape:
///            brick 1 up to the cut-off; gauss exp(-ln2/2 (f/fc)^2); butter 1/sqrt(1 + (f/fc)^2m);
///            cosine 1 up to the cut-off, 0 from stop, half a cosine between
/// Edges      ramp: line through both ends; mirror: half-sample symmetric
/// Cost       two real transforms of the length of the row; lengths with large prime factors cost
///            more; automatic cut-off: 61 sums over the coefficients
/// Source     risk estimate: Stein, Ann. Statist. 9 (1981) 1135
void run_smooth_fft(const MethodCall& call) {
  RowFilter filter(call.parameters, static_cast<std::size_t>(call.points()));
  for (Index r = 0; r < call.count(); ++r) {
    filter.run(call.row(r));
  }
}

}  // namespace

CoreMethod smooth_fft() {
  return {
      {"smooth",
       "fft", "Fourier filter with explicit ends; automatic cut-off from the noise",
       "definitions in the manual; cut-off by Stein's unbiased risk estimate", filter_parameters},
      4,
      run_smooth_fft
  };
}

}  // namespace calcispec
