#include "core/peak_kernels_private.hpp"

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <numbers>

namespace calcispec::peaks {
namespace {

// Which Gaussian a kernel answers to most: maximum of answer over norm, found numerically.
constexpr double fwhm_per_half_window = 1 / 1.62;
constexpr double fwhm_per_scale = 1 / 0.95;
constexpr double hat_reach = 4;  // in scales; beyond it the hat is below 0.6 % of its top

double at(const std::vector<double>& weights, Index offset) {
  const auto place = static_cast<std::size_t>(std::abs(offset));
  return place < weights.size() ? weights[place] : 0.0;
}

// Mean and norm are taken over both sides.
Kernel finish(std::vector<double> weights, double fwhm) {
  Kernel kernel;
  const auto half = static_cast<Index>(weights.size()) - 1;
  double sum = weights[0];
  for (std::size_t j = 1; j < weights.size(); ++j) {
    sum += 2 * weights[j];
  }
  double squares = 0;
  for (std::size_t j = 0; j < weights.size(); ++j) {
    weights[j] -= sum / static_cast<double>(2 * half + 1);
    squares += (j == 0 ? 1.0 : 2.0) * weights[j] * weights[j];
  }
  for (double& weight : weights) {
    weight /= std::sqrt(squares);
  }
  kernel.fwhm = fwhm;
  kernel.step = std::max<Index>(1, static_cast<Index>(fwhm / 4));
  double slope = 0;
  double correlation = 0;  // of the answers at neighbouring points
  for (Index j = -half - kernel.step; j <= half + kernel.step; ++j) {
    correlation += at(weights, j) * at(weights, j + 1);
    const double difference = at(weights, j + kernel.step) - at(weights, j - kernel.step);
    slope += difference * difference;
  }
  kernel.crossing_rate = std::sqrt(std::max(0.0, 2 * (1 - correlation)));
  kernel.slope_norm = std::sqrt(slope);
  kernel.weights = std::move(weights);
  return kernel;
}

Kernel second_derivative(Index half) {
  std::vector<double> weights;
  for (Index j = 0; j <= half; ++j) {
    weights.push_back(-static_cast<double>(j * j));
  }
  return finish(std::move(weights), static_cast<double>(half) * fwhm_per_half_window);
}

Kernel mexican_hat_of_peaks(double scale) {
  std::vector<double> weights;
  const auto half = static_cast<Index>(std::ceil(hat_reach * scale));
  for (Index j = 0; j <= half; ++j) {
    const double t = static_cast<double>(j) / scale;
    weights.push_back((1 - t * t) * std::exp(-0.5 * t * t));
  }
  return finish(std::move(weights), scale * fwhm_per_scale);
}

double tail(double u) {
  return 0.5 * std::erfc(u / std::numbers::sqrt2);
}

// Expected number of excursions beyond u: of a smooth process, never more than of separate points.
double excursions(const std::vector<Kernel>& kernels, Index points, double u) {
  const double far = tail(u);
  const double crossing = std::exp(-0.5 * u * u) / (2 * std::numbers::pi);
  double sum = 0;
  for (const auto& kernel : kernels) {
    const auto n = static_cast<double>(std::max<Index>(1, points - 2 * kernel.half()));
    sum += std::min(n * kernel.crossing_rate * crossing + far, n * far);
  }
  return sum;
}

// Averaged over what sigma may be.
double mean_excursions(const std::vector<Kernel>& kernels, Index points, double u, double spread) {
  if (!(spread > 0)) {
    return excursions(kernels, points, u);
  }
  double sum = 0;
  double weights = 0;
  for (int k = -7; k <= 7; ++k) {
    const double t = 0.5 * k;
    const double weight = std::exp(-0.5 * t * t);
    sum += weight * excursions(kernels, points, u * std::max(0.1, 1 + spread * t));
    weights += weight;
  }
  return sum / weights;
}

}  // namespace

std::vector<double> without_trend(const std::vector<double>& y) {
  const auto n = static_cast<Index>(y.size());
  const Index degree = std::clamp<Index>(n / 100, 1, 4);
  Eigen::MatrixXd basis(n, degree + 1);
  basis.col(0).setConstant(1 / std::sqrt(static_cast<double>(n)));
  const Eigen::VectorXd t = Eigen::VectorXd::LinSpaced(n, -1, 1);
  Eigen::VectorXd rest = Eigen::Map<const Eigen::VectorXd>(y.data(), n);
  for (Index k = 0; k <= degree; ++k) {
    if (k > 0) {
      basis.col(k) = basis.col(k - 1).cwiseProduct(t);
      for (Index j = 0; j < k; ++j) {
        basis.col(k) -= basis.col(j).dot(basis.col(k)) * basis.col(j);
      }
      basis.col(k).normalize();
    }
    rest -= basis.col(k).dot(rest) * basis.col(k);
  }
  return {rest.data(), rest.data() + n};
}

double Kernel::gain(double fwhm_points) const {
  double sum = 0;
  for (std::size_t j = 0; j < weights.size(); ++j) {
    const double t = static_cast<double>(j) / fwhm_points;
    sum += (j == 0 ? 1.0 : 2.0) * weights[j] * std::exp(-4 * std::numbers::ln2 * t * t);
  }
  return sum;
}

std::vector<Kernel> make_kernels(PeakFinder finder, double largest_fwhm, Index points) {
  std::vector<Kernel> out;
  for (int k = 0;; ++k) {
    const double size = std::pow(2.0, 0.5 * k);
    const bool is_hat = finder == PeakFinder::wavelet;
    const auto half = static_cast<Index>(std::lround(size));
    if (!is_hat && !out.empty() && half == out.back().half()) {
      continue;
    }
    auto kernel = is_hat ? mexican_hat_of_peaks(0.5 * size) : second_derivative(half);
    const bool fits = 2 * kernel.half() + 3 <= points;
    if (!fits || (out.size() > 2 && kernel.fwhm > largest_fwhm * std::numbers::sqrt2)) {
      return out;
    }
    out.push_back(std::move(kernel));
  }
}

void apply(const Kernel& kernel, std::span<const double> y, std::span<double> out) {
  using Array = Eigen::ArrayXd;
  const auto n = static_cast<Index>(y.size());
  const Index half = kernel.half();
  std::fill(out.begin(), out.end(), 0.0);
  const Index count = n - 2 * half;
  if (count <= 0) {
    return;
  }
  const Eigen::Map<const Array> in(y.data(), n);
  Eigen::Map<Array> sum(out.data() + half, count);
  sum = kernel.weights[0] * in.segment(half, count);
  Index j = 1;
  for (; j + 1 <= half; j += 2) {  // two at a time: half the traffic
    const auto at = static_cast<std::size_t>(j);
    sum += kernel.weights[at] * (in.segment(half - j, count) + in.segment(half + j, count)) +
           kernel.weights[at + 1] *
               (in.segment(half - j - 1, count) + in.segment(half + j + 1, count));
  }
  if (j <= half) {
    sum += kernel.weights[static_cast<std::size_t>(j)] *
           (in.segment(half - j, count) + in.segment(half + j, count));
  }
}

double threshold_for(const std::vector<Kernel>& kernels, Index points, double rate, double spread) {
  double low = 0;
  double high = 40;
  for (int k = 0; k < 32; ++k) {
    const double middle = 0.5 * (low + high);
    (mean_excursions(kernels, points, middle, spread) > rate ? low : high) = middle;
  }
  return high;
}

}  // namespace calcispec::peaks
