// Symmetric shapes of height and full width: Gauss, Lorentz, both pseudo-Voigts, Pearson VII.
#include "core/shape/parameters_private.hpp"

#include <cmath>

namespace calcispec::kernels {
namespace {

constexpr ParameterInfo symmetric_width_table[] = {height_info, center_info, fwhm_info};
constexpr ParameterInfo pseudo_voigt_table[] = {height_info, center_info, fwhm_info, share_info};
constexpr ParameterInfo area_share_table[] = {height_info, center_info, fwhm_info, share_area_info};
constexpr ParameterInfo pearson_table[] = {height_info, center_info, fwhm_info, exponent_info};

void zero_outside(const ProfileCall& call, const Reach& reach, Index columns) {
  for (Index j = 0; j < columns; ++j) {
    std::fill(call.columns[j], call.columns[j] + reach.first, 0.0);
    std::fill(call.columns[j] + reach.last, call.columns[j] + call.count, 0.0);
  }
}

void evaluate_gauss_symmetric(const ProfileCall& call) {
  const double center = call.parameters[1];
  const double fwhm = call.parameters[2];
  const double inverse = 1 / fwhm;
  const Reach reach = reach_of(call, center - gauss_reach * fwhm, center + gauss_reach * fwhm);
  zero_outside(call, reach, 3);
  for (Index i = reach.first; i < reach.last; i += lane_count) {
    const Pack u = (load_aligned(call.x + i) - center) * inverse;
    const Pack g = exp_pack(-four_ln2 * u * u) * load_aligned(call.weight + i);
    const Pack slope = (2 * four_ln2 * inverse) * u * g;
    store_aligned(call.columns[0] + i, g);
    store_aligned(call.columns[1] + i, slope);
    store_aligned(call.columns[2] + i, slope * u);
  }
}

void evaluate_lorentz_symmetric(const ProfileCall& call) {
  const double center = call.parameters[1];
  const double inverse = 1 / call.parameters[2];
  for (Index i = 0; i < call.count; i += lane_count) {
    const Pack u = (load_aligned(call.x + i) - center) * inverse;
    const Pack lorentz = 1.0 / (1.0 + 4.0 * u * u);
    const Pack weighted = lorentz * load_aligned(call.weight + i);
    const Pack slope = (8 * inverse) * u * lorentz * weighted;
    store_aligned(call.columns[0] + i, weighted);
    store_aligned(call.columns[1] + i, slope);
    store_aligned(call.columns[2] + i, slope * u);
  }
}

// `by_share` multiplies the derivative by the share of the height.
template <bool has_gauss>
void pseudo_voigt_part(
    const ProfileCall& call, Index first, Index last, double share, double by_share) {
  const double center = call.parameters[1];
  const double inverse = 1 / call.parameters[2];
  const double rest = 1 - share;
  for (Index i = first; i < last; i += lane_count) {
    const Pack weight = load_aligned(call.weight + i);
    const Pack u = (load_aligned(call.x + i) - center) * inverse;
    const Pack lorentz = 1.0 / (1.0 + 4.0 * u * u);
    Pack value = share * lorentz;
    Pack slope = value * lorentz;
    Pack difference = lorentz;
    if constexpr (has_gauss) {
      const Pack gauss = exp_pack(-four_ln2 * u * u);
      value += rest * gauss;
      slope += (rest * std::numbers::ln2) * gauss;
      difference -= gauss;
    }
    slope *= (8 * inverse) * u * weight;
    store_aligned(call.columns[0] + i, value * weight);
    store_aligned(call.columns[1] + i, slope);
    store_aligned(call.columns[2] + i, slope * u);
    store_aligned(call.columns[3] + i, difference * (by_share * weight));
  }
}

void pseudo_voigt_of_height_share(const ProfileCall& call, double share, double by_share) {
  const double center = call.parameters[1];
  const double fwhm = call.parameters[2];
  const Reach reach = reach_of(call, center - gauss_reach * fwhm, center + gauss_reach * fwhm);
  const Index middle = std::max(reach.first, reach.last);
  pseudo_voigt_part<false>(call, 0, reach.first, share, by_share);
  pseudo_voigt_part<true>(call, reach.first, reach.last, share, by_share);
  pseudo_voigt_part<false>(call, middle, call.count, share, by_share);
}

void evaluate_pseudo_voigt_symmetric(const ProfileCall& call) {
  pseudo_voigt_of_height_share(call, call.parameters[3], 1);
}

void evaluate_pseudo_voigt_area(const ProfileCall& call) {
  const auto [share, slope] = height_share(call.parameters[3]);
  pseudo_voigt_of_height_share(call, share, slope);
}

// (1 + 4 c u^2)^-m with c = 2^(1/m) - 1.
void evaluate_pearson7_symmetric(const ProfileCall& call) {
  const double center = call.parameters[1];
  const double inverse = 1 / call.parameters[2];
  const double m = call.parameters[3];
  const double c = std::expm1(std::numbers::ln2 / m);
  const double c_by_m = -(c + 1) * std::numbers::ln2 / (m * m);
  for (Index i = 0; i < call.count; i += lane_count) {
    const Pack u = (load_aligned(call.x + i) - center) * inverse;
    const Pack four_u2 = 4.0 * u * u;
    const Pack base = 1.0 + c * four_u2;
    const Pack log_base = log_pack(base);
    const Pack value = exp_pack(-m * log_base) * load_aligned(call.weight + i);
    const Pack ratio = value / base;
    const Pack slope = (8 * c * m * inverse) * u * ratio;
    store_aligned(call.columns[0] + i, value);
    store_aligned(call.columns[1] + i, slope);
    store_aligned(call.columns[2] + i, slope * u);
    store_aligned(call.columns[3] + i, -(log_base * value + (m * c_by_m) * four_u2 * ratio));
  }
}

BandMeasures measure_gauss_symmetric(const double* p) {
  return {1, p[2], p[2] * gauss_unit_area};
}
BandMeasures measure_lorentz_symmetric(const double* p) {
  return {1, p[2], p[2] * lorentz_unit_area};
}
BandMeasures measure_pseudo_voigt_symmetric(const double* p) {
  return {1, p[2], p[2] * (p[3] * lorentz_unit_area + (1 - p[3]) * gauss_unit_area)};
}
BandMeasures measure_pseudo_voigt_area(const double* p) {
  const double share = height_share(p[3]).share;
  return {1, p[2], p[2] * (share * lorentz_unit_area + (1 - share) * gauss_unit_area)};
}
BandMeasures measure_pearson7_symmetric(const double* p) {
  return {1, p[2], p[2] * pearson7_unit_area(p[3])};
}

}  // namespace

extern const ShapeRow gauss_row;
const ShapeRow gauss_row{
    shape_info(
        "gauss", "Gaussian", "exp(-4 ln2 u^2), u = (x - center) / fwhm", "", symmetric_width_table),
    evaluate_gauss_symmetric,
    measure_gauss_symmetric};
extern const ShapeRow lorentz_row;
const ShapeRow lorentz_row{shape_info("lorentz",
                                      "Lorentzian",
                                      "1 / (1 + 4 u^2), u = (x - center) / fwhm",
                                      "",
                                      symmetric_width_table),
                           evaluate_lorentz_symmetric,
                           measure_lorentz_symmetric};
extern const ShapeRow pseudo_voigt_row;
const ShapeRow pseudo_voigt_row{
    shape_info("pseudo_voigt",
               "sum of Lorentzian and Gaussian of one width; share is of the height",
               "share / (1 + 4 u^2) + (1 - share) exp(-4 ln2 u^2), u = (x - center) / fwhm",
               "",
               pseudo_voigt_table),
    evaluate_pseudo_voigt_symmetric,
    measure_pseudo_voigt_symmetric};
extern const ShapeRow pseudo_voigt_area_row;
const ShapeRow pseudo_voigt_area_row{
    shape_info("pseudo_voigt_area",
               "the same curve as pseudo_voigt; share is of the area",
               "pseudo_voigt whose Lorentzian part holds share_area of the area",
               "",
               area_share_table),
    evaluate_pseudo_voigt_area,
    measure_pseudo_voigt_area};
extern const ShapeRow pearson7_row;
const ShapeRow pearson7_row{
    shape_info("pearson7",
               "Pearson VII: Lorentzian at exponent 1, towards Gaussian above",
               "(1 + 4 (2^(1/exponent) - 1) u^2)^-exponent, u = (x - center) / fwhm",
               "Hall et al., J. Appl. Cryst. 10 (1977) 66",
               pearson_table),
    evaluate_pearson7_symmetric,
    measure_pearson7_symmetric};

}  // namespace calcispec::kernels
