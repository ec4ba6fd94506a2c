// JCAMP-DX 4.24 to 6: XYDATA, XYPOINTS, peaks, NTUPLES and LINK.
#include "core/error.hpp"
#include "core/parameter.hpp"
#include "io/jcamp_numbers.hpp"
#include "io/text_spectra.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numeric>

namespace calcispec::io {
namespace {

using Labels = std::map<std::string, std::string>;

// Labels are compared without blanks, "-", "/" and "_", whatever the case.
std::string folded(std::string_view label) {
  std::string out;
  for (const char c : lower_case(label)) {
    if (c != ' ' && c != '-' && c != '/' && c != '_' && c != '\t') {
      out += c;
    }
  }
  return out;
}

std::string_view without_comment(std::string_view line) {
  return trimmed(line.substr(0, std::min(line.find("$$"), line.size())));
}

struct Table {
  std::string label;  // "xydata", "peaktable", ...
  std::string form;   // "(X++(Y..Y))"
  std::vector<std::string_view> lines;
  Index first_line = 0;
  std::string page;
};

struct JcampBlock {
  Labels labels;    // folded
  Labels metadata;  // as written
  std::vector<Table> tables;
  bool is_closed = false;

  [[nodiscard]] std::string text(const std::string& label) const {
    const auto found = labels.find(label);
    return found == labels.end() ? std::string() : found->second;
  }
  [[nodiscard]] std::optional<double> number(const std::string& label) const {
    const auto value = text(label);
    const auto cells = split(value, ' ');
    return cells.empty() ? std::nullopt : parse_number(cells.front(), '.');
  }
};

bool is_table_label(const std::string& label) {
  return label == "xydata" || label == "xypoints" || label == "peaktable" ||
         label == "peakassignments" || label == "datatable";
}

int sniff_jcamp_dx(const FileView& file) {
  for (const auto line : first_lines(file.bytes, 40)) {
    const auto content = without_comment(line);
    if (!content.empty()) {
      const auto label = folded(content.substr(0, std::min(content.find('='), content.size())));
      return label == "##title" || label == "##jcampdx" ? 96 : 0;
    }
  }
  return 0;
}

// Cuts the file into blocks at each TITLE and keeps the lines of tables apart.
class BlockReader {
 public:
  explicit BlockReader(const TextFile& text) {
    const auto& lines = text.lines();
    for (std::size_t i = 0; i < lines.size(); ++i) {
      const auto line = without_comment(lines[i]);
      if (line.substr(0, 2) == "##") {
        take_label(line, static_cast<Index>(i));
      } else if (table_ && !blocks_.empty()) {
        blocks_.back().tables.back().lines.push_back(line);
      } else if (!line.empty() && !blocks_.empty() && !last_.empty()) {
        auto& value = blocks_.back().labels[last_];
        if (value.size() < 65536) {
          value += "\n" + utf8_from(line);
        }
      }
    }
  }

  std::vector<JcampBlock> take() { return std::move(blocks_); }

 private:
  void take_label(std::string_view line, Index number) {
    const auto equals = std::min(line.find('='), line.size());
    const auto label = folded(line.substr(2, equals - 2));
    const auto value = utf8_from(trimmed(line.substr(std::min(equals + 1, line.size()))));
    table_ = false;
    if (label == "title" || blocks_.empty()) {
      blocks_.emplace_back();
    }
    auto& block = blocks_.back();
    last_ = label;
    if (label == "end") {
      block.is_closed = true;
      last_.clear();
    } else if (label == "page") {
      page_ = value;
    } else if (is_table_label(label)) {
      block.tables.push_back({label, value, {}, number + 1, page_});
      table_ = true;
    } else if (block.labels.emplace(label, value).second) {
      block.metadata.emplace(utf8_from(trimmed(line.substr(2, equals - 2))), value);
    }
  }

  std::vector<JcampBlock> blocks_;
  std::string last_;
  std::string page_;
  bool table_ = false;
};

// What the labels of one table mean; NTUPLES keep them in lists, one entry per variable.
struct Scale {
  std::optional<double> first_x;
  std::optional<double> last_x;
  std::optional<double> points;
  std::optional<double> delta_x;
  double x_factor = 1;
  double y_factor = 1;
  std::string x_unit;
  std::string y_unit;
};

std::string entry(const JcampBlock& block, const std::string& label, std::size_t index) {
  const auto text = block.text(label);
  const auto cells = split(text, ',');
  return index < cells.size() ? std::string(cells[index]) : std::string();
}

// The ordinate's symbol in "(X++(R..R)), XYDATA" or "(XY..XY)".
std::string ordinate_symbol(const std::string& form) {
  const auto dots = form.find("..");
  return dots == std::string::npos || dots == 0 ? "Y" : std::string(1, form[dots - 1]);
}

Scale ntuples_scale(const JcampBlock& block, const Table& table) {
  Scale out;
  const auto wanted = ordinate_symbol(table.form);
  const auto symbols = block.text("symbol");
  const auto list = split(symbols, ',');
  for (std::size_t i = 0; i < list.size(); ++i) {
    const auto number = [&](const char* label) {
      return parse_number(entry(block, label, i), '.');
    };
    if (list[i] == "X") {
      out.first_x = number("first");
      out.last_x = number("last");
      out.points = number("vardim");
      out.x_factor = number("factor").value_or(1);
      out.x_unit = entry(block, "units", i);
    } else if (list[i] == wanted) {
      out.y_factor = number("factor").value_or(1);
      out.y_unit = entry(block, "units", i);
    }
  }
  return out;
}

Scale scale_of(const JcampBlock& block, const Table& table) {
  if (table.label == "datatable") {
    return ntuples_scale(block, table);
  }
  Scale out;
  out.first_x = block.number("firstx");
  out.last_x = block.number("lastx");
  out.points = block.number("npoints");
  out.delta_x = block.number("deltax");
  out.x_factor = block.number("xfactor").value_or(1);
  out.y_factor = block.number("yfactor").value_or(1);
  out.x_unit = block.text("xunits");
  out.y_unit = block.text("yunits");
  return out;
}

std::string unit_from(const std::string& text) {
  const auto unit = folded(text);
  const std::map<std::string, std::string> known{
      {"1cm",         "1/cm"},
      {"cm1",         "1/cm"},
      {"cm^1",        "1/cm"},
      {"wavenumber",  "1/cm"},
      {"wavenumbers", "1/cm"},
      {"nm",          "nm"  },
      {"nanometers",  "nm"  },
      {"nanometres",  "nm"  },
      {"micrometers", "um"  },
      {"micrometres", "um"  },
      {"microns",     "um"  },
      {"seconds",     "s"   },
      {"hz",          "Hz"  },
      {"mz",          "m/z" },
      {"ev",          "eV"  },
  };
  const auto found = known.find(unit);
  return found == known.end() ? text : found->second;
}

// Steps that the labels allow; the abscissas at line starts say which one holds.
double jcamp_dx_step_of(const Scale& scale, const JcampOrdinates& data, bool is_cut) {
  const double first = scale.first_x.value_or(0);
  std::vector<double> steps;
  const auto intervals = static_cast<double>(data.y.size()) - 1;
  if (scale.last_x && !is_cut) {
    steps.push_back((*scale.last_x - first) / intervals);
  }
  if (scale.last_x && scale.points && *scale.points > 1) {
    steps.push_back((*scale.last_x - first) / (*scale.points - 1));
  }
  if (scale.delta_x) {
    steps.push_back(*scale.delta_x);
  }
  const bool is_agreed = scale.points && *scale.points == static_cast<double>(data.y.size());
  if (steps.empty() || is_agreed || data.line_starts.size() < 2) {
    return steps.empty() ? 0 : steps.front();
  }
  const auto [index, abscissa] = data.line_starts.back();
  const auto miss = [point = static_cast<double>(index), there = abscissa * scale.x_factor, first](
                        double step) { return std::abs(first + step * point - there); };
  const auto best = std::min_element(
      steps.begin(), steps.end(), [&](double a, double b) { return miss(a) < miss(b); });
  // A rounded check that both steps meet decides nothing: the ends of the axis are exact.
  return miss(steps.front()) <= 0.5 * std::abs(steps.front()) ? steps.front() : *best;
}

class TableReader {
 public:
  TableReader(const JcampBlock& block,
              const TextFile& text,
              bool ends_in_line_end,
              Diagnostics& diagnostics)
      : block_(block),
        text_(text),
        ends_in_line_end_(ends_in_line_end),
        diagnostics_(diagnostics) {}

  TextSpectra read(const Table& table) {
    TextSpectra out;
    const auto scale = scale_of(block_, table);
    out.y.resize(1);
    if (lower_case(table.form).find("++") != std::string::npos) {
      read_even(table, scale, out);
    } else {
      read_pairs(table, scale, out);
    }
    for (double& y : out.y[0]) {
      y *= scale.y_factor;
    }
    name(table, scale, out);
    return out;
  }

 private:
  void warn(const char* code, Index line, const std::string& text) {
    diagnostics_.push_back({Severity::warning, code, text_.place(line) + ": " + text, -1});
  }

  void stop_unless_last(const Table& table, Index bad_line) {
    if (bad_line < 0) {
      return;
    }
    const auto line = table.first_line + bad_line;
    if (bad_line + 2 < static_cast<Index>(table.lines.size()) || block_.is_closed) {
      text_.fail(line,
                 "the line is no line of a JCAMP-DX table; the file is damaged, export again");
    }
    warn("cut_off", line, "the last line is cut off and left out; export the file again");
  }

  void compare_count(const Table& table, const Scale& scale, std::size_t count) {
    if (!scale.points || *scale.points == static_cast<double>(count)) {
      return;
    }
    const bool is_cut = !block_.is_closed && static_cast<double>(count) < *scale.points;
    warn(is_cut ? "cut_off" : "count_differs",
         table.first_line,
         "NPOINTS says " + number_text(*scale.points) + ", the table holds " +
             std::to_string(count) + "; what the table holds is used" +
             (is_cut ? ". The file has no END, so it is cut off; export it again" : ""));
  }

  void read_even(const Table& table, const Scale& scale, TextSpectra& out) {
    auto data = decode_jcamp_ordinates(table.lines);
    stop_unless_last(table, data.bad_line);
    for (const auto line : data.failed_checks) {
      warn("check_failed",
           table.first_line + line,
           "the check point does not repeat the ordinate before it; values of the line above may "
           "be wrong");
    }
    if (!block_.is_closed && !ends_in_line_end_ && &table == &block_.tables.back() &&
        !data.y.empty()) {
      data.y.pop_back();  // its digits may be cut
    }
    if (data.y.size() < 3) {
      text_.fail(table.first_line, "the table holds fewer than 3 points; export the file again");
    }
    compare_count(table, scale, data.y.size());
    const bool is_cut =
        !block_.is_closed && scale.points && static_cast<double>(data.y.size()) < *scale.points;
    double first = scale.first_x.value_or(0);
    double step = jcamp_dx_step_of(scale, data, is_cut);
    if (!scale.first_x || step == 0) {
      step = step_from_lines(table, scale, data, first);
    }
    if (scale.last_x &&
        step == (*scale.last_x - first) / (static_cast<double>(data.y.size()) - 1)) {
      out.x = even_axis(first, *scale.last_x, data.y.size());
    } else {
      for (std::size_t i = 0; i < data.y.size(); ++i) {
        out.x.push_back(first + step * static_cast<double>(i));
      }
    }
    out.y[0] = std::move(data.y);
  }

  // Without FIRSTX or any step the line starts are all there is.
  double step_from_lines(const Table& table,
                         const Scale& scale,
                         const JcampOrdinates& data,
                         double& first) {
    const auto [from, x_from] = data.line_starts.front();
    const auto [to, x_to] = data.line_starts.back();
    if (to == from || x_to == x_from) {
      text_.fail(table.first_line,
                 "neither LASTX nor DELTAX nor the lines give the axis step; add ##LASTX=");
    }
    warn("axis_from_lines",
         table.first_line,
         "FIRSTX, LASTX or DELTAX is missing; the axis is taken from the rounded values at the "
         "line starts");
    first = scale.first_x.value_or(x_from * scale.x_factor);
    return (x_to - x_from) * scale.x_factor / static_cast<double>(to - from);
  }

  void read_pairs(const Table& table, const Scale& scale, TextSpectra& out) {
    auto data = decode_jcamp_pairs(table.lines);
    stop_unless_last(table, data.bad_line);
    compare_count(table, scale, data.x.size());
    std::vector<std::size_t> order(data.x.size());
    std::iota(order.begin(), order.end(), std::size_t{0});
    if (table.label != "xydata" && table.label != "xypoints" && table.label != "datatable") {
      std::stable_sort(order.begin(), order.end(), [&](std::size_t a, std::size_t b) {
        return data.x[a] < data.x[b];
      });
    }
    for (const auto i : order) {
      out.x.push_back(data.x[i] * scale.x_factor);
      out.y[0].push_back(data.y[i]);
      out.lines.push_back(table.first_line + data.lines[i]);
    }
    if (table.label.find("peak") != std::string::npos) {
      part_equal_peaks(table, out.x);
    }
  }

  // Peaks of one position (equivalent atoms, say) are kept apart by the smallest step there is.
  void part_equal_peaks(const Table& table, std::vector<double>& x) {
    bool is_said = false;
    for (std::size_t i = 1; i < x.size(); ++i) {
      if (x[i] <= x[i - 1]) {
        x[i] = std::nextafter(x[i - 1], std::numeric_limits<double>::infinity());
        if (!is_said) {
          warn("peaks_coincide", table.first_line, "several peaks share a position; all are kept");
        }
        is_said = true;
      }
    }
  }

  void name(const Table& table, const Scale& scale, TextSpectra& out) const {
    const auto type = lower_case(block_.text("datatype"));
    out.x_unit = unit_from(scale.x_unit);
    out.x_label = scale.x_unit;
    out.y_label = scale.y_unit;
    if (type.find("raman") != std::string::npos) {
      out.technique = Technique::raman;
      out.x_label = "Raman shift";
    } else if (type.find("infrared") != std::string::npos) {
      out.technique = Technique::ftir;
    } else if (!type.empty()) {
      out.technique = Technique::other;
    }
    const auto unit = lower_case(scale.y_unit);
    if (unit == "a" || unit == "abs" || unit == "log(1/t)") {
      out.ordinate = OrdinateKind::absorbance;
    } else if (type.find("interferogram") != std::string::npos ||
               table.label.find("peak") != std::string::npos) {
      out.ordinate = OrdinateKind::other;
    }
    out.metadata = block_.metadata;
    out.names = {block_.text("title") + (table.page.empty() ? "" : " " + table.page)};
  }

  const JcampBlock& block_;
  const TextFile& text_;
  bool ends_in_line_end_;
  Diagnostics& diagnostics_;
};

LoadedFile read_jcamp_dx(const FileView& file, const ReadOptions& options) {
  const TextFile text(file);
  LoadedFile out;
  out.path = std::string(file.path);
  out.format = "jcamp_dx";
  auto blocks = BlockReader(text).take();
  const bool has_line_end = file.bytes.back() == '\n' || file.bytes.back() == '\r';
  Index number = 0;
  for (const auto& block : blocks) {
    for (const auto& table : block.tables) {
      ++number;
      const bool is_wanted = !options.block || *options.block == std::to_string(number);
      if (is_wanted) {
        auto spectra = TableReader(block, text, has_line_end, out.diagnostics).read(table);
        out.recordings.push_back(
            make_recording(std::move(spectra), text, options, out.diagnostics));
      }
      out.blocks.push_back({std::to_string(number),
                            "table of " + block.text("title"),
                            is_wanted,
                            is_wanted ? "every table with numbers is used" : "not chosen"});
    }
  }
  if (out.recordings.empty()) {
    throw Error(ErrorCode::unreadable_input,
                number == 0 ? "the JCAMP-DX file holds no table of data; export it again"
                            : "the file has no block of that number; `info` lists its blocks",
                out.path);
  }
  return out;
}

}  // namespace

Format jcamp_dx_format() {
  return {
      "jcamp_dx", "JCAMP-DX 4.24 to 6", "jdx dx jcm jcamp", sniff_jcamp_dx, read_jcamp_dx, true};
}

}  // namespace calcispec::io
