// Results of an analysis as JSON (schema 1) and as one CSV row per spectrum.
#pragma once

#include "pipelines/analysis.hpp"

#include <string>

namespace calcispec {

/// NaN becomes null; a reason stands beside it.
std::string analysis_json(const AnalysisResult& result);

/// One row per spectrum: status, quality, shares with intervals of every phase and group that any
/// spectrum holds, markers with intervals.
std::string analysis_csv(const AnalysisResult& result);

}  // namespace calcispec
