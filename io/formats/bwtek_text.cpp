// B&W Tek text: key;value lines, then a table with Raman Shift and Dark Subtracted columns.
#include "io/text_spectra.hpp"

#include <algorithm>

namespace calcispec::io {
namespace {

int sniff_bwtek_text(const FileView& file) {
  const auto lines = first_lines(file.bytes, 1);
  return !lines.empty() && lines[0].substr(0, 15) == "File Version;BW" ? 98 : 0;
}

Index column_of(const InstrumentTable& table, std::string_view name) {
  const auto found = std::find(table.columns.begin(), table.columns.end(), name);
  return found == table.columns.end() ? -1 : static_cast<Index>(found - table.columns.begin());
}

// A comma in any cell of the first rows that is no point-decimal number.
char decimal_of(const TextFile& text, const InstrumentTable& table) {
  const auto first = static_cast<std::size_t>(table.header_line) + 1;
  for (std::size_t i = first; i < text.lines().size() && i < first + 50; ++i) {
    for (const auto cell : split(text.lines()[i], ';')) {
      if (cell.find(',') != std::string_view::npos && parse_number(cell, ',')) {
        return ',';
      }
    }
  }
  return '.';
}

LoadedFile read_bwtek_text(const FileView& file, const ReadOptions& options) {
  const TextFile text(file);
  auto table = find_instrument_table(text.lines(), ';', {"Raman Shift", "Dark Subtracted #1"});
  if (table.header_line < 0) {
    text.fail(0,
              "no table with the columns \"Raman Shift\" and \"Dark Subtracted #1\" follows the "
              "key lines; export with both");
  }
  table.decimal = decimal_of(text, table);
  Diagnostics diagnostics;
  auto spectra = read_instrument_table(text,
                                       table,
                                       column_of(table, "Raman Shift"),
                                       {column_of(table, "Dark Subtracted #1")},
                                       diagnostics);
  spectra.technique = Technique::raman;
  spectra.y_label = "counts, Dark Subtracted #1";
  if (table.decimal == ',') {
    diagnostics.push_back(
        {Severity::note, "decimal_comma", "numbers are written with a decimal comma", -1});
  }
  const auto laser = table.metadata.find("laser_wavelength");
  if (laser != table.metadata.end()) {
    spectra.laser_nm = parse_number(laser->second, table.decimal);
  }
  auto recording = make_recording(std::move(spectra), text, options, diagnostics);
  return single_recording(file, "bwtek_text", std::move(recording), std::move(diagnostics));
}

}  // namespace

Format bwtek_text_format() {
  return {"bwtek_text",
          "B&W Tek text (key;value lines, table)",
          "txt",
          sniff_bwtek_text,
          read_bwtek_text};
}

}  // namespace calcispec::io
