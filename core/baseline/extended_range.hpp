// ExtendedRange: a spectrum with known peaks added beyond its ends, to judge a baseline by.
#pragma once

#include "core/axis.hpp"
#include "core/parameter.hpp"

#include <span>
#include <vector>

namespace calcispec {

inline constexpr ParameterInfo extended_side_parameter{
    .name = "side",
    .type = ParameterType::choice,
    .standard = 0,
    .choices = "both left right",
    .help = "ends at which the spectrum is extended"};
inline constexpr ParameterInfo extended_width_parameter{
    .name = "width_scale",
    .minimum = 0.001,
    .maximum = 2,
    .standard = 0.1,
    .help = "points added at an end, as a part of those there are"};
inline constexpr ParameterInfo extended_height_parameter{
    .name = "height_scale",
    .minimum = 0,
    .maximum = 1000,
    .standard = 1,
    .help = "height of the added peaks, as a part of the largest ordinate"};
inline constexpr ParameterInfo extended_sigma_parameter{
    .name = "sigma_scale",
    .minimum = 1e-3,
    .maximum = 10,
    .standard = 1.0 / 12,
    .help = "standard deviation of the added peaks, as a part of the added points"};
/// Lines through the ends go on for a part of the points; on them stands a Gaussian peak. What a
/// method makes of the lines shows how well it fits.
///
/// Source     Zhang et al., Sensors 20 (2020) 2015, with either end as in Krishna et al., J. Raman
///            Spectrosc. 43 (2012) 1884
class ExtendedRange {
 public:
  struct Shape {
    bool has_left = true;
    bool has_right = true;
    double width = 0.1;       // added at an end, part of the points
    double height = 1;        // of the peaks, part of the largest |y|
    double sigma = 1.0 / 12;  // of the peaks, part of the added points
  };

  /// From the four parameters above.
  static Shape shape_of(const ParameterSet& set);

  ExtendedRange(const Axis& axis, const Shape& shape);

  [[nodiscard]] const Axis& axis() const { return *axis_; }
  [[nodiscard]] std::size_t points() const { return static_cast<std::size_t>(axis_->size()); }
  /// Index of the first point of the spectrum itself.
  [[nodiscard]] std::size_t first() const { return shape_.has_left ? added_ : 0; }
  void extend(std::span<const double> y, std::span<double> out) const;
  /// Sum of squares of what a baseline misses on the lines that `extend` added.
  [[nodiscard]] double error(std::span<const double> y, std::span<const double> baseline) const;
  /// Area of the added peaks in what stands above a baseline of the extended spectrum, over their
  /// own; not a number without peaks. Trapezoids, whatever the axis.
  [[nodiscard]] double peaks_found(std::span<const double> y,
                                   std::span<const double> extended,
                                   std::span<const double> baseline) const;

 private:
  [[nodiscard]] double peak_height(std::span<const double> y) const;
  [[nodiscard]] double peak_part(std::size_t i) const;  // of the height

  Shape shape_;
  std::size_t added_;
  AxisPtr axis_;
};

}  // namespace calcispec
