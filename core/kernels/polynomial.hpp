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

  /// Room for the first `count` of the polynomials; the others are 0.
  void resize(std::size_t points, std::size_t count) {
    values_.assign(terms * packs_of(points), Pack{});
    count_ = count;
  }
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

  /// What weights and the values to fit with them are for a register of points.
  struct Weighted {
    Pack weight;
    Pack value;
  };

  /// Least squares with weights: visit(pack, polynomial of these moments there) gives Weighted. The
  /// moments of the best polynomial are returned; polynomials that the weights do not determine
  /// stay out.
  template <typename Visit>
  Moments weighted_fit(const Moments& moments, const Visit& visit) const {
    std::array<Pack, pairs> sums{};
    std::array<Pack, terms> sides{};
    std::array<Pack, chunk> weights;
    for (std::size_t first = 0; first < packs(); first += chunk) {
      const std::size_t count = std::min(chunk, packs() - first);
      for (std::size_t p = 0; p < count; ++p) {
        const Pack* const own = at(first + p);
        Pack z = moments[0] * own[0];
        unrolled<terms - 1>([&](auto k) { z += moments[k + 1] * own[k + 1]; });
        const Weighted here = visit(first + p, z);
        weights[p] = here.weight;
        const Pack product = here.weight * here.value;
        unrolled<terms>([&](auto k) { sides[k] += product * own[k]; });
      }
      add_products(first, count, weights.data(), sums);
    }
    Products lower{};
    std::array<double, terms> scale{};
    factor(sums, lower, scale);
    Moments out{};
    for (std::size_t i = 0; i < terms; ++i) {
      out[i] = sum(sides[i]);
      for (std::size_t k = 0; k < i; ++k) {
        out[i] -= lower[i][k] * out[k];
      }
      out[i] *= scale[i];
    }
    for (std::size_t i = terms; i-- > 0;) {
      for (std::size_t k = i + 1; k < terms; ++k) {
        out[i] -= lower[k][i] * out[k];
      }
      out[i] *= scale[i];
    }
    return out;
  }

  using Products = std::array<std::array<double, terms>, terms>;
  /// Sums of weight times one polynomial times another.
  [[nodiscard]] Products products(const Tile& weights) const {
    std::array<Pack, pairs> sums{};
    add_products(0, packs(), weights.data(), sums);
    Products out{};
    for (std::size_t i = 0, n = 0; i < terms; ++i) {
      for (std::size_t j = 0; j <= i; ++j, ++n) {
        out[i][j] = sum(sums[n]);
        out[j][i] = out[i][j];
      }
    }
    return out;
  }

  /// The same space, orthonormal under the weights, which are at least 0; polynomials that points
  /// of weight do not determine become 0. Twice by Cholesky: once leaves rounding behind.
  void orthonormalize(const Tile& weights) {
    step(weights);
    step(weights);
  }

 private:
  static constexpr std::size_t pairs = terms * (terms + 1) / 2;
  static constexpr std::size_t chunk = 32;  // registers of weights that wait for their products

  // Products of the polynomials with each other; a block of them stays in registers while the
  // points go by.
  void add_products(std::size_t first,
                    std::size_t count,
                    const Pack* weights,
                    std::array<Pack, pairs>& sums) const {
    constexpr std::size_t block = terms <= 4 ? 4 : 3;
    constexpr std::size_t blocks = (terms + block - 1) / block;
    unrolled<blocks>([&](auto rows) {
      if (block * rows >= count_) {
        return;
      }
      unrolled<rows + 1>([&](auto columns) {
        std::array<Pack, block * block> own_sums{};
        const auto each = [&](const auto& body) {
          unrolled<block>([&](auto row) {
            constexpr std::size_t i = block * rows + row;
            unrolled<block>([&](auto column) {
              constexpr std::size_t j = block * columns + column;
              if constexpr (i < terms && j <= i) {
                body(std::integral_constant<std::size_t, i>{},
                     std::integral_constant<std::size_t, j>{},
                     own_sums[block * row + column]);
              }
            });
          });
        };
        for (std::size_t p = 0; p < count; ++p) {
          const Pack* const own = at(first + p);
          each([&](auto i, auto j, Pack& to) { to += weights[p] * own[i] * own[j]; });
        }
        each([&](auto i, auto j, Pack& from) { sums[i * (i + 1) / 2 + j] += from; });
      });
    });
  }

  void step(const Tile& weights) {
    std::array<Pack, pairs> sums{};
    add_products(0, packs(), weights.data(), sums);
    Products lower{};
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
                     Products& lower,
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
  std::size_t count_ = 0;     // polynomials that are not 0
};

}  // namespace calcispec::kernels
