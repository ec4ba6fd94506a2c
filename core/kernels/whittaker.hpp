// Whittaker smoother over lanes: (W + lambda D'D) z = W y, D the difference of order 1 to 4.
#pragma once

#include "core/kernels/tile.hpp"

#include <array>
#include <vector>

namespace calcispec::kernels {

/// Bands of lambda D'D: row(i)[k] couples point i with point i - k. The matrix is the same read
/// from the last point, so that row(i) also serves the i-th point from the end.
template <std::size_t order>
class DifferencePenalty {
 public:
  /// True: it was another one before.
  bool make(Index points, double lambda) {
    if (static_cast<Index>(rows_.size()) == points && lambda_ == lambda) {
      return false;
    }
    lambda_ = lambda;
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
          rows_[row + a][a - b] += difference[a] * difference[b];
        }
      }
    }
    for (auto& row : rows_) {  // whole numbers until here: one rounding per entry
      for (double& entry : row) {
        entry *= lambda;
      }
    }
    return true;
  }
  /// Adds lambda D'D with D the first difference. In one addition per entry: the roundings of a row
  /// then cancel in its sum, which stands beside small weights.
  void add_first_differences(double lambda) {
    lambda_ = -1;  // to be made anew
    for (std::size_t i = 0; i < rows_.size(); ++i) {
      const bool is_end = i == 0 || i + 1 == rows_.size();
      rows_[i][0] += is_end ? lambda : 2 * lambda;
      rows_[i][1] -= i > 0 ? lambda : 0;
    }
  }
  [[nodiscard]] const std::array<double, order + 1>& row(Index i) const {
    return rows_[static_cast<std::size_t>(i)];
  }

 private:
  double lambda_ = -1;
  std::vector<std::array<double, order + 1>> rows_;
};

/// What one elimination of a point leaves for the substitution back: its column of L and the
/// scaled right-hand side.
template <std::size_t order>
struct WhittakerRecord {
  std::array<Pack, order> lower;  // lower[k] couples it with the point k + 1 nearer the middle
  Pack scaled;
};

/// Elimination from one end of the spectrum towards its middle, for one group of lanes.
template <std::size_t order>
struct EliminationChain {
  std::array<Pack, order> pivot;                      // reciprocals; [0] is the point before
  std::array<Pack, order> right;                      // right-hand sides of the points before
  std::array<std::array<Pack, order>, order> before;  // their rows of L

  EliminationChain() {
    unrolled<order>([&](auto k) {
      pivot[k] = broadcast(1);
      right[k] = Pack{};
      unrolled<order>([&](auto m) { before[k][m] = Pack{}; });
    });
  }

  /// Row of a point over the chain's last points: coupling[c] with the point c + 1 before it.
  [[gnu::always_inline]] void row_of(const std::array<Pack, order>& coupling,
                                     std::array<Pack, order>& own,
                                     std::array<Pack, order>& product) const {
    unrolled<order>([&](auto from_far) {
      constexpr std::size_t k = order - 1 - decltype(from_far)::value;
      Pack sum = coupling[k];
      unrolled<order - 1 - k>([&](auto gap) {
        constexpr std::size_t m = order - 1 - decltype(gap)::value;
        sum -= product[m] * before[k][m - k - 1];
      });
      product[k] = sum;
      own[k] = sum * pivot[k];
    });
  }

  /// Takes in the next point with its right-hand side, weight * y. `record` is its own record;
  /// those of the points before it lie `back` records away each.
  [[gnu::always_inline]] void step(const std::array<double, order + 1>& row,
                                   Pack weight,
                                   Pack value,
                                   WhittakerRecord<order>* record,
                                   Index back) {
    std::array<Pack, order> coupling;
    std::array<Pack, order> own;
    std::array<Pack, order> product;
    unrolled<order>([&](auto k) { coupling[k] = broadcast(row[k + 1]); });
    row_of(coupling, own, product);
    Pack diagonal = weight + row[0];
    unrolled<order>([&](auto from_far) {
      constexpr std::size_t k = order - 1 - decltype(from_far)::value;
      // The reciprocal comes last: the next division waits for one operation, not for two.
      diagonal -= product[k] * product[k] * pivot[k];
      value -= own[k] * right[k];
      record[static_cast<Index>(k + 1) * back].lower[k] = own[k];
    });
    const Pack inverse = 1.0 / diagonal;
    record->scaled = value * inverse;
    unrolled<order - 1>([&](auto from_far) {
      constexpr std::size_t k = order - 1 - decltype(from_far)::value;
      pivot[k] = pivot[k - 1];
      right[k] = right[k - 1];
      before[k] = before[k - 1];
    });
    pivot[0] = inverse;
    right[0] = value;
    before[0] = own;
  }
};

/// The `order` points between two chains, one from each end, with the chains' shares taken off.
template <std::size_t order>
struct MiddleSystem {
  std::array<std::array<Pack, order>, order> matrix;  // lower triangle
  std::array<Pack, order> right;

  /// Own couplings of the middle points; `steps` are the points of the chain before them.
  void start(const DifferencePenalty<order>& penalty,
             Index steps,
             const std::array<Pack, order>& weights,
             const std::array<Pack, order>& y) {
    for (std::size_t v = 0; v < order; ++v) {
      const auto& row = penalty.row(steps + static_cast<Index>(v));
      for (std::size_t u = 0; u <= v; ++u) {
        matrix[v][u] = broadcast(row[v - u]);
      }
      matrix[v][v] += weights[v];
      right[v] = weights[v] * y[v];
    }
  }

  /// Takes off what the chain's points contribute and completes their records. A chain from the
  /// end meets the middle points in reverse.
  void take_off(const DifferencePenalty<order>& penalty,
                const EliminationChain<order>& chain,
                Index steps,
                bool is_reverse,
                WhittakerRecord<order>* next,
                Index back) {
    std::array<std::array<Pack, order>, order> own;
    std::array<std::array<Pack, order>, order> product;
    for (std::size_t v = 0; v < order; ++v) {
      const auto& row = penalty.row(steps + static_cast<Index>(v));
      std::array<Pack, order> coupling;
      for (std::size_t c = 0; c < order; ++c) {
        coupling[c] = broadcast(v + 1 + c <= order ? row[v + 1 + c] : 0);
      }
      chain.row_of(coupling, own[v], product[v]);
      for (std::size_t c = 0; v + c < order; ++c) {
        next[static_cast<Index>(c + 1) * back].lower[v + c] = own[v][c];
      }
    }
    const auto place = [&](std::size_t v) { return is_reverse ? order - 1 - v : v; };
    for (std::size_t v = 0; v < order; ++v) {
      for (std::size_t c = 0; c < order; ++c) {
        right[place(v)] -= own[v][c] * chain.right[c];
        for (std::size_t u = 0; u < order; ++u) {
          if (place(u) <= place(v)) {
            matrix[place(v)][place(u)] -= own[v][c] * product[u][c];
          }
        }
      }
    }
  }

  /// LDL' of the small matrix; `right` becomes the solution.
  void solve() {
    std::array<Pack, order> inverse;
    for (std::size_t i = 0; i < order; ++i) {
      for (std::size_t j = 0; j < i; ++j) {
        for (std::size_t k = 0; k < j; ++k) {
          matrix[i][j] -= matrix[i][k] * matrix[j][k] * inverse[k];
        }
        matrix[i][i] -= matrix[i][j] * matrix[i][j] * inverse[j];
        right[i] -= matrix[i][j] * inverse[j] * right[j];
      }
      inverse[i] = 1.0 / matrix[i][i];
    }
    for (std::size_t i = order; i-- > 0;) {
      Pack value = right[i];
      for (std::size_t j = i + 1; j < order; ++j) {
        value -= matrix[j][i] * right[j];
      }
      right[i] = value * inverse[i];
    }
  }
};

}  // namespace calcispec::kernels
