// Voigt profile: convolution of a Gaussian and a Lorentzian; whole, and split at the maximum.
#include "core/kernels/faddeeva.hpp"
#include "core/shape/parameters_private.hpp"

#include <array>
#include <cmath>

namespace calcispec::kernels {
namespace {

constexpr ParameterInfo gauss_part(std::string_view name,
                                   std::string_view aliases,
                                   std::string_view help) {
  return {.name = name,
          .aliases = aliases,
          .minimum = 0,
          .maximum = unlimited,
          .standard = 0.3,
          .unit = "axis",
          .help = help};
}
constexpr ParameterInfo lorentz_part(std::string_view name,
                                     std::string_view aliases,
                                     std::string_view help) {
  ParameterInfo info = gauss_part(name, aliases, help);
  info.standard = 0.2;
  return info;
}

constexpr ParameterInfo table[] = {
    area_info,
    center_info,
    gauss_part("gauss_sigma", "sigma", "standard deviation of the Gaussian part"),
    lorentz_part("lorentz_hwhm", "gamma", "half width at half maximum of the Lorentzian part")};
constexpr ParameterInfo split_table[] = {
    height_info,
    center_info,
    gauss_part("gauss_sigma_left", "", "gauss_sigma of the curve whose left half is used"),
    lorentz_part("lorentz_hwhm_left", "", "lorentz_hwhm of the curve whose left half is used"),
    gauss_part("gauss_sigma_right", "", "gauss_sigma of the curve whose right half is used"),
    lorentz_part("lorentz_hwhm_right", "", "lorentz_hwhm of the curve whose right half is used")};

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

struct VoigtValue {
  Pack value;
  Pack by_center;
  Pack by_sigma;
  Pack by_gamma;
};

/// The profile of unit area at one pair of widths, in d = x - center.
class VoigtProfile {
 public:
  VoigtProfile(double sigma, double gamma)
      : faddeeva_(&faddeeva_table()),
        sigma_(sigma > least_width ? sigma : 0),
        gamma_(std::max(gamma, sigma_ > 0 ? 0.0 : least_width)),
        is_narrow_(sigma_ <= narrow * gamma_),
        inverse_(is_narrow_ ? 1 / gamma_ : 1 / (std::numbers::sqrt2 * sigma_)) {}

  [[nodiscard]] VoigtValue at(Pack d) const { return is_narrow_ ? series_at(d) : general_at(d); }

 private:
  // V = Re f, f = i / (pi z) (1 + s / z^2 + 3 s^2 / z^4 + ...), z = d / gamma + i and
  // s = (sigma / gamma)^2: the Lorentzian smoothed by the moments of the Gaussian.
  [[nodiscard]] VoigtValue series_at(Pack d) const {
    const double scale = inverse_ / std::numbers::pi;
    const double s = sigma_ * sigma_ * inverse_ * inverse_;
    const Pack u = d * inverse_;
    const Pack norm = 1.0 / (u * u + 1.0);
    const ComplexVec r{u * norm, -norm};  // 1 / z
    const ComplexVec r2 = times(r, r);
    const ComplexVec q{s * r2.re, s * r2.im};
    const ComplexVec value = times(r, series(q, {1, 3, 15, 105}));
    const ComplexVec first = times(r2, series(q, {3, 15, 105, 945}));
    const ComplexVec second = times(times(r2, r), series(q, {6, 45, 420, 4725}));
    // Times i, -i and 2 i: V = -Im, V' = Im, V'' = -2 Im; along gamma f' counts i times.
    return {-scale * value.im,
            (-scale * inverse_) * first.im,
            (-2 * scale * sigma_ * inverse_ * inverse_) * second.im,
            (scale * inverse_) * first.re};
  }

  [[nodiscard]] VoigtValue general_at(Pack d) const {
    const double scale = inverse_ * std::numbers::inv_sqrtpi;
    const double y = gamma_ * inverse_;
    const Pack x = d * inverse_;
    const ComplexVec w = faddeeva(x, broadcast(y), *faddeeva_);
    // w' = -2 z w + 2 i / sqrt(pi)
    const Pack d_re = -2.0 * (x * w.re - y * w.im);
    const Pack d_im = -2.0 * (x * w.im + y * w.re) + 2 * std::numbers::inv_sqrtpi;
    return {scale * w.re,
            (-scale * inverse_) * d_re,
            (-scale * std::numbers::sqrt2 * inverse_) * (w.re + x * d_re - y * d_im),
            (-scale * inverse_) * d_im};
  }

  const FaddeevaTable* faddeeva_;
  double sigma_;
  double gamma_;
  bool is_narrow_;
  double inverse_;
};

void evaluate_voigt(const ProfileCall& call) {
  const VoigtProfile profile(call.parameters[2], call.parameters[3]);
  for (Index i = 0; i < call.count; i += lane_count) {
    const Pack weight = load_aligned(call.weight + i);
    const VoigtValue v = profile.at(load_aligned(call.x + i) - call.parameters[1]);
    store_aligned(call.columns[0] + i, v.value * weight);
    store_aligned(call.columns[1] + i, v.by_center * weight);
    store_aligned(call.columns[2] + i, v.by_sigma * weight);
    store_aligned(call.columns[3] + i, v.by_gamma * weight);
  }
}

/// One half of a split band: the profile over its own maximum.
class VoigtSide {
 public:
  explicit VoigtSide(const double* widths)
      : profile_(widths[0], widths[1]), top_(profile_.at(Pack{})), inverse_(1.0 / top_.value) {}

  [[nodiscard]] VoigtValue at(Pack d) const {
    VoigtValue v = profile_.at(d);
    v.value *= inverse_;
    v.by_center *= inverse_;
    v.by_sigma = (v.by_sigma - v.value * top_.by_sigma) * inverse_;
    v.by_gamma = (v.by_gamma - v.value * top_.by_gamma) * inverse_;
    return v;
  }

  [[nodiscard]] double area() const { return 0.5 * inverse_[0]; }

 private:
  VoigtProfile profile_;
  VoigtValue top_;
  Pack inverse_;
};

void evaluate_split_voigt(const ProfileCall& call) {
  const VoigtSide left(call.parameters + 2);
  const VoigtSide right(call.parameters + 4);
  const Pack zero{};
  const double center = call.parameters[1];
  for (Index i = 0; i < call.count; i += lane_count) {
    const Pack weight = load_aligned(call.weight + i);
    const Pack d = load_aligned(call.x + i) - center;
    const Mask is_left = d < 0.0;
    // x rises: the first and the last point say whether a side has any.
    const VoigtValue a = d[0] < 0 ? left.at(d) : VoigtValue{};
    const VoigtValue b = d[lane_count - 1] < 0 ? VoigtValue{} : right.at(d);
    store_aligned(call.columns[0] + i, (is_left ? a.value : b.value) * weight);
    store_aligned(call.columns[1] + i, (is_left ? a.by_center : b.by_center) * weight);
    store_aligned(call.columns[2] + i, is_left ? a.by_sigma * weight : zero);
    store_aligned(call.columns[3] + i, is_left ? a.by_gamma * weight : zero);
    store_aligned(call.columns[4] + i, is_left ? zero : b.by_sigma * weight);
    store_aligned(call.columns[5] + i, is_left ? zero : b.by_gamma * weight);
  }
}

// From an approximation good to 3e-4 (Olivero & Longbothum, JQSRT 17 (1977) 233), made exact by
// Newton steps on the profile itself.
double half_width(double sigma, double gamma) {
  const VoigtProfile profile(sigma, gamma);
  const auto value_at = [&profile](double d) { return profile.at(broadcast(d)).value[0]; };
  const double gauss = 2 * std::sqrt(2 * std::numbers::ln2) * sigma;
  const double lorentz = 2 * gamma;
  const double height = value_at(0);
  double half = 0.5 * (0.5346 * lorentz + std::sqrt(0.2166 * lorentz * lorentz + gauss * gauss));
  for (int step = 0; step < 4 && half > 0; ++step) {
    const double h = 1e-4 * half;
    const double slope = (value_at(half + h) - value_at(half - h)) / (2 * h);
    half -= (value_at(half) - 0.5 * height) / slope;
  }
  return half;
}

BandMeasures measure_voigt(const double* p) {
  const VoigtProfile profile(p[2], p[3]);
  return {profile.at(Pack{}).value[0], 2 * half_width(p[2], p[3]), 1};
}

BandMeasures measure_split_voigt(const double* p) {
  return {1,
          half_width(p[2], p[3]) + half_width(p[4], p[5]),
          VoigtSide(p + 2).area() + VoigtSide(p + 4).area()};
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
    measure_voigt};
extern const ShapeRow split_voigt_row;
const ShapeRow split_voigt_row{
    shape_info("split_voigt",
               "Voigt profile with its own pair of widths on each side",
               "voigt over its value at center, with the left widths below center, the right above",
               "",
               split_table),
    evaluate_split_voigt,
    measure_split_voigt};

}  // namespace calcispec::kernels
