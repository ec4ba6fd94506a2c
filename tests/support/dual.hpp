// Dual: a number with its exact derivatives, so that a model written once gives its Jacobian.
#pragma once

#include <array>
#include <cmath>
#include <cstddef>

namespace calcispec::test {

struct Dual {
  static constexpr std::size_t size = 9;
  double value = 0;
  std::array<double, size> slope{};

  Dual() = default;
  Dual(double v) : value(v) {}  // NOLINT(google-explicit-constructor): numbers mix freely
};

/// f(a) with f' known.
inline Dual chain(const Dual& a, double value, double derivative) {
  Dual out(value);
  for (std::size_t i = 0; i < Dual::size; ++i) {
    out.slope[i] = derivative * a.slope[i];
  }
  return out;
}
/// f(a, b) with both partial derivatives known.
inline Dual chain(const Dual& a, const Dual& b, double value, double by_a, double by_b) {
  Dual out(value);
  for (std::size_t i = 0; i < Dual::size; ++i) {
    out.slope[i] = by_a * a.slope[i] + by_b * b.slope[i];
  }
  return out;
}

inline Dual operator+(const Dual& a, const Dual& b) {
  return chain(a, b, a.value + b.value, 1, 1);
}
inline Dual operator-(const Dual& a, const Dual& b) {
  return chain(a, b, a.value - b.value, 1, -1);
}
inline Dual operator*(const Dual& a, const Dual& b) {
  return chain(a, b, a.value * b.value, b.value, a.value);
}
inline Dual operator/(const Dual& a, const Dual& b) {
  const double q = a.value / b.value;
  return chain(a, b, q, 1 / b.value, -q / b.value);
}
inline Dual exp(const Dual& a) {
  const double e = std::exp(a.value);
  return chain(a, e, e);
}
inline Dual log(const Dual& a) {
  return chain(a, std::log(a.value), 1 / a.value);
}
inline Dual sin(const Dual& a) {
  return chain(a, std::sin(a.value), std::cos(a.value));
}
inline Dual cos(const Dual& a) {
  return chain(a, std::cos(a.value), -std::sin(a.value));
}
inline Dual atan(const Dual& a) {
  return chain(a, std::atan(a.value), 1 / (1 + a.value * a.value));
}
inline Dual pow(const Dual& a, const Dual& b) {
  const double p = std::pow(a.value, b.value);
  return chain(a, b, p, b.value * std::pow(a.value, b.value - 1), p * std::log(a.value));
}

}  // namespace calcispec::test
