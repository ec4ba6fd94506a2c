// Skewed shapes: sigmoidal width, exponential tail, interference with a continuum.
#include "core/kernels/faddeeva.hpp"
#include "core/shape/parameters_private.hpp"

#include <array>
#include <cmath>

namespace calcispec::kernels {
namespace {

constexpr ParameterInfo asymmetry_info{
    .name = "asymmetry",
    .minimum = -5,
    .maximum = 5,
    .standard = 0,
    .help = "positive: the width falls towards higher x; 0 is symmetric"};
constexpr ParameterInfo asymmetric_table[] = {
    height_info, center_info, fwhm_info, share_info, asymmetry_info};

// Width 2 fwhm / (1 + exp(asymmetry (x - center) / fwhm)).
void evaluate_asymmetric(const ProfileCall& call) {
  const double inverse = 1 / call.parameters[2];
  const double share = call.parameters[3];
  const double a = call.parameters[4];
  for (Index i = 0; i < call.count; i += lane_count) {
    const Pack weight = load_aligned(call.weight + i);
    const Pack s = (load_aligned(call.x + i) - call.parameters[1]) * inverse;
    const Pack e = exp_pack(minimum(a * s, broadcast(300.0)));
    const Pack u = 0.5 * s * (1.0 + e);
    const Pack lorentz = 1.0 / (1.0 + 4.0 * u * u);
    const Pack gauss = exp_pack(-four_ln2 * u * u);
    const Pack by_u =
        -8.0 * u * (share * lorentz * lorentz + ((1 - share) * std::numbers::ln2) * gauss) * weight;
    const Pack by_s = by_u * 0.5 * (1.0 + e + a * s * e);
    store_aligned(call.columns[0] + i, (share * lorentz + (1 - share) * gauss) * weight);
    store_aligned(call.columns[1] + i, -by_s * inverse);
    store_aligned(call.columns[2] + i, -by_s * s * inverse);
    store_aligned(call.columns[3] + i, (lorentz - gauss) * weight);
    store_aligned(call.columns[4] + i, by_u * 0.5 * s * s * e);
  }
}

// s (1 + exp(a s)) = side; the left side rises with s for every a.
double half_point(double a, double side) {
  double low = side > 0 ? 0.0 : -1.0;
  double high = side > 0 ? 1.0 : 0.0;
  for (int step = 0; step < 60; ++step) {
    const double middle = 0.5 * (low + high);
    (middle * (1 + std::exp(a * middle)) < side ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

// Trapezoid rule in v with s = sinh(sinh-like) spacing: s = sinh(v), integrand falls as exp(-v).
double asymmetric_area(double share, double a) {
  constexpr int half = 1200;
  constexpr double step = 40.0 / half;
  double total = 0;
  for (int k = -half; k <= half; ++k) {
    const double v = step * k;
    const double s = std::sinh(v);
    const double u = 0.5 * s * (1 + std::exp(std::min(a * s, 300.0)));
    total += (share / (1 + 4 * u * u) + (1 - share) * std::exp(-four_ln2 * u * u)) * std::cosh(v);
  }
  return total * step;
}

BandMeasures measure_asymmetric(const double* p) {
  const double width = half_point(p[4], 1) - half_point(p[4], -1);
  return {1, p[2] * width, p[2] * asymmetric_area(p[3], p[4])};
}

constexpr ParameterInfo tailed_table[] = {
    area_info,
    {.name = "center",
      .aliases = "position",
      .minimum = -unlimited,
      .maximum = unlimited,
      .unit = "axis",
      .help = "position of the Gaussian; the maximum lies towards the tail"},
    { .name = "gauss_sigma",
      .aliases = "sigma",
      .minimum = 1e-12,
      .maximum = unlimited,
      .standard = 0.4,
      .unit = "axis",
      .help = "standard deviation of the Gaussian part"},
    {                     .name = "tail",
      .aliases = "tau",
      .minimum = -unlimited,
      .maximum = unlimited,
      .standard = 0.1,
      .unit = "axis",
      .help = "mean of the exponential; negative: the tail lies at lower x"}
};

struct Tailed {
  Pack value;    // unit area, unit sigma, in u = (x - center) / sigma
  Pack by_u;     // d / du
  Pack second;   // d2 / du2
  Pack by_tail;  // d / d(tail / sigma)
};

// The tail is short: moments of the exponential times derivatives of the Gaussian.
// h = sum (-t)^n g^(n); the terms after n = 16 are below 1e-14 for |t| <= 0.05.
inline Tailed short_tail(Pack u, double t) {
  constexpr int terms = 16;
  const Pack g = exp_pack(-0.5 * u * u) * (std::numbers::inv_sqrtpi / std::numbers::sqrt2);
  std::array<Pack, terms + 3> d{};  // d[n] = g^(n) = (-1)^n He_n(u) g
  d[0] = g;
  d[1] = -u * g;
  for (std::size_t n = 2; n < d.size(); ++n) {
    d[n] = -u * d[n - 1] - static_cast<double>(n - 1) * d[n - 2];
  }
  Tailed out{};
  double power = 1;        // (-t)^n
  double slope_power = 0;  // d/dt (-t)^n
  for (std::size_t n = 0; n <= terms; ++n) {
    out.value += power * d[n];
    out.by_u += power * d[n + 1];
    out.second += power * d[n + 2];
    out.by_tail += slope_power * d[n];
    slope_power = -static_cast<double>(n + 1) * power;
    power *= -t;
  }
  return out;
}

inline Tailed long_tail(Pack u, double t, const FaddeevaTable& factors) {
  const double r = 1 / t;
  const Pack g = exp_pack(-0.5 * u * u) * (std::numbers::inv_sqrtpi / std::numbers::sqrt2);
  const Pack z = (r - u) * (1 / std::numbers::sqrt2);
  const Pack bell = erfcx(z < 0.0 ? -z : z, factors) * g *
                    (std::numbers::sqrt2 / std::numbers::inv_sqrtpi * 0.5 * r);
  const Pack exponential = r * exp_pack(minimum(0.5 * r * r - u * r, broadcast(300.0)));
  Tailed out{};
  out.value = z < 0.0 ? exponential - bell : bell;
  out.by_u = (g - out.value) * r;
  out.second = (-u * g - out.by_u) * r;
  out.by_tail = out.value * (-r - r * r * r + u * r * r) + g * r * r * r;
  return out;
}

void evaluate_tailed(const ProfileCall& call) {
  const double inverse = 1 / call.parameters[2];
  const double t = call.parameters[3] * inverse;
  const double side = t < 0 ? -1.0 : 1.0;
  const FaddeevaTable& factors = faddeeva_table();
  for (Index i = 0; i < call.count; i += lane_count) {
    const Pack weight = load_aligned(call.weight + i) * inverse;
    const Pack u = (load_aligned(call.x + i) - call.parameters[1]) * (side * inverse);
    const Tailed h =
        std::abs(t) < 0.05 ? short_tail(u, std::abs(t)) : long_tail(u, std::abs(t), factors);
    store_aligned(call.columns[0] + i, h.value * weight);
    store_aligned(call.columns[1] + i, -h.by_u * (side * inverse) * weight);
    // Widening the Gaussian is diffusion: d / d sigma = sigma d2 / dx2.
    store_aligned(call.columns[2] + i, h.second * inverse * weight);
    store_aligned(call.columns[3] + i, h.by_tail * (side * inverse) * weight);
  }
}

double tailed_at(double u, double t) {
  return t < 0.05 ? short_tail(broadcast(u), t).value[0]
                  : long_tail(broadcast(u), t, faddeeva_table()).value[0];
}

// Position where h = level on one side of the maximum, by halving.
double crossing(double inside, double outside, double t, double level) {
  for (int step = 0; step < 60; ++step) {
    const double middle = 0.5 * (inside + outside);
    (tailed_at(middle, t) > level ? inside : outside) = middle;
  }
  return 0.5 * (inside + outside);
}

BandMeasures measure_tailed(const double* p) {
  const double sigma = p[2];
  const double t = std::abs(p[3]) / sigma;
  double low = 0;
  double high = t + 1;  // the maximum lies between the Gaussian's and the mean
  for (int step = 0; step < 100; ++step) {
    const double a = low + (high - low) / 3;
    const double b = high - (high - low) / 3;
    (tailed_at(a, t) < tailed_at(b, t) ? low : high) = tailed_at(a, t) < tailed_at(b, t) ? a : b;
  }
  const double top = 0.5 * (low + high);
  const double height = tailed_at(top, t);
  const double left = crossing(top, top - 10, t, 0.5 * height);
  const double right = crossing(top, top + 10 + 10 * t, t, 0.5 * height);
  return {height / sigma, (right - left) * sigma, 1};
}

constexpr ParameterInfo resonance_info{
    .name = "center",
    .aliases = "position",
    .minimum = -unlimited,
    .maximum = unlimited,
    .unit = "axis",
    .help = "resonance; the maximum lies asymmetry * fwhm / 2 above it"};
constexpr ParameterInfo resonance_width_info{
    .name = "fwhm",
    .aliases = "width",
    .minimum = 1e-12,
    .maximum = unlimited,
    .standard = 1,
    .unit = "axis",
    .help = "full width of the resonance, that of the Lorentzian at asymmetry 0"};
constexpr ParameterInfo inverse_q_info{
    .name = "asymmetry",
    .aliases = "inverse_q",
    .minimum = -1,
    .maximum = 1,
    .standard = 0,
    .help = "1/q of Fano: 0 is a Lorentzian, +-1 a dispersion curve"};
constexpr ParameterInfo fano_table[] = {
    height_info, resonance_info, resonance_width_info, inverse_q_info};

// ((q + e)^2 / (1 + e^2) - 1) / q^2 with a = 1/q: its height is 1, the continuum is background.
void evaluate_fano(const ProfileCall& call) {
  const double inverse = 2 / call.parameters[2];
  const double a = call.parameters[3];
  for (Index i = 0; i < call.count; i += lane_count) {
    const Pack weight = load_aligned(call.weight + i);
    const Pack e = (load_aligned(call.x + i) - call.parameters[1]) * inverse;
    const Pack lorentz = 1.0 / (1.0 + e * e);
    const Pack value = (1 - a * a + 2 * a * e) * lorentz;
    const Pack by_e = 2.0 * (a - e * value) * lorentz * weight;
    store_aligned(call.columns[0] + i, value * weight);
    store_aligned(call.columns[1] + i, -by_e * inverse);
    store_aligned(call.columns[2] + i, by_e * e * (-0.5 * inverse));
    store_aligned(call.columns[3] + i, 2.0 * (e - a) * lorentz * weight);
  }
}

BandMeasures measure_fano(const double* p) {
  const double a2 = p[3] * p[3];
  return {1, p[2] * std::sqrt(1 + 2 * a2), p[2] * lorentz_unit_area * (1 - a2)};
}

}  // namespace

extern const ShapeRow asymmetric_pseudo_voigt_row;
const ShapeRow asymmetric_pseudo_voigt_row{
    shape_info(
        "asymmetric_pseudo_voigt",
        "pseudo-Voigt whose width changes smoothly along x",
        "pseudo_voigt with fwhm replaced by 2 fwhm / (1 + exp(asymmetry (x - center) / fwhm))",
        "Stancik & Brauns, Vib. Spectrosc. 47 (2008) 66; asymmetry here is per width, without unit",
        asymmetric_table),
    evaluate_asymmetric,
    measure_asymmetric};
extern const ShapeRow exponential_gauss_row;
const ShapeRow exponential_gauss_row{
    shape_info("exponential_gauss",
               "exponentially modified Gaussian: a Gaussian with an exponential tail",
               "convolution of a Gaussian of unit area with exp(-x / tail) / tail, x / tail >= 0",
               "Grushka, Anal. Chem. 44 (1972) 1733",
               tailed_table),
    evaluate_tailed,
    measure_tailed};
extern const ShapeRow fano_row;
const ShapeRow fano_row{
    shape_info("fano",
               "interference of a resonance with a continuum, the continuum left to the background",
               "(1 - a^2 + 2 a e) / (1 + e^2), e = 2 (x - center) / fwhm, a = asymmetry",
               "Fano, Phys. Rev. 124 (1961) 1866",
               fano_table),
    evaluate_fano,
    measure_fano};

}  // namespace calcispec::kernels
