// The exponential function over lanes, as the quotient that others build on.
#pragma once

#include "core/kernels/pack.hpp"

#include <bit>

namespace calcispec::kernels {

/// exp(t) = power * numerator / denominator, for |t| <= 350 (larger ones count as that).
struct ExponentialParts {
  Pack power;      // 2^n
  Pack numerator;  // exp(r) = numerator / denominator, |r| <= ln(2) / 2
  Pack denominator;
};

/// Accuracy   relative 2e-15 + 2e-16 |t|: the multiple of ln(2) is taken off in one piece
/// Source     [5/5] Pade approximant of exp on |r| <= ln(2) / 2, error 9e-16
inline ExponentialParts exponential_parts(Pack t) {
  constexpr double log2_e = 1.4426950408889634;
  constexpr double ln_2 = 0.6931471805599453;
  constexpr double round_up = 0x1.8p52;  // adding it leaves the nearest integer in the low bits
  t = t > 350.0 ? broadcast(350) : t;
  t = t < -350.0 ? broadcast(-350) : t;
  const Pack shifted = t * log2_e + round_up;
  const Pack n = shifted - round_up;
  const Pack r = t - n * ln_2;
  const Pack square = r * r;
  const Pack even = (square * (1.0 / 1008) + 1.0 / 9) * square + 1.0;
  const Pack odd = r * ((square * (1.0 / 30240) + 1.0 / 72) * square + 0.5);
  const Mask bits = std::bit_cast<Mask>(shifted) << 52;  // the rest of the mantissa falls out
  return {std::bit_cast<Pack>(bits + 0x3FF0000000000000), even + odd, even - odd};
}

/// e^t; NaN stays NaN.
inline Pack exponential(Pack t) {
  const auto parts = exponential_parts(t);
  return parts.power * (parts.numerator / parts.denominator);
}

}  // namespace calcispec::kernels
