// The logistic function over lanes.
#pragma once

#include "core/kernels/exponential.hpp"

namespace calcispec::kernels {

/// 1 / (1 + exp(t)).
///
/// Needs      any t; below -350 and above 350 the value at that end (1 and 1e-152); NaN stays NaN
/// Accuracy   as exponential_parts
/// Cost       17 operations and one division: with exp(r) = P / Q, the value is Q / (Q + 2^n P)
inline Pack logistic_of_minus(Pack t) {
  const auto parts = exponential_parts(t);
  return parts.denominator / (parts.numerator * parts.power + parts.denominator);
}

}  // namespace calcispec::kernels
