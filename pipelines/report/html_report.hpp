// The report: one HTML file without any outside reference.
#pragma once

#include "pipelines/analysis.hpp"

#include <string>

namespace calcispec {

/// The same bytes for the same results; every name escaped; a policy in the page forbids requests.
/// Up to 60 spectra stand in full, further ones in the table only.
std::string html_report(const AnalysisResult& result);

}  // namespace calcispec
