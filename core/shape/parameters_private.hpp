// Parameters that several shapes share, and the row of a shape. Private to core.
#pragma once

#include "core/kernels/profile.hpp"

namespace calcispec::kernels {

/// A row's face to others.
constexpr BandShape shape_info(std::string_view name,
                               std::string_view summary,
                               std::string_view formula,
                               std::string_view source,
                               std::span<const ParameterInfo> parameters) {
  return {name, summary, formula, source, parameters};
}

inline constexpr ParameterInfo height_info{.name = "height",
                                           .minimum = -unlimited,
                                           .maximum = unlimited,
                                           .unit = "ordinate",
                                           .help = "height of the maximum above the background"};
inline constexpr ParameterInfo area_info{.name = "area",
                                         .minimum = -unlimited,
                                         .maximum = unlimited,
                                         .unit = "area",
                                         .help = "integral over all x, without the background"};
inline constexpr ParameterInfo center_info{.name = "center",
                                           .aliases = "position",
                                           .minimum = -unlimited,
                                           .maximum = unlimited,
                                           .unit = "axis",
                                           .help = "position of the maximum"};
inline constexpr ParameterInfo fwhm_info{.name = "fwhm",
                                         .aliases = "width",
                                         .minimum = 1e-12,
                                         .maximum = unlimited,
                                         .standard = 1,
                                         .unit = "axis",
                                         .help = "full width at half of the height"};
inline constexpr ParameterInfo left_info{.name = "fwhm_left",
                                         .minimum = 1e-12,
                                         .maximum = unlimited,
                                         .standard = 1,
                                         .unit = "axis",
                                         .help = "full width of the curve whose left half is used"};
inline constexpr ParameterInfo right_info{
    .name = "fwhm_right",
    .minimum = 1e-12,
    .maximum = unlimited,
    .standard = 1,
    .unit = "axis",
    .help = "full width of the curve whose right half is used"};
inline constexpr ParameterInfo share_info{.name = "share",
                                          .aliases = "lorentz_share_height eta",
                                          .minimum = 0,
                                          .maximum = 1,
                                          .standard = 0.5,
                                          .help = "Lorentzian share of the height"};
inline constexpr ParameterInfo share_area_info{.name = "share_area",
                                               .aliases = "lorentz_share_area fraction",
                                               .minimum = 0,
                                               .maximum = 1,
                                               .standard = 0.5,
                                               .help = "Lorentzian share of the area"};
inline constexpr ParameterInfo exponent_info{
    .name = "exponent",
    .aliases = "m",
    .minimum = 0.6,
    .maximum = 200,
    .standard = 2,
    .help = "1 is a Lorentzian, large values approach a Gaussian"};

/// Share of the height for a share of the area, and its derivative.
struct HeightShare {
  double share = 0;
  double slope = 0;
};
inline HeightShare height_share(double share_area) {
  const double gauss = gauss_unit_area;
  const double lorentz = lorentz_unit_area;
  // Unit-area curves have heights 1/area, so the Lorentzian part of the height is s/lorentz.
  const double sum = share_area / lorentz + (1 - share_area) / gauss;
  return {share_area / lorentz / sum, 1 / (gauss * lorentz * sum * sum)};
}

/// Area of a Pearson VII of unit height and FWHM.
inline double pearson7_unit_area(double exponent) {
  const double c = std::expm1(std::numbers::ln2 / exponent);
  double m = exponent;
  double ratio = 1;  // gamma(m - 1/2) / gamma(m); the recurrence keeps large m from overflowing
  while (m > 150) {
    ratio *= (m - 1.5) / (m - 1);
    m -= 1;
  }
  ratio *= std::tgamma(m - 0.5) / std::tgamma(m);
  return 0.5 * std::sqrt(std::numbers::pi / c) * ratio;
}

}  // namespace calcispec::kernels
