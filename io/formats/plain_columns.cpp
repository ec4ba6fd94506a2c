// Plain columns: an axis and one or more ordinates in any delimiter and decimal mark, with or
// without a header. OPUS DPT and OMNIC CSV are of this kind.
#include "io/text_spectra.hpp"

#include <algorithm>
#include <map>

namespace calcispec::io {
namespace {

struct NumberBlock {
  Index first = 0;  // lines of numbers, counted from 0
  Index last = -1;
  std::size_t cells = 0;
};

bool is_comment(std::string_view line) {
  const auto text = trimmed(line);
  return text.empty() || text.front() == '#' || text.substr(0, 2) == "//";
}

// The longest run of lines with the most common number of cells; comments may stand between.
NumberBlock find_block(const std::vector<std::string_view>& lines, const Dialect& dialect) {
  NumberBlock best;
  NumberBlock run;
  Index best_rows = 0;
  Index rows = 0;
  for (std::size_t i = 0; i < lines.size(); ++i) {
    if (is_comment(lines[i])) {
      continue;
    }
    const auto numbers = parse_numbers(lines[i], dialect);
    const std::size_t cells = numbers ? numbers->size() : 0;
    if (cells < 2 || (rows > 0 && cells != run.cells)) {
      rows = 0;
    }
    if (cells >= 2) {
      if (rows == 0) {
        run.first = static_cast<Index>(i);
        run.cells = cells;
      }
      run.last = static_cast<Index>(i);
      ++rows;
    }
    if (rows > best_rows) {
      best_rows = rows;
      best = run;
    }
  }
  return best;
}

int sniff_plain_columns(const FileView& file) {
  const auto lines = first_lines(file.bytes, 400);
  const auto dialect = find_dialect(lines, 2);
  if (!dialect) {
    return lines.empty() ? 0 : 1;  // a text: the reader says what is missing
  }
  return 30;
}

// A line of names directly above the numbers; a leading # may stand before it.
std::vector<std::string> column_names(const TextFile& text,
                                      const NumberBlock& block,
                                      const Dialect& dialect) {
  for (Index i = block.first - 1; i >= 0 && i >= block.first - 4; --i) {
    auto line = trimmed(text.lines()[static_cast<std::size_t>(i)]);
    while (!line.empty() && (line.front() == '#' || line.front() == '/')) {
      line.remove_prefix(1);
    }
    std::vector<std::string> names;
    for (const auto cell : split(trimmed(line), dialect.delimiter)) {
      auto name = trimmed(cell);
      if (name.size() > 1 && name.front() == '"' && name.back() == '"') {
        name = name.substr(1, name.size() - 2);
      }
      if (!name.empty()) {
        names.push_back(utf8_from(name));
        if (!names.back().empty() && names.back().front() == '#') {
          names.back().erase(0, 1);
        }
      }
    }
    if (names.size() >= block.cells) {
      return names;
    }
    if (!trimmed(line).empty()) {
      break;
    }
  }
  return {};
}

void take_keys(const TextFile& text, const NumberBlock& block, TextSpectra& spectra) {
  for (Index i = 0; i < block.first && i < 200; ++i) {
    auto line = trimmed(text.lines()[static_cast<std::size_t>(i)]);
    while (!line.empty() && line.front() == '#') {
      line.remove_prefix(1);
    }
    const auto at = line.find_first_of("=:\t;");
    if (at != std::string_view::npos && at > 0) {
      spectra.metadata[utf8_from(trimmed(line.substr(0, at)))] =
          utf8_from(trimmed(line.substr(at + 1)));
    } else if (!line.empty() && i + 1 < block.first) {
      spectra.metadata["comment"] += utf8_from(line) + "\n";
    }
  }
}

// Numbers on both sides of a line that is none: something is wrong in the middle.
void check_rest(const TextFile& text, const NumberBlock& block, const Dialect& dialect) {
  const auto count = static_cast<Index>(text.lines().size());
  const auto is_row = [&](Index i) {
    const auto numbers =
        i >= 0 ? parse_numbers(text.lines()[static_cast<std::size_t>(i)], dialect) : std::nullopt;
    return numbers && numbers->size() == block.cells;
  };
  // A row whose ordinate is no number, below a single good row: no header looks like this.
  const auto is_damaged = [&](Index i) {
    const auto cells = split(trimmed(text.lines()[static_cast<std::size_t>(i)]), dialect.delimiter);
    return cells.size() == block.cells && parse_number(cells[0], dialect.decimal);
  };
  if (!is_row(block.first - 1) && is_row(block.first - 2) &&
      (is_row(block.first - 3) || is_damaged(block.first - 1))) {
    text.fail(block.first - 1, "the line stands between rows of numbers; correct or remove it");
  }
  Index odd = -1;
  for (Index i = block.last + 1; i < count; ++i) {
    const auto line = text.lines()[static_cast<std::size_t>(i)];
    if (is_comment(line)) {
      continue;
    }
    const auto numbers = parse_numbers(line, dialect);
    if (numbers && numbers->size() == block.cells && odd >= 0) {
      text.fail(odd,
                "\"" +
                    utf8_from(trimmed(text.lines()[static_cast<std::size_t>(odd)]).substr(0, 40)) +
                    "\" stands between rows of " + std::to_string(block.cells) +
                    " numbers; correct or remove the line");
    }
    odd = odd < 0 ? i : odd;
  }
}

TextSpectra read_block(const TextFile& text, const NumberBlock& block, const Dialect& dialect) {
  TextSpectra spectra;
  spectra.y.resize(block.cells - 1);
  for (auto& y : spectra.y) {
    y.reserve(static_cast<std::size_t>(block.last - block.first + 1));
  }
  for (Index i = block.first; i <= block.last; ++i) {
    const auto line = text.lines()[static_cast<std::size_t>(i)];
    if (is_comment(line)) {
      continue;
    }
    const auto numbers = parse_numbers(line, dialect);
    spectra.x.push_back((*numbers)[0]);
    for (std::size_t k = 1; k < block.cells; ++k) {
      spectra.y[k - 1].push_back((*numbers)[k]);
    }
    spectra.lines.push_back(i);
  }
  return spectra;
}

void name_columns(const std::vector<std::string>& names, TextSpectra& spectra) {
  if (names.empty()) {
    return;
  }
  spectra.x_label = names[0];
  spectra.names.assign(names.begin() + 1, names.begin() + 1 + static_cast<Index>(spectra.y.size()));
  if (spectra.names.size() == 1) {
    spectra.y_label = spectra.names[0];
  }
}

void state_dialect(const Dialect& dialect, Diagnostics& diagnostics) {
  if (dialect.decimal == ',') {
    diagnostics.push_back(
        {Severity::note, "decimal_comma", "numbers are written with a decimal comma", -1});
  }
}

bool has_long_exponents(std::string_view line) {
  const auto at = line.find_first_of("eE");
  return at != std::string_view::npos && at + 5 <= line.size() && line[at + 2] == '0' &&
         line[at + 3] >= '0' && line[at + 3] <= '9' && line[at + 4] >= '0' && line[at + 4] <= '9';
}

LoadedFile read_plain_columns(const FileView& file, const ReadOptions& options) {
  const TextFile text(file);
  const auto dialect = find_dialect(text.lines(), 2);
  if (!dialect) {
    text.fail(0,
              "no line holds two numbers side by side; export the spectrum as columns of axis "
              "and ordinate");
  }
  const auto block = find_block(text.lines(), *dialect);
  check_rest(text, block, *dialect);
  auto spectra = read_block(text, block, *dialect);
  name_columns(column_names(text, block, *dialect), spectra);
  take_keys(text, block, spectra);
  const bool is_bare = block.first == 0 && spectra.y.size() == 1;
  if (is_bare && has_long_exponents(text.lines()[0])) {
    spectra.metadata["writer"] = "OMNIC CSV (three-digit exponents)";
    spectra.technique = options.technique ? options.technique : std::optional(Technique::ftir);
  }
  Diagnostics diagnostics;
  state_dialect(*dialect, diagnostics);
  auto recording = make_recording(std::move(spectra), text, options, diagnostics);
  return single_recording(file, "plain_columns", std::move(recording), std::move(diagnostics));
}

}  // namespace

Format plain_columns_format() {
  return {"plain_columns",
          "columns of numbers (any delimiter, decimal point or comma; OPUS DPT, OMNIC CSV)",
          "csv txt tsv dpt asc dat",
          sniff_plain_columns,
          read_plain_columns};
}

}  // namespace calcispec::io
