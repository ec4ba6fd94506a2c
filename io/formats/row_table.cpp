// One spectrum per row (Horiba maps and series, LabSpec rows): the first row is the axis after
// blank or named cells, every other row begins with as many coordinates.
#include "io/number_row_private.hpp"
#include "io/text_spectra.hpp"

#include <algorithm>
#include <cmath>
#include <memory>
#include <set>

namespace calcispec::io {
namespace {

constexpr std::size_t least_points = 8;
constexpr std::size_t most_coordinates = 8;

struct RowTableHead {
  char delimiter = 0;
  Index line = 0;
  std::size_t coordinates = 0;
  std::vector<double> axis;
};

// Cells before the first number, then nothing but numbers that rise or fall.
std::optional<RowTableHead> head_of(std::string_view line, char delimiter) {
  const auto cells = split(line, delimiter);
  RowTableHead head;
  head.delimiter = delimiter;
  while (head.coordinates < cells.size() && !parse_number(cells[head.coordinates], '.')) {
    ++head.coordinates;
  }
  if (head.coordinates == 0 || head.coordinates > most_coordinates) {
    return std::nullopt;
  }
  for (std::size_t i = head.coordinates; i < cells.size(); ++i) {
    const auto value = parse_number(cells[i], '.');
    if (!value) {
      return std::nullopt;
    }
    head.axis.push_back(*value);
  }
  if (head.axis.size() < least_points) {
    return std::nullopt;
  }
  const bool is_rising = head.axis[1] > head.axis[0];
  for (std::size_t i = 1; i < head.axis.size(); ++i) {
    if ((head.axis[i] > head.axis[i - 1]) != is_rising) {
      return std::nullopt;
    }
  }
  return head;
}

std::optional<RowTableHead> find_head_row_table(const std::vector<std::string_view>& lines) {
  for (Index i = 0; i < static_cast<Index>(std::min<std::size_t>(lines.size(), 100)); ++i) {
    const auto line = lines[static_cast<std::size_t>(i)];
    if (!line.empty() && line.front() == '#') {
      continue;
    }
    for (const char delimiter : {'\t', ',', ';'}) {
      auto head = head_of(line, delimiter);
      if (head) {
        head->line = i;
        return head;
      }
    }
    if (!trimmed(line).empty()) {
      return std::nullopt;
    }
  }
  return std::nullopt;
}

int sniff_row_table(const FileView& file) {
  return find_head_row_table(first_lines(file.bytes, 100)) ? 88 : 0;
}

// Regular grid from the first two coordinates, x running fastest.
std::optional<MapGrid> row_table_grid_of(const std::vector<std::vector<double>>& places) {
  std::set<double> columns;
  std::set<double> rows;
  for (const auto& place : places) {
    if (place.size() < 2) {
      return std::nullopt;
    }
    columns.insert(place[0]);
    rows.insert(place[1]);
  }
  MapGrid grid;
  grid.nx = static_cast<Index>(columns.size());
  grid.ny = static_cast<Index>(rows.size());
  if (grid.nx * grid.ny != static_cast<Index>(places.size()) || places.size() < 2) {
    return std::nullopt;
  }
  for (std::size_t i = 1; i < places.size(); ++i) {
    const bool is_new_row = static_cast<Index>(i) % grid.nx == 0;
    if ((places[i][1] != places[i - 1][1]) != is_new_row) {
      return std::nullopt;
    }
  }
  grid.step_x_um =
      grid.nx > 1 ? (*columns.rbegin() - *columns.begin()) / static_cast<double>(grid.nx - 1) : 0;
  grid.step_y_um =
      grid.ny > 1 ? (*rows.rbegin() - *rows.begin()) / static_cast<double>(grid.ny - 1) : 0;
  return grid;
}

// The cells before the ordinates; one that is no number counts as 0.
std::vector<double> row_table_place_of(const std::vector<std::string_view>& cells,
                                       std::size_t count) {
  std::vector<double> out;
  for (std::size_t k = 0; k < count; ++k) {
    out.push_back(k < cells.size() ? parse_number(cells[k], '.').value_or(0) : 0);
  }
  return out;
}

// The rows of a text, read where they stand.
struct Rows {
  TextFile text;
  RowTableHead head;
  std::vector<Index> lines;  // one per spectrum

  [[nodiscard]] std::string_view line_of(Index row) const {
    return text.lines()[static_cast<std::size_t>(lines[static_cast<std::size_t>(row)])];
  }

  // Most rows are nothing but numbers; the others are gone through cell by cell.
  void read(Index row, std::span<double> out) const {
    const auto line = line_of(row);
    if (parse_row(behind_cells(line, head.delimiter, head.coordinates), head.delimiter, out)) {
      return;
    }
    const auto place = lines[static_cast<std::size_t>(row)];
    const auto cells = split(line, head.delimiter);
    if (cells.size() != head.coordinates + head.axis.size()) {
      text.fail(place,
                "the row holds " + std::to_string(cells.size()) + " cells, the axis row " +
                    std::to_string(head.coordinates + head.axis.size()) +
                    "; the file seems cut off, export again");
    }
    for (std::size_t k = 0; k < out.size(); ++k) {
      const auto cell = cells[head.coordinates + k];
      const auto value = parse_number(cell, '.');
      if (!value) {
        text.fail(place, "\"" + utf8_from(cell) + "\" is not a number; an ordinate was expected");
      }
      out[k] = *value;
    }
  }
};

std::vector<std::vector<double>> places_of(const Rows& rows) {
  std::vector<std::vector<double>> out;
  for (Index row = 0; row < static_cast<Index>(rows.lines.size()); ++row) {
    const auto line = rows.line_of(row);
    const auto ordinates = behind_cells(line, rows.head.delimiter, rows.head.coordinates);
    out.push_back(row_table_place_of(
        split(line.substr(0, line.size() - ordinates.size()), rows.head.delimiter),
        rows.head.coordinates));
  }
  return out;
}

LoadedFile read_row_table(const FileView& file, const ReadOptions& options) {
  auto rows = std::make_shared<Rows>(Rows{TextFile(file), {}, {}});
  const auto& text = rows->text;
  auto head = find_head_row_table(text.lines());
  if (!head) {
    text.fail(0, "the first row holds no axis");
  }
  rows->head = std::move(*head);
  for (Index i = rows->head.line + 1; i < static_cast<Index>(text.lines().size()); ++i) {
    if (!trimmed(text.lines()[static_cast<std::size_t>(i)]).empty()) {
      rows->lines.push_back(i);
    }
  }
  if (rows->lines.empty()) {
    text.fail(rows->head.line, "no row of ordinates follows the axis row");
  }
  TextSpectra spectra;
  spectra.x = rows->head.axis;
  spectra.lines.assign(spectra.x.size(), rows->head.line);
  add_spectra(
      spectra,
      static_cast<Index>(rows->lines.size()),
      [rows](Index row, std::span<double> out) { rows->read(row, out); },
      options.is_skim);
  spectra.map = row_table_grid_of(places_of(*rows));
  Diagnostics diagnostics;
  auto recording = make_recording(std::move(spectra), text, options, diagnostics);
  return single_recording(file, "row_table", std::move(recording), std::move(diagnostics));
}

}  // namespace

Format row_table_format() {
  return {"row_table",
          "one spectrum per row (Horiba maps and series, tables with coordinates)",
          "txt csv",
          sniff_row_table,
          read_row_table};
}

}  // namespace calcispec::io
