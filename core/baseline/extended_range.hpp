// ExtendedRange: a spectrum with known peaks added beyond its ends, to judge a baseline by.
#pragma once

#include "core/axis.hpp"

#include <span>
#include <vector>

namespace calcispec {

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

  ExtendedRange(const Axis& axis, const Shape& shape);

  [[nodiscard]] const Axis& axis() const { return *axis_; }
  [[nodiscard]] std::size_t points() const { return static_cast<std::size_t>(axis_->size()); }
  /// Index of the first point of the spectrum itself.
  [[nodiscard]] std::size_t first() const { return shape_.has_left ? added_ : 0; }
  void extend(std::span<const double> y, std::span<double> out) const;
  /// Sum of squares of what a baseline misses on the lines that `extend` added.
  [[nodiscard]] double error(std::span<const double> y, std::span<const double> baseline) const;

 private:
  Shape shape_;
  std::size_t added_;
  AxisPtr axis_;
};

}  // namespace calcispec
