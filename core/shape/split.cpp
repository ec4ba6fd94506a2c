// Bands with different widths to the left and right of the maximum.
#include "core/shape/parameters_private.hpp"

#include <cmath>

namespace calcispec::kernels {
namespace {

constexpr ParameterInfo split_width_table[] = {height_info, center_info, left_info, right_info};
constexpr ParameterInfo share_table[] = {
    height_info, center_info, left_info, right_info, share_info};
constexpr ParameterInfo area_share_split_table[] = {
    height_info, center_info, left_info, right_info, share_area_info};
constexpr ParameterInfo exponent_table[] = {
    height_info, center_info, left_info, right_info, exponent_info};

// Distance in widths of the own side.
struct Side {
  Mask is_left;
  Pack inverse;
  Pack u;
};
inline Side side_of(const ProfileCall& call, Index i) {
  const Pack d = load_aligned(call.x + i) - call.parameters[1];
  Side side;
  side.is_left = d < 0.0;
  side.inverse =
      side.is_left ? broadcast(1 / call.parameters[2]) : broadcast(1 / call.parameters[3]);
  side.u = d * side.inverse;
  return side;
}

// Value and the slope d value / d center, weighted.
inline void store_sides(
    const ProfileCall& call, Index i, const Side& side, Pack value, Pack by_center) {
  const Pack by_width = by_center * side.u;
  const Pack zero{};
  store_aligned(call.columns[0] + i, value);
  store_aligned(call.columns[1] + i, by_center);
  store_aligned(call.columns[2] + i, side.is_left ? by_width : zero);
  store_aligned(call.columns[3] + i, side.is_left ? zero : by_width);
}

void evaluate_gauss_split(const ProfileCall& call) {
  for (Index i = 0; i < call.count; i += lane_count) {
    const Side side = side_of(call, i);
    const Pack g = exp_pack(-four_ln2 * side.u * side.u) * load_aligned(call.weight + i);
    store_sides(call, i, side, g, (2 * four_ln2) * side.inverse * side.u * g);
  }
}

void evaluate_lorentz_split(const ProfileCall& call) {
  for (Index i = 0; i < call.count; i += lane_count) {
    const Side side = side_of(call, i);
    const Pack lorentz = 1.0 / (1.0 + 4.0 * side.u * side.u);
    const Pack value = lorentz * load_aligned(call.weight + i);
    store_sides(call, i, side, value, 8.0 * side.inverse * side.u * lorentz * value);
  }
}

// `by_share` multiplies the derivative by the share of the height.
void pseudo_voigt_sides(const ProfileCall& call, double share, double by_share) {
  for (Index i = 0; i < call.count; i += lane_count) {
    const Side side = side_of(call, i);
    const Pack weight = load_aligned(call.weight + i);
    const Pack lorentz = 1.0 / (1.0 + 4.0 * side.u * side.u);
    const Pack gauss = exp_pack(-four_ln2 * side.u * side.u);
    const Pack value = (share * lorentz + (1 - share) * gauss) * weight;
    const Pack slope = share * lorentz * lorentz + ((1 - share) * std::numbers::ln2) * gauss;
    store_sides(call, i, side, value, 8.0 * side.inverse * side.u * slope * weight);
    store_aligned(call.columns[4] + i, (lorentz - gauss) * (by_share * weight));
  }
}

void evaluate_pseudo_voigt_split(const ProfileCall& call) {
  pseudo_voigt_sides(call, call.parameters[4], 1);
}

// The area of a half is its width times what the share gives: one share of the height serves both.
void evaluate_pseudo_voigt_area_split(const ProfileCall& call) {
  const auto [share, slope] = height_share(call.parameters[4]);
  pseudo_voigt_sides(call, share, slope);
}

void evaluate_pearson7_split(const ProfileCall& call) {
  const double m = call.parameters[4];
  const double c = std::expm1(std::numbers::ln2 / m);
  const double c_by_m = -(c + 1) * std::numbers::ln2 / (m * m);
  for (Index i = 0; i < call.count; i += lane_count) {
    const Side side = side_of(call, i);
    const Pack four_u2 = 4.0 * side.u * side.u;
    const Pack base = 1.0 + c * four_u2;
    const Pack log_base = log_pack(base);
    const Pack value = exp_pack(-m * log_base) * load_aligned(call.weight + i);
    const Pack ratio = value / base;
    store_sides(call, i, side, value, (8 * c * m) * side.inverse * side.u * ratio);
    store_aligned(call.columns[4] + i, -(log_base * value + (m * c_by_m) * four_u2 * ratio));
  }
}

double mean_width(const double* p) {
  return 0.5 * (p[2] + p[3]);
}
BandMeasures measure_gauss_split(const double* p) {
  return {1, mean_width(p), mean_width(p) * gauss_unit_area};
}
BandMeasures measure_lorentz_split(const double* p) {
  return {1, mean_width(p), mean_width(p) * lorentz_unit_area};
}
BandMeasures measure_share(const double* p, double share) {
  return {1,
          mean_width(p),
          mean_width(p) * (share * lorentz_unit_area + (1 - share) * gauss_unit_area)};
}
BandMeasures measure_pseudo_voigt_split(const double* p) {
  return measure_share(p, p[4]);
}
BandMeasures measure_pseudo_voigt_area_split(const double* p) {
  return measure_share(p, height_share(p[4]).share);
}
BandMeasures measure_pearson7_split(const double* p) {
  return {1, mean_width(p), mean_width(p) * pearson7_unit_area(p[4])};
}

}  // namespace

extern const ShapeRow split_gauss_row;
const ShapeRow split_gauss_row{shape_info("split_gauss",
                                          "Gaussian with its own width on each side",
                                          "gauss with fwhm_left below center, fwhm_right above",
                                          "",
                                          split_width_table),
                               evaluate_gauss_split,
                               measure_gauss_split};
extern const ShapeRow split_lorentz_row;
const ShapeRow split_lorentz_row{shape_info("split_lorentz",
                                            "Lorentzian with its own width on each side",
                                            "lorentz with fwhm_left below center, fwhm_right above",
                                            "",
                                            split_width_table),
                                 evaluate_lorentz_split,
                                 measure_lorentz_split};
extern const ShapeRow split_pseudo_voigt_row;
const ShapeRow split_pseudo_voigt_row{
    shape_info("split_pseudo_voigt",
               "pseudo-Voigt with its own width on each side, one share of the height",
               "pseudo_voigt with fwhm_left below center, fwhm_right above",
               "",
               share_table),
    evaluate_pseudo_voigt_split,
    measure_pseudo_voigt_split};
extern const ShapeRow split_pseudo_voigt_area_row;
const ShapeRow split_pseudo_voigt_area_row{
    shape_info("split_pseudo_voigt_area",
               "the same curve as split_pseudo_voigt; share is of the area",
               "pseudo_voigt_area with fwhm_left below center, fwhm_right above",
               "",
               area_share_split_table),
    evaluate_pseudo_voigt_area_split,
    measure_pseudo_voigt_area_split};
extern const ShapeRow split_pearson7_row;
const ShapeRow split_pearson7_row{
    shape_info("split_pearson7",
               "Pearson VII with its own width on each side, one exponent",
               "pearson7 with fwhm_left below center, fwhm_right above",
               "",
               exponent_table),
    evaluate_pearson7_split,
    measure_pearson7_split};

}  // namespace calcispec::kernels
