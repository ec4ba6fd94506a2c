#include "pipelines/analysis_references_private.hpp"

#include "core/error.hpp"
#include "pipelines/measured_library.hpp"

#include <algorithm>

namespace calcispec::detail {

std::optional<models::MeasuredLibrary> make_measured_library(const AnalysisRequest& request) {
  const bool is_measured = is_measured_library(request.library_folder);
  if (is_measured && !request.is_only_library) {
    throw Error(ErrorCode::invalid_argument,
                "measured references are used alone: add --only-library");
  }
  if (!is_measured) {
    return std::nullopt;
  }
  auto library = load_measured_library(request.library_folder, request.read.reader_program);
  for (const auto& calibration : request.calibrations) {
    if (calibration.library_sha256 != library.sha256) {
      throw Error(ErrorCode::invalid_argument,
                  "the calibration " + calibration.id + " was learnt with other references than " +
                      request.library_folder + " holds; run calcispec calibrate again");
    }
  }
  return library;
}

models::ReferenceLibrary make_library(const AnalysisRequest& request) {
  if (request.library_folder.empty() || is_measured_library(request.library_folder)) {
    return models::builtin_library();
  }
  auto own = models::library_from_folder(request.library_folder);
  if (request.is_only_library) {
    return own;
  }
  auto library = models::builtin_library();
  for (auto& phase : own.phases) {
    const auto same = std::find_if(library.phases.begin(),
                                   library.phases.end(),
                                   [&](const auto& known) { return known.id == phase.id; });
    if (same == library.phases.end()) {
      library.phases.push_back(std::move(phase));
    } else {
      *same = std::move(phase);
    }
  }
  library.sha256 += "+" + own.sha256;
  return library;
}

void check_calibration(const AnalysisRequest& request, const models::ReferenceLibrary& library) {
  for (const auto& calibration : request.calibrations) {
    if (calibration.library_sha256 != library.sha256) {
      throw Error(ErrorCode::invalid_argument,
                  "the calibration " + calibration.id +
                      " was learnt with other references: state the --library DIR --only-library "
                      "of that time, or run calcispec calibrate again");
    }
  }
}

}  // namespace calcispec::detail
