// The judge of solve_mixture at a fixed stiffness and without bounds: plain loops over the normal
// equations of columns and 24 intervals of cubic B-splines, inverted as a whole.
#pragma once

#include <algorithm>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

namespace calcispec::oracle {

struct PlainMixture {
  std::vector<double> amounts;
  std::vector<double> covariance;  // of all coefficients, splines included
  std::vector<double> background;
  double chi_square = 0;
};

/// Gauss-Jordan without pivoting: for positive definite matrices.
inline std::vector<double> inverse_of(std::vector<double> a, std::size_t n) {
  std::vector<double> out(n * n, 0.0);
  for (std::size_t i = 0; i < n; ++i) {
    out[i * n + i] = 1;
  }
  for (std::size_t p = 0; p < n; ++p) {
    const double pivot = a[p * n + p];
    for (std::size_t j = 0; j < n; ++j) {
      a[p * n + j] /= pivot;
      out[p * n + j] /= pivot;
    }
    for (std::size_t i = 0; i < n; ++i) {
      const double factor = i == p ? 0 : a[i * n + p];
      for (std::size_t j = 0; j < n; ++j) {
        a[i * n + j] -= factor * a[p * n + j];
        out[i * n + j] -= factor * out[p * n + j];
      }
    }
  }
  return out;
}

/// `columns`: column after column; sigma > 0 everywhere.
inline PlainMixture mixture(std::span<const double> x,
                            std::span<const double> y,
                            std::span<const double> sigma,
                            std::span<const double> columns,
                            double stiffness) {
  const std::size_t points = x.size();
  const std::size_t own = columns.size() / points;
  const std::size_t all = own + 27;
  std::vector<double> design(points * all, 0.0);
  for (std::size_t i = 0; i < points; ++i) {
    for (std::size_t k = 0; k < own; ++k) {
      design[i * all + k] = columns[k * points + i];
    }
    const double u = 24 * (x[i] - x.front()) / (x.back() - x.front());
    for (std::size_t k = 0; k < 27; ++k) {
      const double distance = std::abs(u - static_cast<double>(k) + 1);
      const double far = std::max(0.0, 2 - distance);
      const double near = std::max(0.0, 1 - distance);
      design[i * all + own + k] = (far * far * far - 4 * near * near * near) / 6;
    }
  }
  std::vector<double> normal(all * all, 0.0);
  std::vector<double> right(all, 0.0);
  for (std::size_t i = 0; i < points; ++i) {
    const double* const row = design.data() + i * all;
    const double weight = 1 / (sigma[i] * sigma[i]);
    for (std::size_t a = 0; a < all; ++a) {
      right[a] += weight * row[a] * y[i];
      for (std::size_t b = 0; b < all; ++b) {
        normal[a * all + b] += weight * row[a] * row[b];
      }
    }
  }
  constexpr double difference[3] = {1, -2, 1};
  for (std::size_t k = own; k + 2 < all; ++k) {
    for (std::size_t a = 0; a < 3; ++a) {
      for (std::size_t b = 0; b < 3; ++b) {
        normal[(k + a) * all + k + b] += stiffness * difference[a] * difference[b];
      }
    }
  }
  PlainMixture out;
  out.covariance = inverse_of(normal, all);
  std::vector<double> solution(all, 0.0);
  for (std::size_t a = 0; a < all; ++a) {
    for (std::size_t b = 0; b < all; ++b) {
      solution[a] += out.covariance[a * all + b] * right[b];
    }
  }
  out.amounts.assign(solution.begin(), solution.begin() + static_cast<std::ptrdiff_t>(own));
  for (std::size_t i = 0; i < points; ++i) {
    double fitted = 0;
    double background = 0;
    for (std::size_t k = 0; k < all; ++k) {
      (k < own ? fitted : background) += design[i * all + k] * solution[k];
    }
    out.background.push_back(background);
    out.chi_square += std::pow((y[i] - fitted - background) / sigma[i], 2);
  }
  return out;
}

}  // namespace calcispec::oracle
