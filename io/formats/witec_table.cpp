// WITec table: optional title row ("X-Axis", names ending in (column/row)), optional unit row.
#include "io/text_spectra.hpp"

#include <algorithm>
#include <set>

namespace calcispec::io {
namespace {

struct WitecTableHead {
  Index titles = -1;
  Index units = -1;
  Index first = 0;  // first row of numbers
};

bool is_unit_row(std::string_view line) {
  const auto text = lower_case(line.substr(0, 40));
  return text.find("1/cm") != std::string::npos || text.find("cm-1") != std::string::npos ||
         text.find("nm\t") == 0;
}

WitecTableHead find_head_witec_table(const std::vector<std::string_view>& lines) {
  WitecTableHead head;
  for (Index i = 0; i < static_cast<Index>(std::min<std::size_t>(lines.size(), 3)); ++i) {
    const auto line = lines[static_cast<std::size_t>(i)];
    if (line.substr(0, 7) == "X-Axis\t") {
      head.titles = i;
    } else if (is_unit_row(line) && line.find("CCD") != std::string_view::npos) {
      head.units = i;
    } else {
      head.first = i;
      return head;
    }
  }
  return head;
}

int sniff_witec_table(const FileView& file) {
  const auto lines = first_lines(file.bytes, 4);
  const auto head = find_head_witec_table(lines);
  return head.titles >= 0 || head.units >= 0 ? 92 : 0;
}

// "name(3/1)" gives column 3, row 1; a grid only if every place is there once, row by row.
std::optional<MapGrid> witec_table_grid_of(const std::vector<std::string>& names) {
  Index column = 0;
  Index row = 0;
  MapGrid grid;
  for (std::size_t i = 0; i < names.size(); ++i) {
    const auto open = names[i].rfind('(');
    const auto slash = names[i].rfind('/');
    if (open == std::string::npos || slash == std::string::npos || slash < open) {
      return std::nullopt;
    }
    const auto x = parse_number(std::string_view(names[i]).substr(open + 1, slash - open - 1), '.');
    const auto y = parse_number(
        std::string_view(names[i]).substr(slash + 1, names[i].size() - slash - 2), '.');
    if (!x || !y) {
      return std::nullopt;
    }
    column = static_cast<Index>(*x);
    row = static_cast<Index>(*y);
    grid.nx = std::max(grid.nx, column + 1);
    grid.ny = std::max(grid.ny, row + 1);
  }
  const bool is_whole = grid.nx * grid.ny == static_cast<Index>(names.size()) && names.size() > 1;
  return is_whole ? std::optional(grid) : std::nullopt;
}

LoadedFile read_witec_table(const FileView& file, const ReadOptions& options) {
  const TextFile text(file);
  const auto head = find_head_witec_table(text.lines());
  const auto dialect = find_dialect(text.lines(), 2).value_or(Dialect{'\t', '.'});
  TextSpectra spectra;
  if (head.units >= 0) {
    const auto cells = split(text.lines()[static_cast<std::size_t>(head.units)], '\t');
    spectra.x_label = utf8_from(cells.front());
    spectra.y_label = cells.size() > 1 ? utf8_from(cells[1]) : std::string();
  } else {
    spectra.x_label = "rel. 1/cm";
  }
  for (Index i = head.first; i < static_cast<Index>(text.lines().size()); ++i) {
    const auto line = text.lines()[static_cast<std::size_t>(i)];
    if (trimmed(line).empty()) {
      continue;
    }
    const auto numbers = parse_numbers(line, dialect);
    if (!numbers || numbers->size() < 2 ||
        (!spectra.y.empty() && numbers->size() != spectra.y.size() + 1)) {
      text.fail(i, "the row does not hold as many numbers as the first one; export again");
    }
    spectra.y.resize(numbers->size() - 1);
    spectra.x.push_back((*numbers)[0]);
    spectra.lines.push_back(i);
    for (std::size_t k = 1; k < numbers->size(); ++k) {
      spectra.y[k - 1].push_back((*numbers)[k]);
    }
  }
  if (head.titles >= 0) {
    const auto cells = split(text.lines()[static_cast<std::size_t>(head.titles)], '\t');
    for (std::size_t k = 1; k < cells.size() && k <= spectra.y.size(); ++k) {
      spectra.names.push_back(utf8_from(cells[k]));
    }
    spectra.map = witec_table_grid_of(spectra.names);
  }
  spectra.technique = Technique::raman;
  Diagnostics diagnostics;
  auto recording = make_recording(std::move(spectra), text, options, diagnostics);
  return single_recording(file, "witec_table", std::move(recording), std::move(diagnostics));
}

}  // namespace

Format witec_table_format() {
  return {"witec_table",
          "WITec table (titles, units, columns)",
          "txt",
          sniff_witec_table,
          read_witec_table};
}

}  // namespace calcispec::io
