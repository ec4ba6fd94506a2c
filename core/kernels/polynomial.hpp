// Least squares of polynomials, a register of points at a time: value and next moments in one pass.
#pragma once

#include "core/kernels/tile.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace calcispec::kernels {

/// Values one register after another; what lies beyond the last is 0.
inline void pack_points(std::span<const double> values, Tile& out) {
  std::fill(out.begin(), out.end(), Pack{});
  std::memcpy(out.data(), values.data(), values.size_bytes());
}
inline void unpack_points(const Tile& from, std::span<double> values) {
  std::memcpy(values.data(), from.data(), values.size_bytes());
}

/// Polynomials that are orthonormal on the points that count, side by side for each register of
/// points. What lies beyond the last point or polynomial is 0.
template <std::size_t terms>
class PackedPolynomials {
 public:
  using Moments = std::array<double, terms>;

  void resize(std::size_t points) { values_.assign(terms * packs_of(points), Pack{}); }
  [[nodiscard]] static std::size_t packs_of(std::size_t points) {
    constexpr std::size_t width = lane_count;
    return (points + width - 1) / width;
  }
  [[nodiscard]] std::size_t packs() const { return values_.size() / terms; }
  [[nodiscard]] Pack* at(std::size_t pack) { return values_.data() + pack * terms; }
  [[nodiscard]] const Pack* at(std::size_t pack) const { return values_.data() + pack * terms; }

  /// For each register of points: visit(pack, polynomial of these moments there) gives the values
  /// whose moments are returned.
  template <typename Visit>
  Moments pass(const Moments& moments, const Visit& visit) const {
    std::array<Pack, terms> sums{};
    for (std::size_t p = 0; p < packs(); ++p) {
      const Pack* const own = at(p);
      Pack z = moments[0] * own[0];
      unrolled<terms - 1>([&](auto k) { z += moments[k + 1] * own[k + 1]; });
      const Pack value = visit(p, z);
      unrolled<terms>([&](auto k) { sums[k] += value * own[k]; });
    }
    Moments out{};
    for (std::size_t k = 0; k < terms; ++k) {
      out[k] = sum(sums[k]);
    }
    return out;
  }

  /// For each register of points: visit(pack, polynomial of these moments there).
  template <typename Visit>
  void evaluate(const Moments& moments, const Visit& visit) const {
    for (std::size_t p = 0; p < packs(); ++p) {
      const Pack* const own = at(p);
      Pack z = moments[0] * own[0];
      unrolled<terms - 1>([&](auto k) { z += moments[k + 1] * own[k + 1]; });
      visit(p, z);
    }
  }

  /// The same space, orthonormal on the points of weight 1 among those of weight 0; polynomials
  /// that these points do not determine become 0. Twice by Cholesky: once leaves rounding behind.
  void orthonormalize(const Tile& weights) {
    step(weights);
    step(weights);
  }

 private:
  static constexpr std::size_t pairs = terms * (terms + 1) / 2;
  using Lower = std::array<std::array<double, terms>, terms>;

  void step(const Tile& weights) {
    std::array<Pack, pairs> sums{};
    for (std::size_t p = 0; p < packs(); ++p) {
      const Pack* const own = at(p);
      for (std::size_t i = 0, n = 0; i < terms; ++i) {
        const Pack weighted = weights[p] * own[i];
        for (std::size_t j = 0; j <= i; ++j, ++n) {
          sums[n] += weighted * own[j];
        }
      }
    }
    Lower lower{};
    std::array<double, terms> scale{};  // 0: not determined
    factor(sums, lower, scale);
    for (std::size_t p = 0; p < packs(); ++p) {
      Pack* const own = at(p);
      for (std::size_t i = 0; i < terms; ++i) {
        for (std::size_t k = 0; k < i; ++k) {
          own[i] -= lower[i][k] * own[k];
        }
        own[i] *= scale[i];
      }
    }
  }

  static void factor(const std::array<Pack, pairs>& sums,
                     Lower& lower,
                     std::array<double, terms>& scale) {
    for (std::size_t i = 0, n = 0; i < terms; ++i) {
      for (std::size_t j = 0; j <= i; ++j, ++n) {
        const double whole = sum(sums[n]);
        double rest = whole;
        for (std::size_t k = 0; k < j; ++k) {
          rest -= lower[i][k] * lower[j][k];
        }
        if (j < i) {
          lower[i][j] = rest * scale[j];
        } else {
          scale[i] = rest > 1e-13 * whole ? 1 / std::sqrt(rest) : 0;
        }
      }
    }
  }

  std::vector<Pack> values_;  // [pack][polynomial]
};

}  // namespace calcispec::kernels
