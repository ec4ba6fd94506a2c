// Exp and log of packs, aligned arrays of packs.
#pragma once

#include "core/export.hpp"
#include "core/kernels/pack.hpp"

#include <Eigen/Core>

#include <cstdint>
#include <cstring>
#include <vector>

namespace calcispec::kernels {

/// Arrays of the band fit: 64-byte aligned, padded to whole vectors at every level.
using AlignedDoubles = std::vector<double, Eigen::aligned_allocator<double>>;
inline constexpr Index padding = 8;

inline Index padded(Index count) {
  return (count + padding - 1) / padding * padding;
}

inline Pack load_aligned(const double* from) {
  return *static_cast<const Pack*>(static_cast<const void*>(from));
}
inline void store_aligned(double* to, Pack value) {
  *static_cast<Pack*>(static_cast<void*>(to)) = value;
}
inline Mask bits_of(Pack value) {
  Mask bits;
  std::memcpy(&bits, &value, sizeof bits);
  return bits;
}
inline Pack value_of(Mask bits) {
  Pack value;
  std::memcpy(&value, &bits, sizeof value);
  return value;
}

/// e^x for x <= 700; 0 below -708. Worst error 2 units in the last place.
inline Pack exp_pack(Pack x) {
  constexpr double log2_e = 1.4426950408889634;
  constexpr double ln2_high = 6.93147180369123816490e-01;  // upper bits of ln 2: n * it is exact
  constexpr double ln2_low = 1.90821492927058770002e-10;
  constexpr double round = 0x1.8p52;  // adding it rounds to a whole number, kept in the low bits
  const Mask vanishes = x < -708.0;
  const Pack limited = maximum(x, broadcast(-708.0));
  const Pack shifted = limited * log2_e + round;
  const Pack n = shifted - round;
  const Pack r = (limited - n * ln2_high) - n * ln2_low;
  // Taylor to r^13 for |r| <= ln 2 / 2: remainder 4e-18.
  const Pack r2 = r * r;
  const Pack r4 = r2 * r2;
  const Pack p0 = (1.0 / 2) + r * (1.0 / 6) + r2 * ((1.0 / 24) + r * (1.0 / 120));
  const Pack p1 = (1.0 / 720) + r * (1.0 / 5040) + r2 * ((1.0 / 40320) + r * (1.0 / 362880));
  const Pack p2 =
      (1.0 / 3628800) + r * (1.0 / 39916800) + r2 * ((1.0 / 479001600) + r * (1.0 / 6227020800.0));
  const Pack poly = 1.0 + (r + r2 * (p0 + r4 * (p1 + r4 * p2)));
  const Mask scale = bits_of(shifted) << 52;
  const Pack result = value_of(bits_of(poly) + scale);
  return vanishes ? Pack{} : result;
}

/// ln x for finite x > 0 (not subnormal). Worst error 2 units in the last place of max(1, |ln x|).
inline Pack log_pack(Pack x) {
  constexpr double ln2_high = 6.93147180369123816490e-01;
  constexpr double ln2_low = 1.90821492927058770002e-10;
  constexpr std::int64_t mantissa = 0x000fffffffffffff;
  constexpr std::int64_t one = 0x3ff0000000000000;
  const Mask bits = bits_of(x);
  Pack m = value_of((bits & mantissa) | one);  // 1 <= m < 2
  // The exponent as a double: its bits below the number 2^52.
  Pack e = value_of((bits >> 52) | 0x4330000000000000) - (0x1p52 + 1023);
  const Mask upper = m > 1.4142135623730951;
  m = upper ? m * 0.5 : m;
  e = upper ? e + 1.0 : e;
  // ln m = 2 atanh(s), s = (m-1)/(m+1), |s| <= 0.1716: remainder of the series after s^21 5e-19.
  const Pack s = (m - 1.0) / (m + 1.0);
  const Pack z = s * s;
  Pack p = broadcast(1.0 / 21);
  for (const double c :
       {1.0 / 19, 1.0 / 17, 1.0 / 15, 1.0 / 13, 1.0 / 11, 1.0 / 9, 1.0 / 7, 1.0 / 5, 1.0 / 3}) {
    p = p * z + c;
  }
  const Pack series = 2.0 * s + 2.0 * s * z * p;
  return e * ln2_high + (series + e * ln2_low);
}

}  // namespace calcispec::kernels
