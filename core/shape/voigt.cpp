// Voigt profile of unit area: convolution of a Gaussian and a Lorentzian.
#include "core/kernels/faddeeva.hpp"
#include "core/shape/parameters_private.hpp"

#include <array>
#include <cmath>

namespace calcispec::kernels {
namespace {

constexpr ParameterInfo table[] = {
    area_info,
    center_info,
    {.name = "gauss_sigma",
      .aliases = "sigma",
      .minimum = 0,
      .maximum = unlimited,
      .standard = 0.3,
      .unit = "axis",
      .help = "standard deviation of the Gaussian part"          },
    {.name = "lorentz_hwhm",
      .aliases = "gamma",
      .minimum = 0,
      .maximum = unlimited,
      .standard = 0.2,
      .unit = "axis",
      .help = "half width at half maximum of the Lorentzian part"}
};

// Below this ratio of widths the asymptotic series is exact to 1e-14, and the derivative by sigma
// does not lose digits by cancellation as it does in the general form.
constexpr double narrow = 0.02;
constexpr double least_width = 1e-150;  // both parts 0: a spike, kept finite

ComplexVec times(const ComplexVec& a, const ComplexVec& b) {
  return {a.re * b.re - a.im * b.im, a.re * b.im + a.im * b.re};
}

// 1 + c1 q + c2 q^2 + c3 q^3 + c4 q^4
ComplexVec series(const ComplexVec& q, const std::array<double, 4>& c) {
  ComplexVec total{broadcast(c[3]), Pack{}};
  for (std::size_t k = 3; k-- > 0;) {
    total = times(total, q);
    total.re += c[k];
  }
  total = times(total, q);
  total.re += 1.0;
  return total;
}

// V = Re f, f = i / (pi z) (1 + s / z^2 + 3 s^2 / z^4 + ...), z = (x - center) / gamma + i and
// s = (sigma / gamma)^2: the Lorentzian smoothed by the moments of the Gaussian.
void evaluate_narrow(const ProfileCall& call, double sigma, double gamma) {
  const double inverse = 1 / gamma;
  const double scale = inverse / std::numbers::pi;
  const double s = sigma * sigma * inverse * inverse;
  for (Index i = 0; i < call.count; i += lane_count) {
    const Pack weight = load_aligned(call.weight + i) * scale;
    const Pack u = (load_aligned(call.x + i) - call.parameters[1]) * inverse;
    const Pack norm = 1.0 / (u * u + 1.0);
    const ComplexVec r{u * norm, -norm};  // 1 / z
    const ComplexVec r2 = times(r, r);
    const ComplexVec q{s * r2.re, s * r2.im};
    const ComplexVec value = times(r, series(q, {1, 3, 15, 105}));
    const ComplexVec first = times(r2, series(q, {3, 15, 105, 945}));
    const ComplexVec second = times(times(r2, r), series(q, {6, 45, 420, 4725}));
    // Times i, -i and 2 i: V = -Im, V' = Im, V'' = -2 Im; along gamma f' counts i times.
    store_aligned(call.columns[0] + i, -value.im * weight);
    store_aligned(call.columns[1] + i, -first.im * inverse * weight);
    store_aligned(call.columns[2] + i, (-2.0 * sigma * inverse * inverse) * second.im * weight);
    store_aligned(call.columns[3] + i, first.re * inverse * weight);
  }
}

void evaluate_voigt(const ProfileCall& call) {
  const double sigma = call.parameters[2];
  const double gamma = std::max(call.parameters[3], sigma > 0 ? 0.0 : least_width);
  if (sigma <= narrow * gamma) {
    evaluate_narrow(call, sigma, gamma);
    return;
  }
  const FaddeevaTable& faddeeva_factors = faddeeva_table();
  const double inverse = 1 / (std::numbers::sqrt2 * sigma);
  const double scale = inverse * std::numbers::inv_sqrtpi;
  const double y = gamma * inverse;
  for (Index i = 0; i < call.count; i += lane_count) {
    const Pack weight = load_aligned(call.weight + i) * scale;
    const Pack x = (load_aligned(call.x + i) - call.parameters[1]) * inverse;
    const ComplexVec w = faddeeva(x, broadcast(y), faddeeva_factors);
    // w' = -2 z w + 2 i / sqrt(pi)
    const Pack d_re = -2.0 * (x * w.re - y * w.im);
    const Pack d_im = -2.0 * (x * w.im + y * w.re) + 2 * std::numbers::inv_sqrtpi;
    store_aligned(call.columns[0] + i, w.re * weight);
    store_aligned(call.columns[1] + i, -d_re * inverse * weight);
    store_aligned(call.columns[2] + i,
                  -(w.re + x * d_re - y * d_im) * (std::numbers::sqrt2 * inverse) * weight);
    store_aligned(call.columns[3] + i, -d_im * inverse * weight);
  }
}

double value_at(const double* p, double x) {
  alignas(64) double axis[padding];
  alignas(64) double weight[padding];
  alignas(64) double columns[4][padding];
  std::fill(axis, axis + padding, x);
  std::fill(weight, weight + padding, 1.0);
  const double at_zero[4] = {1, 0, p[2], p[3]};
  double* const pointers[4] = {columns[0], columns[1], columns[2], columns[3]};
  evaluate_voigt({axis, weight, lane_count, at_zero, pointers});
  return columns[0][0];
}

// The width from an approximation good to 3e-4 (Olivero & Longbothum, JQSRT 17 (1977) 233), made
// exact by Newton steps on the profile itself.
BandMeasures measure(const double* p) {
  const double gauss = 2 * std::sqrt(2 * std::numbers::ln2) * p[2];
  const double lorentz = 2 * p[3];
  const double height = value_at(p, 0);
  double half = 0.5 * (0.5346 * lorentz + std::sqrt(0.2166 * lorentz * lorentz + gauss * gauss));
  for (int step = 0; step < 4 && half > 0; ++step) {
    const double h = 1e-4 * half;
    const double slope = (value_at(p, half + h) - value_at(p, half - h)) / (2 * h);
    half -= (value_at(p, half) - 0.5 * height) / slope;
  }
  return {height, 2 * half, 1};
}

}  // namespace

extern const ShapeRow voigt_row;
const ShapeRow voigt_row{
    shape_info(
        "voigt",
        "convolution of a Gaussian and a Lorentzian",
        "Re w((x - center + i lorentz_hwhm) / (sqrt(2) gauss_sigma)) / (gauss_sigma sqrt(2 pi))",
        "Weideman, SIAM J. Numer. Anal. 31 (1994) 1497",
        table),
    evaluate_voigt,
    measure};

}  // namespace calcispec::kernels
