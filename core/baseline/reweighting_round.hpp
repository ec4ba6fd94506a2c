// What a reweighting rule is made from, once per solve.
#pragma once

#include "core/kernels/pack.hpp"

#include <array>
#include <bit>
#include <type_traits>

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

/// Sums of one lane into another one's place; sums are structs of packs.
template <typename Sums>
void copy_lane_of_sums(const Sums& from, Index from_lane, Sums& to, Index to_lane) {
  if constexpr (!std::is_empty_v<Sums>) {
    using Packs = std::array<Pack, sizeof(Sums) / sizeof(Pack)>;
    const auto in = std::bit_cast<Packs>(from);
    auto out = std::bit_cast<Packs>(to);
    for (std::size_t k = 0; k < in.size(); ++k) {
      out[k][to_lane] = in[k][from_lane];
    }
    to = std::bit_cast<Sums>(out);
  }
}

}  // namespace calcispec::kernels
