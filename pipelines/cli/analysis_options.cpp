// Library, method, range and calibrations from the command line.
#include "pipelines/cli/analysis_options.hpp"

#include "core/error.hpp"
#include "pipelines/analysis.hpp"
#include "pipelines/calibration_file.hpp"
#include "pipelines/cli/options.hpp"

namespace calcispec::cli {

void take_calibrations(const Options& options, AnalysisRequest& request) {
  auto calibrations = load_calibrations(options.list("calibration"));
  request.calibrations = std::move(calibrations.responses);
  request.calibration_sha256 = std::move(calibrations.sha256);
  request.marker_calibrations = std::move(calibrations.markers);
}

void take_references(const Options& options, AnalysisRequest& request) {
  if (options.has("method")) {
    request.method = load_method(options.text("method"));
  }
  if (options.has("range")) {
    request.composition.range_cm1 = parse_range(options.text("range"), "--range");
  }
  request.library_folder = options.text("library");
  request.is_only_library = options.has("only-library");
  if (request.is_only_library && request.library_folder.empty()) {
    throw Error(ErrorCode::invalid_argument, "--only-library needs --library DIR");
  }
  take_calibrations(options, request);
}

}  // namespace calcispec::cli
