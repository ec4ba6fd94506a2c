// Scalar products of four columns with up to four others, lanes over points.
#pragma once

#include "core/export.hpp"

#include <Eigen/Core>

#include <array>

namespace calcispec::kernels {

/// Columns per tile: as many sums as fit the registers of the level.
constexpr Index tile_rows = 4;
#ifdef __AVX512F__
constexpr Index tile_columns = 4;
#else
constexpr Index tile_columns = 2;
#endif

/// out[4 * j + i] = sum over points of a_i * b_j, where column i of `a` starts at a + i * stride.
/// Needs: points a multiple of 8, everything aligned to 64 bytes. Cost: one pass, no allocation.
template <Index columns>
void column_products(const double* a,
                     const double* b,
                     Index stride,
                     Index points,
                     std::array<double, static_cast<std::size_t>(tile_rows* columns)>& out) {
  using Lanes = Eigen::internal::packet_traits<double>::type;
  constexpr Index lanes = Eigen::internal::packet_traits<double>::size;
  Lanes sums[static_cast<std::size_t>(
      tile_rows * columns)];  // a vector type loses its alignment as a template argument
  for (Lanes& sum : sums) {
    sum = Eigen::internal::pset1<Lanes>(0.0);
  }
  for (Index p = 0; p < points; p += lanes) {
    Lanes left[tile_rows];
    for (Index i = 0; i < tile_rows; ++i) {
      left[i] = Eigen::internal::pload<Lanes>(a + i * stride + p);
    }
    for (Index j = 0; j < columns; ++j) {
      const Lanes right = Eigen::internal::pload<Lanes>(b + j * stride + p);
      for (Index i = 0; i < tile_rows; ++i) {
        Lanes& sum = sums[tile_rows * j + i];
        sum = Eigen::internal::pmadd(left[i], right, sum);
      }
    }
  }
  for (Index k = 0; k < tile_rows * columns; ++k) {
    out[static_cast<std::size_t>(k)] = Eigen::internal::predux(sums[k]);
  }
}

}  // namespace calcispec::kernels
