// Symmetric positive systems with few diagonals; of packs, one system a lane.
#pragma once

#include "core/kernels/pack.hpp"

#include <algorithm>
#include <array>
#include <vector>

namespace calcispec::kernels {

/// Points with zeros before and after, so that no band needs a case for the ends.
template <typename Value>
class PaddedColumn {
 public:
  static constexpr Index margin = 8;  // no band is wider

  explicit PaddedColumn(Index points)
      : values_(static_cast<std::size_t>(points + 2 * margin), Value{}) {}

  Value& operator[](Index i) { return values_[static_cast<std::size_t>(i + margin)]; }
  const Value& operator[](Index i) const { return values_[static_cast<std::size_t>(i + margin)]; }
  void clear() { std::fill(values_.begin(), values_.end(), Value{}); }

 private:
  std::vector<Value> values_;
};

/// Lower triangle; row(i)[k] is element (i, i - k). Rows and elements outside are 0. Elements are
/// numbers (one matrix for all lanes) or packs.
template <typename Value, std::size_t width>
class SymmetricBand {
  static_assert(static_cast<Index>(width) <= PaddedColumn<Value>::margin);

 public:
  using Row = std::array<Value, width + 1>;

  explicit SymmetricBand(Index points)
      : points_(points), rows_(static_cast<std::size_t>(points) + 2 * width, Row{}) {}

  Row& row(Index i) { return rows_[static_cast<std::size_t>(i) + width]; }
  const Row& row(Index i) const { return rows_[static_cast<std::size_t>(i) + width]; }
  /// Element of any two points not more than `width` apart.
  [[nodiscard]] const Value& at(Index i, Index j) const {
    return i >= j ? row(i)[static_cast<std::size_t>(i - j)]
                  : row(j)[static_cast<std::size_t>(j - i)];
  }

  template <typename X>
  void multiply(const PaddedColumn<X>& x, PaddedColumn<X>& out) const {
    for (Index i = 0; i < points_; ++i) {
      const Row& own = row(i);
      X sum = own[0] * x[i];
      for (std::size_t k = 1; k <= width; ++k) {
        const auto step = static_cast<Index>(k);
        sum += own[k] * x[i - step] + row(i + step)[k] * x[i + step];
      }
      out[i] = sum;
    }
  }

  /// LDL' in place, reciprocal pivots on the diagonal. Cost: points x width^2.
  void factor() {
    for (Index i = 0; i < points_; ++i) {
      Row& own = row(i);
      Row scaled = own;
      for (std::size_t k = width; k >= 1; --k) {  // own[k] stays times the pivot of its column
        const Row& other = row(i - static_cast<Index>(k));
        for (std::size_t m = width; m > k; --m) {
          own[k] -= own[m] * other[m - k];
        }
        scaled[k] = own[k] * other[0];
      }
      for (std::size_t k = width; k >= 1; --k) {
        own[0] -= own[k] * scaled[k];
      }
      scaled[0] = 1.0 / own[0];
      own = scaled;
    }
  }

  /// With the factors, in place.
  template <typename X>
  void solve(PaddedColumn<X>& x) const {
    for (Index i = 0; i < points_; ++i) {
      const Row& own = row(i);
      X rest = x[i];
      for (std::size_t k = width; k >= 1; --k) {
        rest -= own[k] * x[i - static_cast<Index>(k)];
      }
      x[i] = rest;
    }
    for (Index i = points_ - 1; i >= 0; --i) {
      X rest = x[i] * row(i)[0];
      for (std::size_t k = width; k >= 1; --k) {
        const auto step = static_cast<Index>(k);
        rest -= row(i + step)[k] * x[i + step];
      }
      x[i] = rest;
    }
  }

 private:
  Index points_;
  std::vector<Row> rows_;
};

}  // namespace calcispec::kernels
