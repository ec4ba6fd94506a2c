// The table of band shapes: names, parameters, values, derivatives, heights, widths and areas.
#pragma once

#include "core/parameter.hpp"

#include <span>
#include <string_view>

namespace calcispec {

/// A row of the table. Every shape is amount * profile(x - center; the others): parameter 0 is the
/// amount ("height" or "area"), parameter 1 "center". Units in the table are words: "axis" (unit of
/// x), "ordinate" (unit of y), "area" (their product), "" (none). The default of a parameter is its
/// start where none is given; for widths it is the part of the band's full width to start with.
struct BandShape {
  std::string_view name;     // "pseudo_voigt"
  std::string_view summary;  // one line
  std::string_view formula;  // profile as text
  std::string_view source;   // literature, empty for the classical ones
  std::span<const ParameterInfo> parameters;
  /// Index of the parameter that `fwhm` and `height` would name, -1: a derived quantity.
  [[nodiscard]] CALCISPEC_API Index parameter_index(std::string_view parameter_name) const;
};

/// All shapes in the order of core/shape/shapes.def.
CALCISPEC_API std::span<const BandShape> band_shapes();
/// nullptr if there is none of that name.
CALCISPEC_API const BandShape* find_band_shape(std::string_view name);

/// Largest value, full width at half of it, and integral from -infinity to infinity.
struct BandMeasures {
  double height = 0;
  double fwhm = 0;
  double area = 0;
};
CALCISPEC_API BandMeasures measure_band(const BandShape& shape, std::span<const double> parameters);

/// Values of a band on x and, unless `derivatives` is empty, d value / d parameter (column-major,
/// points x parameters).
///
/// Needs      x rising; parameters within the ranges of the table
/// Accuracy   1e-12 of the height for the shapes made of Voigt functions, else 1e-14
CALCISPEC_API void evaluate_band(const BandShape& shape,
                                 std::span<const double> parameters,
                                 std::span<const double> x,
                                 std::span<double> values,
                                 std::span<double> derivatives = {});

}  // namespace calcispec
