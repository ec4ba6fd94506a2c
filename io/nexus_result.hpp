// read_result: the pictures and the provenance of a batch result, for reports.
#pragma once

#include "core/spectra_matrix.hpp"

#include <map>
#include <string>
#include <vector>

namespace calcispec::io {

/// One number per pixel, row by row; NaN: none.
struct ResultPicture {
  std::string group;  // below /entry, "composition/calcite"
  std::string unit;
  std::vector<double> values;
  std::vector<double> status;  // codes per pixel, as the writer says them; empty: none
};

struct NexusResult {
  MapGrid grid;  // ny = 1 for a list of spectra
  std::vector<ResultPicture> pictures;
  std::vector<double> composed;                   // 0 where a composition was determined; or empty
  std::vector<double> status;                     // 0 processed, 1 failed, 2 refused
  std::map<std::string, std::string> provenance;  // texts below /entry/provenance
};

/// Reads what NexusMap wrote. Throws Error{unreadable_input} for other files.
NexusResult read_result(const std::string& path);

}  // namespace calcispec::io
