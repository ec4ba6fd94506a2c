// Penalised B-splines over lanes: banded normal equations, symmetric and with the penalty scaled
// row by row.
#pragma once

#include "core/kernels/tile.hpp"

#include <array>
#include <span>
#include <vector>

namespace calcispec::kernels {

inline constexpr Index most_spline_degree = 5;

/// B-splines on equal knots between the ends of an axis, evaluated at its points.
struct SplineBasis {
  Index degree = 0;
  Index count = 0;              // of splines: knots + degree - 1
  std::vector<Index> first;     // first spline that is not 0, per point
  std::vector<double> values;   // degree + 1 per point, from that one on
  std::vector<double> centres;  // abscissa of each spline's maximum
};

/// `x` rises; at least 2 knots, the ends included. Cost: O(points x degree^2).
/// Source: de Boor, J. Approx. Theory 6 (1972) 50; Eilers & Marx, Stat. Sci. 11 (1996) 89
SplineBasis make_spline_basis(std::span<const double> x, Index knots, Index degree);

/// Symmetric band matrix of scalars: at(i, k) couples i with i - k; 0 beyond the band.
struct ScalarBand {
  Index half = 0;
  std::vector<double> values;

  void make(Index count, Index half_width) {
    half = half_width;
    values.assign(static_cast<std::size_t>(count * (half + 1)), 0.0);
  }
  double& entry(Index i, Index k) { return values[static_cast<std::size_t>(i * (half + 1) + k)]; }
  [[nodiscard]] double at(Index i, Index k) const {
    return k <= half ? values[static_cast<std::size_t>(i * (half + 1) + k)] : 0;
  }
};

/// lambda D'D with D the difference of the order between coefficients.
ScalarBand coefficient_penalty(Index count, Index order, double lambda);
/// lambda B'D'DB with D the first difference between the points of the spline.
ScalarBand point_penalty(const SplineBasis& basis, double lambda);

/// What both spline systems share: B'WB and B'r, gathered point after point.
class SplineNormal {
 public:
  SplineBasis basis;
  Index half = 0;      // of the band
  Tile bands;          // (half + 1) per spline: [k] couples it with the one k before
  Tile right;          // then the coefficients
  Tile before;         // coefficients of the solution before
  Tile inverse_pivot;  // one per spline

  /// Band wide enough for the splines and both penalties.
  void make(std::span<const double> x, Index knots, Index degree, Index penalty_half);
  void start(const ScalarBand& first, const ScalarBand& second);

  [[gnu::always_inline]] void add(Index point, Pack weight, Pack value) {
    if (basis.degree == 3) {
      add_of<3>(point, weight, value);
    } else {
      add_any(point, weight, value);
    }
  }
  [[gnu::always_inline]] Pack value(Index point) const {
    if (basis.degree == 3) {
      return value_of<3>(point);
    }
    return value_any(point);
  }
  Pack& band(Index i, Index k) { return bands[static_cast<std::size_t>(i * (half + 1) + k)]; }
  Pack& right_at(Index i) { return right[static_cast<std::size_t>(i)]; }
  void flush();

 private:
  static constexpr std::size_t most = most_spline_degree + 1;

  // Points between the same knots share their splines: their sums stay in registers' reach.
  template <std::size_t degree>
  [[gnu::always_inline]] void add_of(Index point, Pack weight, Pack value) {
    const auto at = static_cast<std::size_t>(point);
    if (basis.first[at] != block_) {
      flush();
      block_ = basis.first[at];
    }
    const double* b = basis.values.data() + at * (degree + 1);
    unrolled<degree + 1>([&](auto j) {
      const Pack weighted = weight * b[j];
      right_block_[j] += value * b[j];
      unrolled<decltype(j)::value + 1>([&](auto k) { block_sums_[j][k] += weighted * b[k]; });
    });
  }
  template <std::size_t degree>
  [[gnu::always_inline]] [[nodiscard]] Pack value_of(Index point) const {
    const auto at = static_cast<std::size_t>(point);
    const double* b = basis.values.data() + at * (degree + 1);
    const Pack* c = right.data() + basis.first[at];
    Pack sum{};
    unrolled<degree + 1>([&](auto j) { sum += c[j] * b[j]; });
    return sum;
  }
  void add_any(Index point, Pack weight, Pack value);
  [[nodiscard]] Pack value_any(Index point) const;

  Index block_ = 0;
  std::array<std::array<Pack, most>, most> block_sums_{};
  std::array<Pack, most> right_block_{};
};

/// Change of the coefficients since the solution before, per lane: sums of squares.
struct CoefficientChange {
  Pack difference{};
  Pack size{};  // of the solution before
};

/// (B'WB + F + P) c = B'right, z = Bc, with P a penalty on differences of the coefficients and F
/// one on first differences of z.
///
/// Cost       per point (degree + 1)(degree + 4) / 2 products for the equations, degree + 1 for z;
///            per spline half^2; no allocation but in make
/// Source     Eilers & Marx, Stat. Sci. 11 (1996) 89
class SplineSystem {
 public:
  static constexpr bool is_scaled = false;
  static constexpr bool is_index_based = false;

  struct Size {
    Index knots = 100;
    Index degree = 3;
    Index diff_order = 2;
  };
  void make(std::span<const double> x, const Size& size, double lambda, double first_lambda);
  void start() { normal_.start(penalty_, first_); }
  void add(Index point, Pack weight, Pack right) { normal_.add(point, weight, right); }
  void solve();
  [[nodiscard]] Pack value(Index point) const { return normal_.value(point); }
  [[nodiscard]] const CoefficientChange& change() const { return change_; }

 private:
  SplineNormal normal_;
  ScalarBand penalty_;
  ScalarBand first_;
  CoefficientChange change_;
};

/// (B'WB + F + S P) c = B'right: each row of P has a scale of its own, the one given for the points
/// beside the centre of its spline; F are first differences of the coefficients without one.
/// Elimination without exchange of rows.
class ScaledSplineSystem {
 public:
  static constexpr bool is_scaled = true;
  static constexpr bool is_index_based = false;

  void make(std::span<const double> x,
            const SplineSystem::Size& size,
            double lambda,
            double first_lambda);
  void start() { normal_.start(first_, {}); }
  void add(Index point, Pack weight, Pack right, Pack scale) {
    scales_[static_cast<std::size_t>(point)] = scale;
    normal_.add(point, weight, right);
  }
  void solve();
  [[nodiscard]] Pack value(Index point) const { return normal_.value(point); }

 private:
  void eliminate(Index row);

  SplineNormal normal_;
  ScalarBand penalty_;
  ScalarBand first_;
  Tile scales_;                   // one per point
  std::vector<Index> left_;       // point at or before the centre of each spline
  std::vector<double> fraction_;  // of the way from it to the next
  Tile rows_;  // 2 half + 1 per spline: [half + m] couples it with the one m after
};

}  // namespace calcispec::kernels
