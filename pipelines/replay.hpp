// Records of runs: what a result file says it was made with, and whether another run gives the same
// numbers.
#pragma once

#include "pipelines/analysis.hpp"

#include <string>
#include <vector>

namespace calcispec {

struct RunRecord {
  std::vector<std::string> inputs;
  std::vector<RecordedOption> options;
  std::string text;  // of the whole file
};

/// Throws Error{bad_method} for a file that is no result of analyze, or holds no record of its run.
RunRecord load_record(const std::string& path);

struct ReplayVerdict {
  bool is_identical = false;
  std::vector<std::string> changed;      // what the run depends on and is not as it was
  std::vector<std::string> differences;  // "spectra/0/markers/1/value: 2.41 was 2.40", the first 20
  Index count = 0;                       // of all differences
};

/// Every number, word and status of the two results; provenance is compared apart, as what may have
/// changed.
ReplayVerdict compare_runs(const RunRecord& record, const AnalysisResult& result);

}  // namespace calcispec
