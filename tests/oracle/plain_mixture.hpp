// Plain loops for the joint model: a dense least-squares step, and products of columns.
#pragma once

#include <cmath>
#include <cstddef>
#include <numbers>
#include <utility>
#include <vector>

namespace calcispec::oracle {

/// Products of all pairs of columns, weights squared: the loop as it is written on paper.
inline std::vector<double> plain_gram(const std::vector<std::vector<double>>& columns,
                                      const std::vector<double>& root_weight) {
  const std::size_t count = columns.size();
  std::vector<double> gram(count * count, 0.0);
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t j = 0; j < count; ++j) {
      double sum = 0;
      for (std::size_t p = 0; p < root_weight.size(); ++p) {
        sum += columns[i][p] * columns[j][p] * root_weight[p] * root_weight[p];
      }
      gram[i * count + j] = sum;
    }
  }
  return gram;
}

/// Solves gram * x = right by elimination without pivoting (gram positive definite).
inline std::vector<double> plain_solve(std::vector<double> gram, std::vector<double> right) {
  const std::size_t count = right.size();
  for (std::size_t k = 0; k < count; ++k) {
    for (std::size_t i = k + 1; i < count; ++i) {
      const double factor = gram[i * count + k] / gram[k * count + k];
      for (std::size_t j = k; j < count; ++j) {
        gram[i * count + j] -= factor * gram[k * count + j];
      }
      right[i] -= factor * right[k];
    }
  }
  for (std::size_t k = count; k-- > 0;) {
    for (std::size_t j = k + 1; j < count; ++j) {
      right[k] -= gram[k * count + j] * right[j];
    }
    right[k] /= gram[k * count + k];
  }
  return right;
}

/// One step: `bands` pseudo-Voigt bands spread over the axis with derivatives by position and
/// width, and `waves` cosines for the background; a small ridge, no bounds.
inline std::vector<double> plain_mixture_step(const std::vector<double>& x,
                                              const std::vector<double>& y,
                                              int bands,
                                              int waves) {
  const double range = x.back() - x.front();
  std::vector<std::vector<double>> columns;
  for (int b = 0; b < bands; ++b) {
    std::vector<double> value(x.size());
    std::vector<double> by_center(x.size());
    std::vector<double> by_width(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double u = (x[i] - x.front() - (b + 0.5) * range / bands) / 20;
      const double lorentz = 1 / (1 + 4 * u * u);
      const double gauss = std::exp(-4 * std::numbers::ln2 * u * u);
      value[i] = 0.5 * (lorentz + gauss);
      by_center[i] = 4 * u * (lorentz * lorentz + std::numbers::ln2 * gauss);
      by_width[i] = u * by_center[i];
    }
    columns.push_back(value);
    columns.push_back(by_center);
    columns.push_back(by_width);
  }
  for (int w = 0; w < waves; ++w) {
    std::vector<double> wave(x.size());
    for (std::size_t i = 0; i < x.size(); ++i) {
      wave[i] = std::cos(std::numbers::pi * w * (x[i] - x.front()) / range);
    }
    columns.push_back(wave);
  }
  const std::vector<double> weight(x.size(), 1.0);
  auto gram = plain_gram(columns, weight);
  std::vector<double> right(columns.size());
  for (std::size_t k = 0; k < columns.size(); ++k) {
    gram[k * columns.size() + k] += 1e-6;
    for (std::size_t i = 0; i < x.size(); ++i) {
      right[k] += columns[k][i] * y[i];
    }
  }
  return plain_solve(std::move(gram), std::move(right));
}

}  // namespace calcispec::oracle
