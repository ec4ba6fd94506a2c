#include "io/key_table.hpp"

#include "io/text_spectra.hpp"

#include <algorithm>

namespace calcispec::io {
namespace {

std::vector<Index> columns_named(const InstrumentTable& table, std::string_view name) {
  std::vector<Index> out;
  for (std::size_t i = 0; i < table.columns.size(); ++i) {
    if (table.columns[i] == name) {
      out.push_back(static_cast<Index>(i));
    }
  }
  return out;
}

InstrumentTable find_table(const std::vector<std::string_view>& lines, const KeyTable& wanted) {
  return find_instrument_table(lines, wanted.delimiter, {wanted.x_column, wanted.y_column});
}

}  // namespace

int sniff_key_table(const FileView& file, const KeyTable& description) {
  const auto table = find_table(first_lines(file.bytes, 300), description);
  return table.header_line > 0 ? 90 : 0;
}

LoadedFile read_key_table(const FileView& file,
                          const ReadOptions& options,
                          const KeyTable& description) {
  const TextFile text(file);
  const auto table = find_table(text.lines(), description);
  if (table.header_line < 0) {
    text.fail(0,
              "the table with the columns " + std::string(description.x_column) + " and " +
                  std::string(description.y_column) + " is missing; export again");
  }
  Diagnostics diagnostics;
  auto spectra = read_instrument_table(text,
                                       table,
                                       columns_named(table, description.x_column).front(),
                                       columns_named(table, description.y_column),
                                       diagnostics);
  spectra.technique = Technique::raman;
  spectra.x_label = "Raman shift 1/cm";
  spectra.y_label = "intensity";
  const auto laser = table.metadata.find(std::string(description.laser_key));
  if (laser != table.metadata.end()) {
    const auto first = std::string_view(laser->second).substr(0, laser->second.find(';'));
    spectra.laser_nm = parse_number(first, '.');
  }
  auto recording = make_recording(std::move(spectra), text, options, diagnostics);
  return single_recording(file, description.format, std::move(recording), std::move(diagnostics));
}

}  // namespace calcispec::io
