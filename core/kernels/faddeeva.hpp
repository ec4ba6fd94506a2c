// w(z) = exp(-z^2) erfc(-iz) on the upper half plane, over vectors.
#pragma once

#include "core/kernels/pack_math.hpp"

#include <array>
#include <cmath>
#include <numbers>

namespace calcispec::kernels {

struct ComplexVec {
  Pack re;
  Pack im;
};

inline constexpr std::size_t faddeeva_terms = 32;

struct FaddeevaTable {
  double width = 0;                             // L of the source
  std::array<double, faddeeva_terms> factor{};  // highest power first
};

/// Coefficients of the rational series: cosine sums of exp(-t^2) (L^2 + t^2), t = L tan(theta / 2).
inline FaddeevaTable make_faddeeva_table() {
  FaddeevaTable table;
  constexpr int half = 2 * static_cast<int>(faddeeva_terms);
  table.width = std::sqrt(static_cast<double>(faddeeva_terms) / std::numbers::sqrt2);
  for (std::size_t n = 1; n <= faddeeva_terms; ++n) {
    double total = 0;
    for (int k = 1 - half; k < half; ++k) {
      const double theta = k * std::numbers::pi / half;
      const double t = table.width * std::tan(0.5 * theta);
      total += std::exp(-t * t) * (table.width * table.width + t * t) *
               std::cos(static_cast<double>(n) * theta);
    }
    table.factor[faddeeva_terms - n] = total / (2 * half);
  }
  return table;
}

inline const FaddeevaTable& faddeeva_table() {
  static const FaddeevaTable made = make_faddeeva_table();
  return made;
}

/// Needs      y >= 0
/// Accuracy   against tests/golden/voigt_test.cpp: 1e-13 of the largest value at the same y
/// Source     Weideman, SIAM J. Numer. Anal. 31 (1994) 1497
inline ComplexVec faddeeva(Pack x, Pack y, const FaddeevaTable& table) {
  const double width = table.width;
  // d = L - iz = (L + y) - ix; Z = (L + iz) / d
  const Pack d_re = width + y;
  const Pack norm = 1.0 / (d_re * d_re + x * x);
  const Pack i_re = d_re * norm;  // 1 / d
  const Pack i_im = x * norm;
  const Pack n_re = width - y;
  const Pack z_re = n_re * i_re - x * i_im;
  const Pack z_im = n_re * i_im + x * i_re;
  Pack p_re = broadcast(table.factor[0]);
  Pack p_im{};
  for (std::size_t k = 1; k < faddeeva_terms; ++k) {
    const Pack next = p_re * z_re - p_im * z_im + table.factor[k];
    p_im = p_re * z_im + p_im * z_re;
    p_re = next;
  }
  // w = (2 p / d + 1 / sqrt(pi)) / d
  const Pack q_re = 2.0 * (p_re * i_re - p_im * i_im) + std::numbers::inv_sqrtpi;
  const Pack q_im = 2.0 * (p_re * i_im + p_im * i_re);
  return {q_re * i_re - q_im * i_im, q_re * i_im + q_im * i_re};
}

/// exp(t^2) erfc(t) = w(it) for t >= 0.
inline Pack erfcx(Pack t, const FaddeevaTable& table) {
  const Pack inverse = 1.0 / (table.width + t);
  const Pack z = (table.width - t) * inverse;
  Pack p = broadcast(table.factor[0]);
  for (std::size_t k = 1; k < faddeeva_terms; ++k) {
    p = p * z + table.factor[k];
  }
  return (2.0 * p * inverse + std::numbers::inv_sqrtpi) * inverse;
}

}  // namespace calcispec::kernels
