// band_table: lines of a substance as the band tables of the project state them, for simulators
// that share nothing else with the program.
#pragma once

#include "tests/support/paths.hpp"

#include <fstream>
#include <sstream>
#include <string>
#include <vector>

namespace calcispec::test {

struct TableLine {
  double position = 0;  // 1/cm
  double width = 0;     // full width at half height, 1/cm
  double height = 0;    // relative to the strongest of the substance: 100
};

/// Rows of models/data/bands.csv of this substance between `from` and `to`, 1/cm; `technique` as
/// the table calls it. Rows without a height are left out.
inline std::vector<TableLine> table_lines(const std::string& substance,
                                          const std::string& technique,
                                          double from,
                                          double to) {
  std::ifstream file(source_dir() / "models" / "data" / "bands.csv");
  std::vector<TableLine> out;
  std::string text;
  while (std::getline(file, text)) {
    std::istringstream row(text);
    std::string phase;
    std::string of;
    TableLine line;
    char comma = ',';
    if (std::getline(row, phase, ',') && std::getline(row, of, ',') && phase == substance &&
        of == technique && row >> line.position >> comma >> line.width >> comma >> line.height &&
        line.position >= from && line.position <= to) {
      out.push_back(line);
    }
  }
  return out;
}

}  // namespace calcispec::test
