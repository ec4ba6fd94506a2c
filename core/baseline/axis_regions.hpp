// Regions of the axis as a parameter, and the points inside them.
#pragma once

#include "core/baseline/classification.hpp"
#include "core/parameter.hpp"

#include <algorithm>
#include <span>

namespace calcispec {

constexpr ParameterInfo axis_regions_parameter(std::string_view name, std::string_view help) {
  return {.name = name,
          .type = ParameterType::pairs,
          .minimum = -1e12,
          .maximum = 1e12,
          .standard = 0,
          .unit = "axis",
          .help = help};
}

inline PointMask points_within(std::span<const NumberPair> regions, std::span<const double> x) {
  PointMask mask(x.size(), 0);
  for (std::size_t i = 0; i < x.size(); ++i) {
    const bool is_inside =
        std::any_of(regions.begin(), regions.end(), [&](const NumberPair& region) {
          return region.holds(x[i]);
        });
    mask[i] = is_inside ? char{1} : char{0};
  }
  return mask;
}

}  // namespace calcispec
