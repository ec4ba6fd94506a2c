// One spectrum per row (Horiba maps and series, LabSpec rows): the first row is the axis after
// blank or named cells, every other row begins with as many coordinates.
#include "io/number_row_private.hpp"
#include "io/text_spectra.hpp"

#include <algorithm>
#include <cmath>
#include <set>

namespace calcispec::io {
namespace {

constexpr std::size_t least_points = 8;
constexpr std::size_t most_coordinates = 8;

struct Head {
  char delimiter = 0;
  Index line = 0;
  std::size_t coordinates = 0;
  std::vector<double> axis;
};

// Cells before the first number, then nothing but numbers that rise or fall.
std::optional<Head> head_of(std::string_view line, char delimiter) {
  const auto cells = split(line, delimiter);
  Head head;
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

std::optional<Head> find_head(const std::vector<std::string_view>& lines) {
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

int sniff(const FileView& file) {
  return find_head(first_lines(file.bytes, 100)) ? 88 : 0;
}

// Regular grid from the first two coordinates, x running fastest.
std::optional<MapGrid> grid_of(const std::vector<std::vector<double>>& places) {
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
std::vector<double> place_of(const std::vector<std::string_view>& cells, std::size_t count) {
  std::vector<double> out;
  for (std::size_t k = 0; k < count; ++k) {
    out.push_back(k < cells.size() ? parse_number(cells[k], '.').value_or(0) : 0);
  }
  return out;
}

LoadedFile read(const FileView& file, const ReadOptions& options) {
  const TextFile text(file);
  const auto head = find_head(text.lines());
  if (!head) {
    text.fail(0, "the first row holds no axis");
  }
  TextSpectra spectra;
  spectra.x = head->axis;
  spectra.x_label = "";
  std::vector<std::vector<double>> places;
  for (Index i = head->line + 1; i < static_cast<Index>(text.lines().size()); ++i) {
    const auto line = text.lines()[static_cast<std::size_t>(i)];
    if (trimmed(line).empty()) {
      continue;
    }
    // Most rows are nothing but numbers; the others are gone through cell by cell.
    std::vector<double> fast(head->axis.size());
    const auto ordinates = behind_cells(line, head->delimiter, head->coordinates);
    if (parse_row(ordinates, head->delimiter, fast)) {
      places.push_back(
          place_of(split(line.substr(0, line.size() - ordinates.size()), head->delimiter),
                   head->coordinates));
      spectra.y.push_back(std::move(fast));
      continue;
    }
    const auto cells = split(line, head->delimiter);
    if (cells.size() != head->coordinates + head->axis.size()) {
      text.fail(i,
                "the row holds " + std::to_string(cells.size()) + " cells, the axis row " +
                    std::to_string(head->coordinates + head->axis.size()) +
                    "; the file seems cut off, export again");
    }
    std::vector<double> y;
    for (std::size_t k = head->coordinates; k < cells.size(); ++k) {
      const auto value = parse_number(cells[k], '.');
      if (!value) {
        text.fail(i, "\"" + utf8_from(cells[k]) + "\" is not a number; an ordinate was expected");
      }
      y.push_back(*value);
    }
    places.push_back(place_of(cells, head->coordinates));
    spectra.y.push_back(std::move(y));
  }
  if (spectra.y.empty()) {
    text.fail(head->line, "no row of ordinates follows the axis row");
  }
  spectra.map = grid_of(places);
  spectra.lines.assign(spectra.x.size(), head->line);
  Diagnostics diagnostics;
  auto recording = make_recording(std::move(spectra), text, options, diagnostics);
  return single_recording(file, "row_table", std::move(recording), std::move(diagnostics));
}

}  // namespace

Format row_table_format() {
  return {"row_table",
          "one spectrum per row (Horiba maps and series, tables with coordinates)",
          "txt csv",
          sniff,
          read};
}

}  // namespace calcispec::io
