// The references an analysis is made with: built in, a folder of bands, measured spectra.
#pragma once

#include "models/measured_mixture.hpp"
#include "models/reference_library.hpp"
#include "pipelines/analysis.hpp"

#include <optional>

namespace calcispec::detail {

/// Nothing if the folder of the request holds bands or there is none. Error{invalid_argument} where
/// a calibration was learnt with other spectra.
std::optional<models::MeasuredLibrary> make_measured_library(const AnalysisRequest& request);
models::ReferenceLibrary make_library(const AnalysisRequest& request);
/// Response factors of band tables hold for those very tables.
void check_calibration(const AnalysisRequest& request, const models::ReferenceLibrary& library);

}  // namespace calcispec::detail
