// Specimens measured by several spectra: which file is of which, and their common composition.
#pragma once

#include "pipelines/analysis.hpp"

#include <map>
#include <string>

namespace calcispec {

/// Specimen of every file.
using SpecimenTable = std::map<std::string, std::string>;

/// CSV with the columns file and specimen; paths are relative to the table. Throws
/// Error{bad_method} with file:line.
SpecimenTable load_specimens(const std::string& path);

/// Fills `specimens`: for every specimen of two spectra or more, in the order of the inputs.
void combine_specimens(const SpecimenTable& table, AnalysisResult& result);

}  // namespace calcispec
