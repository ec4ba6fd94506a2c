// Savitzky-Golay smoothing and derivatives.
#include "core/kernels/pack.hpp"
#include "core/method_table.hpp"

#include <Eigen/Dense>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace calcispec {
namespace {

constexpr std::array<ParameterInfo, 4> parameters{
    {
     {.name = "window",
         .aliases = "window_length",
         .type = ParameterType::integer,
         .minimum = 3,
         .maximum = 501,
         .standard = 11,
         .unit = "points",
         .help = "width of the fitted window, odd"},
     {.name = "polynomial_order",
         .aliases = "order poly_order polyorder",
         .type = ParameterType::integer,
         .minimum = 0,
         .maximum = 10,
         .standard = 3,
         .help = "order of the polynomial, below the window"},
     {.name = "derivative",
         .aliases = "deriv",
         .type = ParameterType::integer,
         .minimum = 0,
         .maximum = 4,
         .standard = 0,
         .help = "order of the derivative, with respect to the point index"},
     {.name = "edge",
         .aliases = "mode",
         .type = ParameterType::choice,
         .choices = "interp mirror nearest",
         .help = "ends: polynomial of the last window, mirrored, or repeated"},
     }
};

/// Least-squares weights of one window: row p gives the derivative at position p of the window.
struct Weights {
  Index window = 0;
  Index order = 0;
  Index derivative = 0;
  Eigen::MatrixXd rows;
  std::vector<double> middle;

  void make(Index new_window, Index new_order, Index new_derivative) {
    if (window == new_window && order == new_order && derivative == new_derivative) {
      return;
    }
    window = new_window;
    order = new_order;
    derivative = new_derivative;
    const Index half = window / 2;
    // Powers of -1..1 keep the fit well conditioned.
    const double scale = 1.0 / static_cast<double>(half);
    Eigen::MatrixXd powers(window, order + 1);
    Eigen::MatrixXd derived = Eigen::MatrixXd::Zero(window, order + 1);
    for (Index i = 0; i < window; ++i) {
      const double u = static_cast<double>(i - half) * scale;
      for (Index k = 0; k <= order; ++k) {
        powers(i, k) = std::pow(u, static_cast<double>(k));
        if (k >= derivative) {
          double factor = std::pow(scale, static_cast<double>(derivative));
          for (Index m = 0; m < derivative; ++m) {
            factor *= static_cast<double>(k - m);
          }
          derived(i, k) = factor * std::pow(u, static_cast<double>(k - derivative));
        }
      }
    }
    const Eigen::MatrixXd inverse =
        powers.colPivHouseholderQr().solve(Eigen::MatrixXd::Identity(window, window));
    rows.noalias() = derived * inverse;
    middle.resize(static_cast<std::size_t>(window));
    for (Index k = 0; k < window; ++k) {
      middle[static_cast<std::size_t>(k)] = rows(half, k);
    }
  }
};

// Weighted sums of all whole windows of y, from the first one on. Sums of many windows are kept in
// registers while the weights go by; the last ones are done one by one.
void filter_inner(std::span<const double> y, const Weights& weights, double* out) {
  constexpr std::size_t packs = 4;
  constexpr std::size_t width = kernels::lane_count;
  const std::size_t count = y.size() - weights.middle.size() + 1;
  std::size_t i = 0;
  for (; i + packs * width <= count; i += packs * width) {
    std::array<kernels::Pack, packs> sums{};
    for (std::size_t k = 0; k < weights.middle.size(); ++k) {
      const double* const from = y.data() + i + k;
      kernels::unrolled<packs>(
          [&](auto j) { sums[j] += weights.middle[k] * kernels::load(from + j * width); });
    }
    kernels::unrolled<packs>([&](auto j) { kernels::store(sums[j], out + i + j * width); });
  }
  for (; i < count; ++i) {
    double sum = 0;
    for (std::size_t k = 0; k < weights.middle.size(); ++k) {
      sum += weights.middle[k] * y[i + k];
    }
    out[i] = sum;
  }
}

void filter_edges(std::span<const double> y, const Weights& weights, std::span<double> out) {
  const Index window = weights.window;
  const Index half = window / 2;
  const auto points = static_cast<Index>(y.size());
  const Eigen::Map<const Eigen::VectorXd> from(y.data(), points);
  Eigen::Map<Eigen::VectorXd> to(out.data(), points);
  to.head(half).noalias() = weights.rows.topRows(half) * from.head(window);
  to.tail(half).noalias() = weights.rows.bottomRows(half) * from.tail(window);
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

/// Model      least-squares polynomial in a moving window, its derivative at the middle point
/// Needs      odd window > polynomial_order, at least as many points as the window
/// Accuracy   5e-14 of the range of y against the plain loop
/// Cost       points * window
/// Source     Savitzky & Golay, Anal. Chem. 36 (1964) 1627
void run(const MethodCall& call) {
  const Index window = call.parameters.integer("window");
  const Index order = call.parameters.integer("polynomial_order");
  const bool is_valid = window % 2 == 1 && order < window && window <= call.points();
  if (!is_valid) {
    std::fill(call.status.begin(), call.status.end(), MethodStatus::failed);
    for (Index r = 0; r < call.count(); ++r) {
      std::fill_n(call.row(r).begin(), call.points(), std::nan(""));
    }
    return;
  }
  thread_local Weights weights;
  thread_local std::vector<double> source;
  weights.make(window, order, call.parameters.integer("derivative"));
  const auto edge = call.parameters.choice("edge");
  const auto half = static_cast<std::size_t>(window / 2);
  for (Index r = 0; r < call.count(); ++r) {
    const auto row = call.row(r);
    if (edge == "interp") {
      source.assign(row.begin(), row.end());
      filter_inner(source, weights, row.data() + half);
      filter_edges(source, weights, row);
    } else {
      extend(row, half, edge == "mirror", source);
      filter_inner(source, weights, row.data());
    }
  }
}

}  // namespace

CoreMethod smooth_savgol() {
  return {
      {"smooth",
       "savgol", "Savitzky-Golay polynomial smoothing and derivative",
       "Savitzky & Golay, Anal. Chem. 36 (1964) 1627", parameters},
      3,
      run
  };
}

}  // namespace calcispec
