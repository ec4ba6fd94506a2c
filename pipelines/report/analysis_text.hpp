// Results in words: the finding of one spectrum, and a short table for a terminal.
#pragma once

#include "pipelines/analysis.hpp"

#include <string>

namespace calcispec {

/// "Apatite 84 % (78-89 %) and collagen 12 % of the signal; ..." or why nothing can be said.
std::string finding_text(const SpectrumAnalysis& entry);
/// "Mainly apatite, with collagen." or why nothing can be said: the shortest true answer.
std::string headline_text(const SpectrumAnalysis& entry);
/// Findings and markers of every spectrum, for a terminal.
std::string analysis_text(const AnalysisResult& result, bool has_color = false);

/// One specimen by several spectra, phase by phase.
std::string specimen_text(const models::CombinedComposition& specimen);

/// "12.3" with about three significant digits, for people.
std::string short_number(double value);
/// A share as "84 %", "0.4 %".
std::string percent_text(double share);

}  // namespace calcispec
