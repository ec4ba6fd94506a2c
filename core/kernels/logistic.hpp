// The logistic function over lanes.
#pragma once

#include "core/kernels/pack.hpp"

#include <bit>

namespace calcispec::kernels {

/// 1 / (1 + exp(t)).
///
/// Needs      any t; below -350 and above 350 the value at that end (1 and 1e-152); NaN stays NaN
/// Accuracy   relative 2e-15 + 2e-16 |t|: the multiple of ln(2) is taken off in one piece
/// Cost       17 operations and one division: with exp(r) = P / Q, the value is Q / (Q + 2^n P)
/// Source     P / Q is the [5/5] Pade approximant of exp on |r| <= ln(2) / 2, error 9e-16
inline Pack logistic_of_minus(Pack t) {
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
  const Pack power = std::bit_cast<Pack>(bits + 0x3FF0000000000000);
  const Pack q = even - odd;
  return q / ((even + odd) * power + q);
}

}  // namespace calcispec::kernels
