#include "io/text_spectra.hpp"

#include "core/error.hpp"
#include "core/monotonic.hpp"
#include "io/interpretation.hpp"
#include "io/spectra_rows_private.hpp"

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <limits>
#include <utility>

namespace calcispec::io {
namespace {

// "file:line", or the point where the file has no lines.
std::string text_place_of(const TextSpectra& spectra, const std::string& path, std::size_t point) {
  return point < spectra.lines.size() ? path + ":" + std::to_string(spectra.lines[point] + 1)
                                      : path + ", point " + std::to_string(point + 1);
}

// Exports that round their axis can repeat a value where points are close. A few such points are
// put half-way between their neighbours; more of them, and the axis is wrong.
void part_rounded_points(TextSpectra& spectra, const std::string& path, Diagnostics& diagnostics) {
  std::vector<std::size_t> repeats;
  for (std::size_t i = 1; i < spectra.x.size(); ++i) {
    if (spectra.x[i] == spectra.x[i - 1]) {
      repeats.push_back(i);
    }
  }
  if (repeats.empty() || repeats.size() * 100 > spectra.x.size()) {
    return;
  }
  for (const auto i : repeats) {
    if (i + 1 < spectra.x.size() && spectra.x[i + 1] != spectra.x[i]) {
      spectra.x[i] = 0.5 * (spectra.x[i] + spectra.x[i + 1]);
      diagnostics.push_back({Severity::warning,
                             "axis_rounded",
                             text_place_of(spectra, path, i) +
                                 ": the axis value repeats the one before, as in a "
                                 "rounded export; put half-way to the next one",
                             -1});
    }
  }
}

void check_axis(const TextSpectra& spectra, const std::string& path) {
  const auto fail = [&](std::size_t point, const std::string& message) {
    throw Error(ErrorCode::unreadable_input, message, text_place_of(spectra, path, point));
  };
  if (spectra.x.size() < 3) {
    fail(0,
         "only " + std::to_string(spectra.x.size()) +
             " points could be read; a spectrum needs at least 3");
  }
  const bool is_rising = spectra.x[1] > spectra.x[0];
  for (std::size_t i = 0; i < spectra.x.size(); ++i) {
    if (!std::isfinite(spectra.x[i])) {
      fail(i, "the axis value is not a number; correct or remove the line");
    }
    if (i == 0) {
      continue;
    }
    if (spectra.x[i] == spectra.x[i - 1]) {
      fail(i, "the axis value repeats the one before; keep one of the two lines");
    }
    if ((spectra.x[i] > spectra.x[i - 1]) != is_rising) {
      fail(i,
           "the axis turns back here; it must rise or fall throughout. Split the file where "
           "a new spectrum begins");
    }
  }
}

// A column whose name says that it is a spread belongs to the mean before it.
bool is_spread_name(std::string_view name) {
  const auto text = lower_case(name);
  const auto ends = [&](std::string_view end) {
    return text.size() >= end.size() && text.substr(text.size() - end.size()) == end;
  };
  return ends("sd") || ends("std") || text.rfind("sd_", 0) == 0 || text.rfind("std_", 0) == 0;
}

struct Split {
  std::vector<std::size_t> spectra;
  std::vector<std::ptrdiff_t> spread;  // per spectrum, -1: none
};

Split split_spreads(const TextSpectra& spectra) {
  Split out;
  for (std::size_t k = 0; k < spectra.y.size(); ++k) {
    if (k > 0 && k < spectra.names.size() && is_spread_name(spectra.names[k]) &&
        !out.spectra.empty() && out.spectra.back() == k - 1) {
      out.spread.back() = static_cast<std::ptrdiff_t>(k);
      continue;
    }
    out.spectra.push_back(k);
    out.spread.push_back(-1);
  }
  return out;
}

void fill_row(const std::vector<double>& values, bool is_reversed, std::span<double> row) {
  std::copy(values.begin(), values.end(), row.begin());
  if (is_reversed) {
    std::reverse(row.begin(), row.end());
  }
}

// The first point that is no number, counted in stored order.
std::optional<std::size_t> first_missing(std::span<const double> y, bool is_reversed) {
  for (std::size_t i = 0; i < y.size(); ++i) {
    if (!std::isfinite(y[is_reversed ? y.size() - 1 - i : i])) {
      return i;
    }
  }
  return std::nullopt;
}

// Rows were looked at when they were read, columns may have been.
void look_at_columns(TextSpectra& spectra) {
  if (spectra.seen.rows > 0 || spectra.y.empty()) {
    return;
  }
  spectra.seen = nothing_seen();
  for (const auto& y : spectra.y) {
    look_at(y, spectra.seen);
  }
}

void report_missing(const TextSpectra& spectra, const std::string& path, Diagnostics& diagnostics) {
  const auto look = [&](std::span<const double> y, bool is_reversed, std::size_t row) {
    if (const auto point = first_missing(y, is_reversed)) {
      diagnostics.push_back({Severity::warning,
                             "not_a_number",
                             text_place_of(spectra, path, *point) +
                                 ": the ordinate is not a number; this spectrum "
                                 "cannot be analysed until it is replaced",
                             static_cast<Index>(row)});
    }
  };
  if (spectra.seen.first_bad_row < 0) {
    return;
  }
  for (std::size_t k = 0; k < spectra.y.size(); ++k) {
    look(spectra.y[k], false, k);
  }
  const auto points = spectra.x.size();
  for (std::size_t k = 0; (k + 1) * points <= spectra.rows.size(); ++k) {
    look(std::span(spectra.rows).subspan(k * points, points), is_falling(spectra.x), k);
  }
}

// Spectra as they stand in the columns, turned along the rising axis, spreads apart.
void take_columns(TextSpectra& spectra, Recording& recording, Diagnostics& diagnostics) {
  const auto& axis = recording.spectra.axis;
  if (spectra.y.size() == 1) {  // nothing to put together
    recording.spectra.values = std::move(spectra.y[0]);
    recording.names = std::move(spectra.names);
    recording.names.resize(std::min<std::size_t>(recording.names.size(), 1));
    if (axis->was_descending()) {
      std::reverse(recording.spectra.values.begin(), recording.spectra.values.end());
    }
    return;
  }
  const auto parts = split_spreads(spectra);
  const auto count = static_cast<Index>(parts.spectra.size());
  recording.spectra = SpectraMatrix::make(axis, count);
  const bool has_spread = std::any_of(
      parts.spread.begin(), parts.spread.end(), [](std::ptrdiff_t k) { return k >= 0; });
  if (has_spread) {
    recording.replicate_sd = SpectraMatrix::make(axis, count);
    diagnostics.push_back({Severity::note,
                           "replicate_spread",
                           "a column named as a standard deviation is kept as the spread between "
                           "replicates, not as a spectrum",
                           -1});
  }
  for (std::size_t row = 0; row < parts.spectra.size(); ++row) {
    const auto k = parts.spectra[row];
    fill_row(spectra.y[k], axis->was_descending(), recording.spectra.row(static_cast<Index>(row)));
    if (parts.spread[row] >= 0) {
      fill_row(spectra.y[static_cast<std::size_t>(parts.spread[row])],
               axis->was_descending(),
               recording.replicate_sd->row(static_cast<Index>(row)));
    }
    if (!spectra.names.empty()) {
      recording.names.push_back(k < spectra.names.size() ? spectra.names[k] : std::string());
    }
  }
}

}  // namespace

std::vector<double> even_axis(double first, double last, std::size_t count) {
  std::vector<double> out(count);
  const double intervals = count > 1 ? static_cast<double>(count - 1) : 1.0;
  // Numbers of 32 bits become doubles several at once, those of 64 do not.
  constexpr std::size_t part = std::size_t{1} << 20U;
  for (std::size_t start = 0; start < count; start += part) {
    const auto base = static_cast<double>(start);
    const auto end = static_cast<std::int32_t>(std::min(part, count - start));
    double* at = out.data() + start;
    for (std::int32_t i = 0; i < end; ++i) {
      const double share = (base + static_cast<double>(i)) / intervals;
      at[i] = first * (1.0 - share) + last * share;
    }
  }
  return out;
}

bool is_even_axis(std::span<const double> x) {
  if (x.size() < 2) {
    return false;
  }
  const double range = x.back() - x.front();
  const double step = range / static_cast<double>(x.size() - 1);
  for (std::size_t i = 0; i < x.size(); ++i) {
    if (std::abs(x.front() + step * static_cast<double>(i) - x[i]) > 1e-9 * std::abs(range)) {
      return false;
    }
  }
  return true;
}

Recording make_recording(TextSpectra&& spectra,
                         const TextFile& text,
                         const ReadOptions& options,
                         Diagnostics& diagnostics) {
  return make_recording(std::move(spectra), text.path(), options, diagnostics);
}

Recording make_recording(TextSpectra&& spectra,
                         const std::string& path,
                         const ReadOptions& options,
                         Diagnostics& diagnostics) {
  if (spectra.x.size() < 3 || !rises_or_falls(spectra.x)) {
    part_rounded_points(spectra, path, diagnostics);
    check_axis(spectra, path);
  }
  look_at_columns(spectra);
  report_missing(spectra, path, diagnostics);
  auto meaning = interpret(spectra, path, options, diagnostics);
  Recording recording;
  const auto axis = Axis::make(std::move(meaning.x), meaning.axis_kind, meaning.x_unit);
  recording.spectra.axis = axis;
  if (spectra.rows.empty()) {
    take_columns(spectra, recording, diagnostics);
  } else {
    recording.spectra.values = std::move(spectra.rows);
    recording.names = std::move(spectra.names);
    recording.read_row = std::move(spectra.read_row);
  }
  if (axis->was_descending()) {
    diagnostics.push_back({Severity::note,
                           "axis_descending",
                           "the axis falls in the file; it is held rising and written back falling",
                           -1});
  }
  recording.ordinate = meaning.ordinate;
  recording.y_unit = meaning.y_unit;
  recording.technique = meaning.technique;
  recording.mode = meaning.mode;
  recording.map = spectra.map;
  recording.laser_nm = meaning.laser_nm;
  recording.stored_axis = meaning.stored_axis;
  recording.skim = spectra.skim;
  if (recording.skim && recording.skim->first_bad_row > 0) {
    diagnostics.push_back({Severity::warning,
                           "not_a_number",
                           "spectrum " + std::to_string(recording.skim->first_bad_row + 1) +
                               " holds an ordinate that is not a number",
                           recording.skim->first_bad_row});
  }
  recording.metadata = std::move(spectra.metadata);
  return recording;
}

InstrumentTable find_instrument_table(const std::vector<std::string_view>& lines,
                                      char delimiter,
                                      const std::vector<std::string_view>& needed) {
  InstrumentTable table;
  table.delimiter = delimiter;
  for (std::size_t i = 0; i < lines.size() && i < 1000; ++i) {
    const auto cells = split(lines[i], delimiter);
    const bool has_all = std::all_of(needed.begin(), needed.end(), [&](std::string_view name) {
      return std::find(cells.begin(), cells.end(), name) != cells.end();
    });
    if (has_all) {
      table.header_line = static_cast<Index>(i);
      for (const auto cell : cells) {
        table.columns.push_back(utf8_from(cell));
      }
      return table;
    }
    if (cells.size() >= 2 && !cells[0].empty()) {
      std::string value;
      for (std::size_t k = 1; k < cells.size(); ++k) {
        if (!cells[k].empty()) {
          value += (value.empty() ? "" : "; ") + utf8_from(cells[k]);
        }
      }
      table.metadata[utf8_from(cells[0])] = value;
    }
  }
  return table;
}

TextSpectra read_instrument_table(const TextFile& text,
                                  const InstrumentTable& table,
                                  Index x_column,
                                  const std::vector<Index>& y_columns,
                                  Diagnostics& diagnostics) {
  TextSpectra out;
  out.metadata = table.metadata;
  out.x_label = table.columns[static_cast<std::size_t>(x_column)];
  out.y.resize(y_columns.size());
  Index widest = x_column;
  for (const auto column : y_columns) {
    widest = std::max(widest, column);
  }
  const auto count = static_cast<Index>(text.lines().size());
  std::size_t full_row = 0;
  for (Index line = table.header_line + 1; line < count; ++line) {
    const auto content = text.lines()[static_cast<std::size_t>(line)];
    const auto cells = split(content, table.delimiter);
    if (trimmed(content).empty()) {
      continue;
    }
    full_row = full_row == 0 ? cells.size() : full_row;
    if (line + 1 == count && cells.size() < full_row) {
      diagnostics.push_back({Severity::warning,
                             "cut_off",
                             text.place(line) + ": the last row is cut off and left out; the file "
                                                "may lack data, export it again",
                             -1});
      break;
    }
    if (static_cast<Index>(cells.size()) <= widest) {
      text.fail(line, "the row ends before its last column; the file seems cut off, export again");
    }
    const auto x_cell = cells[static_cast<std::size_t>(x_column)];
    if (trimmed(x_cell).empty()) {
      continue;  // outside the calibrated range
    }
    const auto x = parse_number(x_cell, table.decimal);
    if (!x) {
      text.fail(line,
                "\"" + utf8_from(x_cell) + "\" is not a number; a " + out.x_label +
                    " value was expected");
    }
    out.x.push_back(*x);
    out.lines.push_back(line);
    for (std::size_t k = 0; k < y_columns.size(); ++k) {
      const auto cell = cells[static_cast<std::size_t>(y_columns[k])];
      const auto value = parse_number(cell, table.decimal);
      if (!value) {
        text.fail(line, "\"" + utf8_from(cell) + "\" is not a number; an ordinate was expected");
      }
      out.y[k].push_back(*value);
    }
  }
  return out;
}

LoadedFile single_recording(const FileView& file,
                            std::string_view format,
                            Recording&& recording,
                            Diagnostics&& diagnostics) {
  LoadedFile out;
  out.path = std::string(file.path);
  out.format = std::string(format);
  out.recordings.push_back(std::move(recording));
  out.diagnostics = std::move(diagnostics);
  return out;
}

}  // namespace calcispec::io
