// Square matrices with few diagonals: products, and symmetric positive systems.
#pragma once

#include <span>
#include <vector>

namespace calcispec {

/// Element (i, j) is 0 where |i - j| > width.
struct BandedMatrix {
  std::size_t size = 0;
  std::size_t width = 0;
  std::vector<double> values;  // [row][2 * width + 1]

  BandedMatrix(std::size_t points, std::size_t half_width)
      : size(points), width(half_width), values(points * (2 * half_width + 1), 0.0) {}

  [[nodiscard]] double& at(std::size_t i, std::size_t j) {
    return values[i * (2 * width + 1) + j + width - i];
  }
  [[nodiscard]] double at(std::size_t i, std::size_t j) const {
    return values[i * (2 * width + 1) + j + width - i];
  }
  /// First and past-the-last column of a row that may hold something.
  [[nodiscard]] std::size_t first(std::size_t i) const { return i > width ? i - width : 0; }
  [[nodiscard]] std::size_t end(std::size_t i) const {
    return i + width + 1 < size ? i + width + 1 : size;
  }
  void multiply(std::span<const double> x, std::span<double> out) const;
};

/// out = a b, whose width is the sum of theirs. Cost: points x both bands.
void multiply(const BandedMatrix& a, const BandedMatrix& b, BandedMatrix& out);

/// LDL' in the lower triangle of a symmetric positive matrix, the reciprocal pivots on the
/// diagonal. Cost: points x width^2.
void factor_symmetric(BandedMatrix& matrix);
/// Solves with the factors, in place.
void solve_symmetric(const BandedMatrix& factors, std::span<double> x);

}  // namespace calcispec
