// BoundedStep: minimise d'Hd - 2 g'd for low <= d <= high on small dense matrices, no allocation
// once its scratch has its size.
#pragma once

#include "core/kernels/pack_math.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace calcispec::kernels {

/// Square matrix, row-major, rows padded for vectors. Only the upper triangle is used.
struct SmallMatrix {
  Index size = 0;
  Index stride = 0;
  AlignedDoubles values;

  void resize(Index count) {
    size = count;
    stride = padded(count);
    values.resize(static_cast<std::size_t>(size * stride));
  }
  [[nodiscard]] double* row(Index i) { return values.data() + i * stride; }
  [[nodiscard]] const double* row(Index i) const { return values.data() + i * stride; }
};

/// U'DU in place of the upper triangle (unit U above, D on the diagonal). False if a pivot is not
/// above `least` times the diagonal it came from.
inline bool factorize(SmallMatrix& matrix, double least) {
  const Index n = matrix.size;
  double diagonal[256];
  const bool keeps = n <= 256;
  for (Index i = 0; keeps && i < n; ++i) {
    diagonal[i] = matrix.row(i)[i];
  }
  for (Index k = 0; k < n; ++k) {
    double* pivot_row = matrix.row(k);
    const double pivot = pivot_row[k];
    const double scale = keeps ? diagonal[k] : 0.0;
    if (!(pivot > least * scale) || !(pivot > 0)) {
      return false;
    }
    const double inverse = 1 / pivot;
    for (Index i = k + 1; i < n; ++i) {
      const double factor = pivot_row[i] * inverse;
      double* row = matrix.row(i);
      for (Index j = i; j < n; ++j) {
        row[j] -= factor * pivot_row[j];
      }
    }
    for (Index i = k + 1; i < n; ++i) {
      pivot_row[i] *= inverse;
    }
  }
  return true;
}

/// x becomes H^-1 x for the factors above.
inline void solve_factorized(const SmallMatrix& factors, double* x) {
  const Index n = factors.size;
  for (Index k = 0; k < n; ++k) {
    const double* row = factors.row(k);
    const double value = x[k];
    for (Index j = k + 1; j < n; ++j) {
      x[j] -= row[j] * value;
    }
  }
  for (Index k = n; k-- > 0;) {
    const double* row = factors.row(k);
    double value = x[k] / row[k];
    for (Index j = k + 1; j < n; ++j) {
      value -= row[j] * x[j];
    }
    x[k] = value;
  }
}

/// Active set over a box that holds 0. Variables start free; those whose step leaves the box are
/// put at its side and the others are solved again; when all fit, the one at a side that would
/// lower the value most by coming back is let go. A variable with held[i] != 0 keeps d = 0.
class BoundedStep {
 public:
  /// False if the matrix of the free variables is not positive definite.
  bool solve(const SmallMatrix& h,
             const double* g,
             const double* low,
             const double* high,
             const char* held,
             double* step) {
    const Index n = h.size;
    clamped_.assign(static_cast<std::size_t>(n), char{0});
    for (Index i = 0; i < n; ++i) {
      step[i] = 0;
      clamped_[static_cast<std::size_t>(i)] = held[i];
    }
    for (Index round = 0; round <= 3 * n; ++round) {
      if (!solve_free(h, g, step)) {
        return false;
      }
      bool is_inside = true;
      bool has_clamped = false;
      for (Index i = 0; i < n; ++i) {
        auto& clamped = clamped_[static_cast<std::size_t>(i)];
        if (clamped == 0 && (step[i] < low[i] || step[i] > high[i])) {
          step[i] = std::clamp(step[i], low[i], high[i]);
          clamped = 1;
          is_inside = false;
        }
        has_clamped = has_clamped || (clamped != 0 && held[i] == 0);
      }
      if (is_inside && (!has_clamped || !release(h, g, low, held, step))) {
        return true;
      }
    }
    return true;
  }

 private:
  bool release(const SmallMatrix& h,
               const double* g,
               const double* low,
               const char* held,
               const double* step) {
    double worst = 1e-9;
    Index found = -1;
    for (Index i = 0; i < h.size; ++i) {
      if (clamped_[static_cast<std::size_t>(i)] == 0 || held[i] != 0 || !(h.row(i)[i] > 0)) {
        continue;
      }
      double slope = g[i];
      double scale = std::abs(g[i]);
      for (Index j = 0; j < h.size; ++j) {
        const double term = (j < i ? h.row(j)[i] : h.row(i)[j]) * step[j];
        slope -= term;
        scale += std::abs(term);
      }
      const double inward = (step[i] <= low[i] ? slope : -slope) / scale;
      if (inward > worst) {
        worst = inward;
        found = i;
      }
    }
    if (found >= 0) {
      clamped_[static_cast<std::size_t>(found)] = 0;
    }
    return found >= 0;
  }

  bool solve_free(const SmallMatrix& h, const double* g, double* step) {
    const Index n = h.size;
    block_.resize(n);
    std::copy(h.values.begin(), h.values.end(), block_.values.begin());
    right_.assign(g, g + n);
    for (Index i = 0; i < n; ++i) {
      if (clamped_[static_cast<std::size_t>(i)] == 0) {
        continue;
      }
      for (Index j = 0; j < n; ++j) {
        double& coupling = j < i ? block_.row(j)[i] : block_.row(i)[j];
        right_[static_cast<std::size_t>(j)] -= (j < i ? h.row(j)[i] : h.row(i)[j]) * step[i];
        coupling = 0;
      }
      block_.row(i)[i] = 1;
    }
    for (Index i = 0; i < n; ++i) {
      if (clamped_[static_cast<std::size_t>(i)] != 0) {
        right_[static_cast<std::size_t>(i)] = step[i];
      }
    }
    if (!factorize(block_, 1e-15)) {
      return false;
    }
    solve_factorized(block_, right_.data());
    for (Index i = 0; i < n; ++i) {
      if (clamped_[static_cast<std::size_t>(i)] == 0) {
        step[i] = right_[static_cast<std::size_t>(i)];
        if (!std::isfinite(step[i])) {
          return false;
        }
      }
    }
    return true;
  }

  SmallMatrix block_;
  std::vector<double> right_;
  std::vector<char> clamped_;
};

}  // namespace calcispec::kernels
