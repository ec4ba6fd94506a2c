// The orthonormal polynomials of an axis in registers, for polynomial baselines that repeat fits.
#pragma once

#include "core/baseline/polynomial_baseline.hpp"
#include "core/kernels/polynomial.hpp"

namespace calcispec {

template <std::size_t terms>
kernels::PackedPolynomials<terms> packed(const PolynomialBasis& basis, std::size_t points) {
  kernels::PackedPolynomials<terms> out;
  out.resize(points, static_cast<std::size_t>(basis.size()));
  kernels::Tile tile(out.packs());
  for (Index k = 0; k < basis.size(); ++k) {
    kernels::pack_points(basis.polynomial(k), tile);
    for (std::size_t p = 0; p < out.packs(); ++p) {
      out.at(p)[k] = tile[p];
    }
  }
  return out;
}

/// body(polynomials of the axis and order), with the next number of terms there is code for.
template <typename Body>
void with_polynomials(std::span<const double> x, Index order, const Body& body) {
  const PolynomialBasis basis(x, order, {});
  const std::size_t points = x.size();
  if (basis.size() <= 3) {
    body(packed<3>(basis, points));
  } else if (basis.size() <= 4) {
    body(packed<4>(basis, points));
  } else if (basis.size() <= 6) {
    body(packed<6>(basis, points));
  } else if (basis.size() <= 8) {
    body(packed<8>(basis, points));
  } else if (basis.size() <= 16) {
    body(packed<16>(basis, points));
  } else {
    body(packed<32>(basis, points));
  }
}

/// The same of the call's axis and its parameter polynomial_order.
template <typename Body>
void with_polynomials(const MethodCall& call, const Body& body) {
  with_polynomials(call.axis.values(), call.parameters.integer("polynomial_order"), body);
}

}  // namespace calcispec
