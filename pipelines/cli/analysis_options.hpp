// Options that every command which analyses spectra shares.
#pragma once

namespace calcispec {
struct AnalysisRequest;
}

namespace calcispec::cli {

class Options;

/// --calibration. Throws Error{unreadable_input} or Error{invalid_argument} with the file's fault.
void take_calibrations(const Options& options, AnalysisRequest& request);

/// --method, --range, --library, --only-library and --calibration.
void take_references(const Options& options, AnalysisRequest& request);

}  // namespace calcispec::cli
