// Voigt profile of unit area: convolution of a Gaussian and a Lorentzian.
#include "core/kernels/faddeeva.hpp"
#include "core/shape/parameters_private.hpp"

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

// Below this ratio of widths the Gaussian part is a small correction of the Lorentzian.
constexpr double narrow = 1e-4;
constexpr double least_width = 1e-150;  // both parts 0: a spike, kept finite

// Lorentzian plus sigma^2 / 2 times its second derivative; the next term is below 3e-16.
void evaluate_narrow(const ProfileCall& call, double sigma, double gamma) {
  const double inverse = 1 / gamma;
  const double scale = inverse / std::numbers::pi;
  const double s2 = sigma * sigma * inverse * inverse;
  for (Index i = 0; i < call.count; i += vec_lanes) {
    const Vec weight = load(call.weight + i) * scale;
    const Vec u = (load(call.x + i) - call.parameters[1]) * inverse;
    const Vec u2 = u * u;
    const Vec lorentz = 1.0 / (1.0 + u2);
    const Vec cube = lorentz * lorentz * lorentz;
    const Vec second = (6.0 * u2 - 2.0) * cube;                // d2 L / du2
    const Vec third = 24.0 * u * (1.0 - u2) * cube * lorentz;  // d3 L / du3
    const Vec value = lorentz + (0.5 * s2) * second;
    const Vec slope = -2.0 * u * lorentz * lorentz + (0.5 * s2) * third;
    store(call.columns[0] + i, value * weight);
    store(call.columns[1] + i, -slope * inverse * weight);
    store(call.columns[2] + i, (sigma * inverse * inverse) * second * weight);
    // The profile is homogeneous: x V_x + sigma V_sigma + gamma V_gamma = -V.
    store(call.columns[3] + i, -(value + u * slope + s2 * second) * inverse * weight);
  }
}

void evaluate(const ProfileCall& call) {
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
  for (Index i = 0; i < call.count; i += vec_lanes) {
    const Vec weight = load(call.weight + i) * scale;
    const Vec x = (load(call.x + i) - call.parameters[1]) * inverse;
    const ComplexVec w = faddeeva(x, splat(y), faddeeva_factors);
    // w' = -2 z w + 2 i / sqrt(pi)
    const Vec d_re = -2.0 * (x * w.re - y * w.im);
    const Vec d_im = -2.0 * (x * w.im + y * w.re) + 2 * std::numbers::inv_sqrtpi;
    store(call.columns[0] + i, w.re * weight);
    store(call.columns[1] + i, -d_re * inverse * weight);
    store(call.columns[2] + i,
          -(w.re + x * d_re - y * d_im) * (std::numbers::sqrt2 * inverse) * weight);
    store(call.columns[3] + i, -d_im * inverse * weight);
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
  evaluate({axis, weight, vec_lanes, at_zero, pointers});
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
    {"voigt",
     "convolution of a Gaussian and a Lorentzian", "Re w((x - center + i lorentz_hwhm) / (sqrt(2) gauss_sigma)) / (gauss_sigma sqrt(2 pi))",
     "Weideman, SIAM J. Numer. Anal. 31 (1994) 1497", table},
    evaluate,
    measure
};

}  // namespace calcispec::kernels
