// Numbers for the interactive chart: 16-bit integers with offset and scale, for drawing only.
#pragma once

#include "pipelines/analysis.hpp"

#include <string>

namespace calcispec {

/// JSON of one spectrum's axis and curves, safe inside a script element.
std::string chart_data(const SpectrumAnalysis& entry);

/// JSON of one map: the share of the given group or phase per pixel, safe inside a script element.
std::string map_data(const AnalysisResult& result, const MapInfo& map, const std::string& id);

}  // namespace calcispec
