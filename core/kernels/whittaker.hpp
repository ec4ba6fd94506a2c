// Whittaker smoother over lanes: (W + lambda D'D) z = W y, D the difference of order 1 to 4.
#pragma once

#include "core/kernels/tile.hpp"

#include <array>
#include <vector>

namespace calcispec::kernels {

/// Bands of lambda D'D: rows[i][k] couples point i with point i - k.
template <std::size_t order>
class DifferencePenalty {
 public:
  void make(Index points, double lambda) {
    std::array<double, order + 1> difference{};
    difference[0] = 1;
    for (std::size_t k = 0; k < order; ++k) {  // binomial with alternating sign
      for (std::size_t j = k + 1; j > 0; --j) {
        difference[j] -= difference[j - 1];
      }
    }
    rows_.assign(static_cast<std::size_t>(points), {});
    for (std::size_t row = 0; row + order < rows_.size(); ++row) {
      for (std::size_t a = 0; a <= order; ++a) {
        for (std::size_t b = 0; b <= a; ++b) {
          rows_[row + a][a - b] += lambda * difference[a] * difference[b];
        }
      }
    }
  }
  [[nodiscard]] const std::array<double, order + 1>& row(std::size_t i) const { return rows_[i]; }

 private:
  std::vector<std::array<double, order + 1>> rows_;
};

/// Scratch of one solve; belongs to the thread.
template <std::size_t order>
struct WhittakerScratch {
  std::array<Tile, order> lower;  // lower[k - 1][i] couples i with i - k
  Tile scaled;                    // D^-1 L^-1 W y
};

/// LDL' and both substitutions. Cost: points * lanes * (order^2 + 3 order) operations, one division
/// per point; no allocation once the scratch has its size.
template <std::size_t order>
void solve_whittaker(const DifferencePenalty<order>& penalty,
                     const Tile& weights,
                     const Tile& y,
                     WhittakerScratch<order>& scratch,
                     Tile& z) {
  const std::size_t points = y.size();
  for (auto& column : scratch.lower) {
    column.resize(points);
  }
  scratch.scaled.resize(points);
  z.resize(points);
  std::array<Pack, order> pivot;                      // of the points before, pivot[0] the nearest
  std::array<Pack, order> right;                      // their right-hand sides
  std::array<std::array<Pack, order>, order> before;  // their rows of L
  for (std::size_t k = 0; k < order; ++k) {
    pivot[k].setOnes();
    right[k].setZero();
    for (auto& value : before[k]) {
      value.setZero();
    }
  }
  for (std::size_t i = 0; i < points; ++i) {
    const auto& row = penalty.row(i);
    std::array<Pack, order> own;      // L(i, i - 1 - k)
    std::array<Pack, order> product;  // own * pivot
    for (std::size_t k = order; k-- > 0;) {
      Pack sum = Pack::Constant(row[k + 1]);
      for (std::size_t m = order - 1; m > k; --m) {
        // L(i - 1 - k, i - 1 - m)
        sum -= product[m] * before[k][m - k - 1];
      }
      product[k] = sum;
      own[k] = sum * pivot[k];  // pivot holds reciprocals
    }
    Pack diagonal = weights[i] + row[0];
    Pack value = weights[i] * y[i];
    for (std::size_t k = order; k-- > 0;) {
      diagonal -= own[k] * product[k];
      value -= own[k] * right[k];
    }
    const Pack inverse = diagonal.inverse();
    for (std::size_t k = 0; k < order; ++k) {
      scratch.lower[k][i] = own[k];
    }
    scratch.scaled[i] = value * inverse;
    for (std::size_t k = order - 1; k > 0; --k) {
      pivot[k] = pivot[k - 1];
      right[k] = right[k - 1];
      before[k] = before[k - 1];
    }
    pivot[0] = inverse;
    right[0] = value;
    before[0] = own;
  }
  for (std::size_t r = points; r-- > 0;) {
    Pack value = scratch.scaled[r];
    for (std::size_t k = 0; k < order; ++k) {
      if (r + 1 + k < points) {
        value -= scratch.lower[k][r + 1 + k] * z[r + 1 + k];
      }
    }
    z[r] = value;
  }
}

}  // namespace calcispec::kernels
