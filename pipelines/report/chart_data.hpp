// Numbers for the interactive charts: 16-bit integers with offset and scale, for drawing only.
#pragma once

#include "pipelines/report/map_values.hpp"

#include <string>

namespace calcispec {

/// JSON of one spectrum's axis, curves, bands and zoom regions, safe inside a script element.
std::string chart_data(const SpectrumAnalysis& entry);

/// JSON of one map, safe inside a script element.
std::string map_data(const MapValues& map);

/// JSON of many spectra: each axis once; median and 5th and 95th percentile of those that share the
/// commonest axis; measured curve, fit and background of the first `most` spectra.
std::string overview_data(const AnalysisResult& result, std::size_t most);

}  // namespace calcispec
