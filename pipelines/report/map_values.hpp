// MapValues: one number per pixel of a map, for pictures and tables.
#pragma once

#include "pipelines/analysis.hpp"

#include <string>
#include <vector>

namespace calcispec {

struct MapValues {
  std::string name;  // for people
  std::string unit;  // "% of the signal", "1/cm", empty for ratios
  MapGrid grid;
  std::vector<double> values;  // NaN: missing
  double low = 0;              // limits of the colours: see find_limits
  double high = 1;
};

/// Sets low and high: the 2nd and the 98th percentile, or the extremes where these are equal (a
/// substance in a few pixels only).
void find_limits(MapValues& map);

/// Shares of the commonest groups and phases (at most four), then markers (at most three).
std::vector<MapValues> maps_of(const AnalysisResult& result, const MapInfo& map);

}  // namespace calcispec
