#include "core/smooth/wavelet_filter.hpp"

#include "core/decomposition.hpp"

#include <Eigen/Core>

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <limits>
#include <mutex>
#include <numbers>

namespace calcispec {
namespace {

using Complex = std::complex<double>;

// Coefficients of P(y) = sum_k C(N - 1 + k, k) y^k, k < N.
std::vector<double> half_band_polynomial(int moments) {
  std::vector<double> out{1};
  for (int k = 1; k < moments; ++k) {
    out.push_back(out.back() * (moments - 1 + k) / k);
  }
  return out;
}

Complex polish(const std::vector<double>& coefficients, Complex root) {
  for (int round = 0; round < 5; ++round) {
    Complex value = 0;
    Complex slope = 0;
    for (auto c = coefficients.rbegin(); c != coefficients.rend(); ++c) {
      slope = slope * root + value;
      value = value * root + *c;
    }
    root -= value / slope;
  }
  return root;
}

std::vector<Complex> roots_of(const std::vector<double>& coefficients) {
  const auto degree = static_cast<Eigen::Index>(coefficients.size()) - 1;
  Eigen::MatrixXd companion = Eigen::MatrixXd::Zero(degree, degree);
  for (Eigen::Index k = 0; k < degree; ++k) {
    companion(k, degree - 1) = -coefficients[static_cast<std::size_t>(k)] / coefficients.back();
    if (k > 0) {
      companion(k, k - 1) = 1;
    }
  }
  std::vector<Complex> roots;
  for (const auto& root : eigenvalues_of(companion)) {
    roots.push_back(polish(coefficients, root));
  }
  return roots;
}

// Roots in z inside the unit circle, in groups that must stay together for real coefficients: y is
// (2 - z - 1/z) / 4.
std::vector<std::vector<Complex>> root_groups(int moments) {
  std::vector<std::vector<Complex>> groups;
  if (moments < 2) {
    return groups;
  }
  for (const auto& y : roots_of(half_band_polynomial(moments))) {
    if (y.imag() < -1e-9) {
      continue;  // comes with its conjugate
    }
    const Complex middle = 1.0 - 2.0 * y;
    const Complex rest = std::sqrt(middle * middle - 1.0);
    Complex z = middle - rest;
    z = std::abs(z) < 1 ? z : middle + rest;
    groups.push_back({z});
    if (y.imag() > 1e-9) {
      groups.back().push_back(std::conj(z));
    }
  }
  std::sort(groups.begin(), groups.end(), [](const auto& a, const auto& b) {
    return std::abs(a[0]) < std::abs(b[0]);
  });
  return groups;
}

// Product of (1 + z)^N and the factors of the roots, scaled to a sum of squares of 1.
std::vector<double> wavelet_filter_of(const std::vector<Complex>& roots, int moments) {
  std::vector<Complex> product{1};
  const auto multiply = [&](Complex root) {
    product.emplace_back(0);
    for (std::size_t k = product.size() - 1; k > 0; --k) {
      product[k] = product[k - 1] - root * product[k];
    }
    product[0] *= -root;
  };
  for (const auto& root : roots) {
    multiply(root);
  }
  for (int k = 0; k < moments; ++k) {
    multiply(-1);
  }
  std::vector<double> out;
  double sum = 0;
  for (auto c = product.rbegin(); c != product.rend(); ++c) {
    out.push_back(c->real());
    sum += c->real();
  }
  for (double& c : out) {
    c *= std::numbers::sqrt2 / sum;
  }
  return out;
}

// Departure of the phase of the factors from a straight line through 0, sum of squares.
double phase_error(const std::vector<Complex>& roots) {
  constexpr int steps = 200;
  std::vector<double> phase(steps + 1, 0.0);
  for (const auto& root : roots) {
    double last = std::arg(1.0 - root);
    const double start = last;
    for (int k = 1; k <= steps; ++k) {
      const double angle = std::numbers::pi * k / steps;
      const double now = std::arg(std::polar(1.0, angle) - root);
      last += std::remainder(now - last, 2 * std::numbers::pi);
      phase[static_cast<std::size_t>(k)] += last - start;
    }
  }
  double product = 0;
  double square = 0;
  for (int k = 1; k <= steps; ++k) {
    product += phase[static_cast<std::size_t>(k)] * k;
    square += static_cast<double>(k) * k;
  }
  double error = 0;
  for (int k = 1; k <= steps; ++k) {
    const double rest = phase[static_cast<std::size_t>(k)] - product / square * k;
    error += rest * rest;
  }
  return error;
}

std::vector<Complex> all_of(const std::vector<std::vector<Complex>>& groups, unsigned outside) {
  std::vector<Complex> roots;
  for (std::size_t g = 0; g < groups.size(); ++g) {
    for (const auto& root : groups[g]) {
      roots.push_back((outside >> g & 1U) != 0 ? 1.0 / std::conj(root) : root);
    }
  }
  return roots;
}

std::vector<double> compute(WaveletFamily family, int moments) {
  const auto groups = root_groups(moments);
  if (family == WaveletFamily::daubechies || groups.empty()) {
    return wavelet_filter_of(all_of(groups, 0), moments);
  }
  // The mirror image of a choice has the same phase error: the first group stays inside.
  unsigned best = 0;
  double least = std::numeric_limits<double>::infinity();
  for (unsigned choice = 0; choice < 1U << groups.size(); choice += 2) {
    const double error = phase_error(all_of(groups, choice));
    if (error < least) {
      least = error;
      best = choice;
    }
  }
  return wavelet_filter_of(all_of(groups, best), moments);
}

}  // namespace

const std::vector<double>& wavelet_filter(WaveletFamily family, int moments) {
  static std::mutex mutex;
  static std::array<std::array<std::vector<double>, 11>, 2> known;
  const std::lock_guard lock(mutex);
  auto& filter = known[static_cast<std::size_t>(family)][static_cast<std::size_t>(moments)];
  if (filter.empty()) {
    filter = compute(family, moments);
  }
  return filter;
}

}  // namespace calcispec
