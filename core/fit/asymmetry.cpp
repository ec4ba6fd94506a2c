// How much wider a band is on one side of its top than on the other.
#include "core/fit/asymmetry_private.hpp"
#include "core/special_values_private.hpp"

#include <cmath>
#include <vector>

namespace calcispec::band_fit {
namespace {

double value_at(const BandShape& shape, std::span<const double> parameters, double x) {
  double value = 0;
  evaluate_band(shape, parameters, {&x, 1}, {&value, 1});
  return value;
}

// Distance from `top` to where the band has fallen to half, outwards.
double half_width(const BandShape& shape,
                  std::span<const double> parameters,
                  double top,
                  double reach) {
  const double half = 0.5 * value_at(shape, parameters, top);
  double inner = 0;
  double outer = reach;
  while (value_at(shape, parameters, top + outer) > half &&
         std::abs(outer) < 64 * std::abs(reach)) {
    outer *= 2;
  }
  for (int k = 0; k < 50; ++k) {
    const double middle = 0.5 * (inner + outer);
    (value_at(shape, parameters, top + middle) > half ? inner : outer) = middle;
  }
  return std::abs(0.5 * (inner + outer));
}

// The maximum need not lie at the center.
double top_of(const BandShape& shape, std::span<const double> parameters, double width) {
  double low = parameters[1] - width;
  double high = parameters[1] + width;
  const double golden = 0.5 * (std::sqrt(5.0) - 1);
  for (int k = 0; k < 60; ++k) {
    const double a = high - golden * (high - low);
    const double b = low + golden * (high - low);
    if (value_at(shape, parameters, a) < value_at(shape, parameters, b)) {
      low = a;
    } else {
      high = b;
    }
  }
  return 0.5 * (low + high);
}

}  // namespace

double asymmetry_of(const BandShape& shape, std::span<const double> parameters) {
  std::vector<double> unit(parameters.begin(), parameters.end());
  unit[0] = 1;  // whatever the amount
  const double width = measure_band(shape, unit).fwhm;
  if (!(width > 0)) {
    return not_a_number;
  }
  const double top = top_of(shape, unit, width);
  const double right = half_width(shape, unit, top, width);
  const double left = half_width(shape, unit, top, -width);
  return (right - left) / (right + left);
}

bool is_symmetric(const BandShape& shape, std::span<const double> parameters) {
  std::vector<double> unit(parameters.begin(), parameters.end());
  unit[0] = 1;
  unit[1] = 0;
  const double width = measure_band(shape, unit).fwhm;
  const auto differs = [&](double at) {
    return std::abs(value_at(shape, unit, at) - value_at(shape, unit, -at)) > 1e-9;
  };
  return !differs(0.3 * width) && !differs(0.8 * width);
}

}  // namespace calcispec::band_fit
