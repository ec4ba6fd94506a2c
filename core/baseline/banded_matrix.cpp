#include "core/baseline/banded_matrix.hpp"

#include <algorithm>

namespace calcispec {

void BandedMatrix::multiply(std::span<const double> x, std::span<double> out) const {
  for (std::size_t i = 0; i < size; ++i) {
    double sum = 0;
    for (std::size_t j = first(i); j < end(i); ++j) {
      sum += at(i, j) * x[j];
    }
    out[i] = sum;
  }
}

void multiply(const BandedMatrix& a, const BandedMatrix& b, BandedMatrix& out) {
  std::fill(out.values.begin(), out.values.end(), 0.0);
  for (std::size_t i = 0; i < a.size; ++i) {
    for (std::size_t k = a.first(i); k < a.end(i); ++k) {
      const double factor = a.at(i, k);
      for (std::size_t j = b.first(k); j < b.end(k); ++j) {
        out.at(i, j) += factor * b.at(k, j);
      }
    }
  }
}

void factor_symmetric(BandedMatrix& matrix) {
  for (std::size_t i = 0; i < matrix.size; ++i) {
    for (std::size_t j = matrix.first(i); j < i; ++j) {
      // Still times the pivot of j; divided below.
      double sum = matrix.at(i, j);
      for (std::size_t k = std::max(matrix.first(i), matrix.first(j)); k < j; ++k) {
        sum -= matrix.at(i, k) * matrix.at(j, k);
      }
      matrix.at(i, j) = sum;
    }
    double pivot = matrix.at(i, i);
    for (std::size_t j = matrix.first(i); j < i; ++j) {
      const double scaled = matrix.at(i, j) * matrix.at(j, j);
      pivot -= scaled * matrix.at(i, j);
      matrix.at(i, j) = scaled;
    }
    matrix.at(i, i) = 1 / pivot;
  }
}

void solve_symmetric(const BandedMatrix& factors, std::span<double> x) {
  for (std::size_t i = 0; i < factors.size; ++i) {
    for (std::size_t j = factors.first(i); j < i; ++j) {
      x[i] -= factors.at(i, j) * x[j];
    }
  }
  for (std::size_t i = factors.size; i-- > 0;) {
    x[i] *= factors.at(i, i);
    for (std::size_t j = i + 1; j < factors.end(i); ++j) {
      x[i] -= factors.at(j, i) * x[j];
    }
  }
}

}  // namespace calcispec
