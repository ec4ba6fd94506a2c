// The judge of penalised splines: cubic B-splines on equal knots, one spectrum, plain loops.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstddef>
#include <span>
#include <vector>

namespace calcispec::oracle {

/// (B'WB + lambda D2'D2) c = B'Wy, z = Bc, by an LDL' recurrence over the four lower bands.
class PlainSpline {
 public:
  /// Equal points; `knots` with both ends.
  PlainSpline(std::size_t points, std::size_t knots, double lambda)
      : count_(knots + 2), lambda_(lambda), first_(points), basis_(points) {
    for (std::size_t i = 0; i < points; ++i) {
      const double u =
          static_cast<double>(i) / static_cast<double>(points - 1) * static_cast<double>(knots - 1);
      first_[i] = std::min(static_cast<std::size_t>(u), knots - 2);
      const double t = u - static_cast<double>(first_[i]);
      const double s = 1 - t;
      basis_[i] = {s * s * s / 6,
                   (3 * t * t * t - 6 * t * t + 4) / 6,
                   (3 * s * s * s - 6 * s * s + 4) / 6,
                   t * t * t / 6};
    }
  }

  void solve(std::span<const double> w, std::span<const double> y, std::vector<double>& z) {
    band_.assign(count_, {});
    right_.assign(count_, 0);
    for (std::size_t j = 0; j + 2 < count_; ++j) {
      constexpr std::array<double, 3> c{1, -2, 1};
      for (std::size_t a = 0; a < 3; ++a) {
        for (std::size_t b = 0; b <= a; ++b) {
          band_[j + a][a - b] += lambda_ * c[a] * c[b];
        }
      }
    }
    for (std::size_t i = 0; i < y.size(); ++i) {
      for (std::size_t a = 0; a < 4; ++a) {
        right_[first_[i] + a] += w[i] * y[i] * basis_[i][a];
        for (std::size_t b = 0; b <= a; ++b) {
          band_[first_[i] + a][a - b] += w[i] * basis_[i][a] * basis_[i][b];
        }
      }
    }
    eliminate();
    z.resize(y.size());
    for (std::size_t i = 0; i < y.size(); ++i) {
      z[i] = 0;
      for (std::size_t a = 0; a < 4; ++a) {
        z[i] += basis_[i][a] * right_[first_[i] + a];
      }
    }
  }

 private:
  void eliminate() {
    for (std::size_t i = 0; i < count_; ++i) {
      const std::size_t reach = std::min<std::size_t>(3, i);
      for (std::size_t k = reach; k > 0; --k) {
        for (std::size_t m = k + 1; m <= reach; ++m) {
          band_[i][k] -= band_[i][m] * band_[i - k][m - k];
        }
      }
      for (std::size_t k = reach; k > 0; --k) {
        const double product = band_[i][k];
        band_[i][k] /= band_[i - k][0];
        band_[i][0] -= product * band_[i][k];
        right_[i] -= band_[i][k] * right_[i - k];
      }
    }
    for (std::size_t i = count_; i-- > 0;) {
      right_[i] /= band_[i][0];
      for (std::size_t k = 1; k <= 3 && i + k < count_; ++k) {
        right_[i] -= band_[i + k][k] * right_[i + k];
      }
    }
  }

  std::size_t count_;
  double lambda_;
  std::vector<std::size_t> first_;
  std::vector<std::array<double, 4>> basis_;
  std::vector<std::array<double, 4>> band_;  // [i][k] couples i with i - k
  std::vector<double> right_;                // then the coefficients
};

}  // namespace calcispec::oracle
