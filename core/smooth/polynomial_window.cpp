#include "core/smooth/polynomial_window.hpp"

#include "core/decomposition.hpp"
#include "core/kernels/moving_sum.hpp"
#include "core/method_failure.hpp"
#include "core/noise.hpp"

#include <Eigen/Core>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numeric>

namespace calcispec {
namespace {

// Half a window of sums at one end, of one window with the rows from `first` on.
void filter_edge(const double* y, const WindowWeights& weights, Index first, double* out) {
  const Index half = weights.window / 2;
  std::fill(out, out + half, 0.0);
  for (Index k = 0; k < weights.window; ++k) {
    const double* const column = weights.rows.data() + k * weights.window + first;
    for (Index i = 0; i < half; ++i) {
      out[i] += column[i] * y[k];
    }
  }
}

void filter_edges(std::span<const double> y, const WindowWeights& weights, std::span<double> out) {
  const Index window = weights.window;
  const Index half = window / 2;
  filter_edge(y.data(), weights, 0, out.data());
  filter_edge(y.data() + y.size() - window, weights, half + 1, out.data() + out.size() - half);
}

// The row with half a window of made-up points at each end.
void extend(std::span<const double> y, std::size_t half, bool is_mirror, std::vector<double>& out) {
  const std::size_t n = y.size();
  out.resize(n + 2 * half);
  std::copy(y.begin(), y.end(), out.begin() + static_cast<Index>(half));
  for (std::size_t k = 1; k <= half; ++k) {
    out[half - k] = is_mirror ? y[k] : y[0];
    out[half + n - 1 + k] = is_mirror ? y[n - 1 - k] : y[n - 1];
  }
}

// Values and derivatives of powers of u, which lies within about -1..1; du/dx is `slope`.
void fill_powers(double u,
                 double slope,
                 Index derivative,
                 Eigen::Ref<Eigen::RowVectorXd> powers,
                 Eigen::Ref<Eigen::RowVectorXd> derived) {
  for (Index k = 0; k < powers.size(); ++k) {
    powers[k] = std::pow(u, static_cast<double>(k));
    derived[k] = 0;
    if (k >= derivative) {
      double factor = std::pow(slope, static_cast<double>(derivative));
      for (Index m = 0; m < derivative; ++m) {
        factor *= static_cast<double>(k - m);
      }
      derived[k] = factor * std::pow(u, static_cast<double>(k - derivative));
    }
  }
}

// Weights of the windows tried, kept by the thread; and which of them suits a row.
class WindowChoice {
 public:
  void prepare(const WindowSettings& settings, Index points) {
    const Index least = settings.least_window();
    const Index most = std::max(least, std::min<Index>(151, points / 2));
    narrowest_.make(least, settings.order, settings.derivative);
    count_ = 0;
    for (Index window = least; window <= most; window += 2 * (1 + window / 16)) {
      if (count_ == candidates_.size()) {
        candidates_.emplace_back();
      }
      candidates_[count_++].make(window, settings.order, settings.derivative);
    }
  }

  // Only where every window is whole.
  const WindowWeights& best_for(std::span<const double> row, bool is_smoothing) {
    const double sigma = estimate_noise(row);
    const auto half = static_cast<std::size_t>(candidates_[count_ - 1].window / 2);
    const std::size_t inner = row.size() - 2 * half;
    sharp_.resize(inner);
    smooth_.resize(inner);
    if (is_smoothing) {
      std::copy_n(row.begin() + static_cast<Index>(half), inner, sharp_.begin());
    } else {
      sums_of(row, narrowest_, half, sharp_);
    }
    const WindowWeights* best = candidates_.data();
    double least = std::numeric_limits<double>::infinity();
    for (std::size_t c = 0; c < count_; ++c) {
      const auto& own = candidates_[c];
      sums_of(row, own, half, smooth_);
      double residual = 0;
      for (std::size_t i = 0; i < inner; ++i) {
        residual += (smooth_[i] - sharp_[i]) * (smooth_[i] - sharp_[i]);
      }
      const double shared = is_smoothing ? own.middle[own.middle.size() / 2] : product(own);
      const double risk = residual + 2 * sigma * sigma * shared * static_cast<double>(inner);
      if (risk < least) {
        least = risk;
        best = &own;
      }
    }
    return *best;
  }

 private:
  static void sums_of(std::span<const double> row,
                      const WindowWeights& weights,
                      std::size_t half,
                      std::span<double> out) {
    const std::size_t own = weights.middle.size() / 2;
    kernels::moving_sums(row.subspan(half - own, out.size() + 2 * own), weights.middle, out.data());
  }

  // Of its weights with those of the narrowest window.
  [[nodiscard]] double product(const WindowWeights& own) const {
    const auto gap = static_cast<Index>((own.middle.size() - narrowest_.middle.size()) / 2);
    return std::inner_product(
        narrowest_.middle.begin(), narrowest_.middle.end(), own.middle.begin() + gap, 0.0);
  }

  WindowWeights narrowest_;
  std::vector<WindowWeights> candidates_;
  std::size_t count_ = 0;
  std::vector<double> sharp_;
  std::vector<double> smooth_;
};

}  // namespace

void WindowWeights::make(Index new_window, Index new_order, Index new_derivative) {
  if (window == new_window && order == new_order && derivative == new_derivative) {
    return;
  }
  window = new_window;
  order = new_order;
  derivative = new_derivative;
  const Index half = window / 2;
  // Powers of -1..1 keep the fit well conditioned.
  const double scale = 1.0 / static_cast<double>(std::max<Index>(1, half));
  Eigen::MatrixXd powers(window, order + 1);
  Eigen::MatrixXd derived(window, order + 1);
  for (Index i = 0; i < window; ++i) {
    Eigen::RowVectorXd power(order + 1);
    Eigen::RowVectorXd slope(order + 1);
    fill_powers(static_cast<double>(i - half) * scale, scale, derivative, power, slope);
    powers.row(i) = power;
    derived.row(i) = slope;
  }
  const Eigen::MatrixXd inverse =
      solve_least_squares(powers, Eigen::MatrixXd::Identity(window, window));
  rows.noalias() = derived * inverse;
  middle.resize(static_cast<std::size_t>(window));
  for (Index k = 0; k < window; ++k) {
    middle[static_cast<std::size_t>(k)] = rows(half, k);
  }
}

void run_windows(const MethodCall& call, const WindowSettings& settings) {
  if (!settings.fits(call.points())) {
    fail_all(call);
    return;
  }
  thread_local WindowWeights given;
  thread_local WindowChoice choice;
  thread_local std::vector<double> source;
  if (settings.window > 0) {
    given.make(settings.window, settings.order, settings.derivative);
  } else {
    choice.prepare(settings, call.points());
  }
  for (Index r = 0; r < call.count(); ++r) {
    const auto row = call.row(r);
    const auto& weights =
        settings.window > 0 ? given : choice.best_for(row, settings.derivative == 0);
    const auto half = static_cast<std::size_t>(weights.window / 2);
    if (settings.edge == WindowEdge::polynomial) {
      source.assign(row.begin(), row.end());
      kernels::moving_sums(source, weights.middle, row.data() + half);
      filter_edges(source, weights, row);
    } else {
      extend(row, half, settings.edge == WindowEdge::mirror, source);
      kernels::moving_sums(source, weights.middle, row.data());
    }
    if (settings.scale != 1) {
      std::transform(
          row.begin(), row.end(), row.begin(), [&](double y) { return y * settings.scale; });
    }
  }
}

void run_windows_on_axis(const MethodCall& call, const WindowSettings& settings) {
  const Index window = settings.window;
  if (window == 0 || !settings.fits(call.points())) {
    fail_all(call);
    return;
  }
  const auto x = call.axis.values();
  const Index points = call.points();
  Eigen::MatrixXd weights(window, points);
  Eigen::MatrixXd powers(window, settings.order + 1);
  Eigen::RowVectorXd ignored(settings.order + 1);
  Eigen::RowVectorXd row(settings.order + 1);
  Eigen::RowVectorXd wanted(settings.order + 1);
  const auto first_of = [&](Index i) {
    return std::clamp<Index>(i - window / 2, 0, points - window);
  };
  for (Index i = 0; i < points; ++i) {
    const auto first = static_cast<std::size_t>(first_of(i));
    const double center = x[static_cast<std::size_t>(i)];
    const double slope = 2 / (x[first + static_cast<std::size_t>(window) - 1] - x[first]);
    for (Index k = 0; k < window; ++k) {
      const double u = (x[first + static_cast<std::size_t>(k)] - center) * slope;
      fill_powers(u, slope, settings.derivative, row, ignored);
      powers.row(k) = row;
    }
    fill_powers(0, slope, settings.derivative, row, wanted);
    // With powers = Q R: weights = Q R^-T wanted.
    const auto parts = orthonormal_parts(powers);
    weights.col(i) = parts.basis * solve_transposed_triangle(parts.triangle, wanted.transpose());
  }
  std::vector<double> source;
  for (Index r = 0; r < call.count(); ++r) {
    const auto y = call.row(r);
    source.assign(y.begin(), y.end());
    for (Index i = 0; i < points; ++i) {
      const Eigen::Map<const Eigen::VectorXd> from(source.data() + first_of(i), window);
      y[static_cast<std::size_t>(i)] = weights.col(i).dot(from);
    }
  }
}

}  // namespace calcispec
