// What a reweighting rule is made from, once per solve.
#pragma once

#include "core/kernels/pack.hpp"

namespace calcispec::kernels {

/// Sums over the points of either half, the number of the reweighting (1 for the first) and of the
/// points; for splines how far the coefficients moved.
template <typename Sums>
struct ReweightingRound {
  Sums top;
  Sums bottom;
  Pack number{};
  double points = 0;
  Pack coefficient_difference{};  // sum of squares
  Pack coefficient_size{};        // of the solution before
};

}  // namespace calcispec::kernels
