// Results as a workbook for spreadsheet programs: one sheet each for spectra, phases, markers and
// provenance.
#pragma once

#include "pipelines/analysis.hpp"

#include <string>

namespace calcispec {

/// False in a build without libxlsxwriter.
bool has_xlsx();

/// The bytes of the workbook. Numbers are written as numbers, missing ones as empty cells; the same
/// result gives the same bytes. Throws Error{output_failed} if no temporary file can be written,
/// and Error{invalid_argument} in a build that has no writer.
std::string analysis_xlsx(const AnalysisResult& result);

/// Text that a spreadsheet would take for a formula gets an apostrophe before it.
std::string guarded_cell(std::string text);

}  // namespace calcispec
