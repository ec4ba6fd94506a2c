#include "models/csv_table.hpp"

#include "core/error.hpp"

#include <algorithm>
#include <charconv>
#include <cmath>
#include <utility>

namespace calcispec::models {
namespace {

class Reader {
 public:
  Reader(std::string_view text, const std::string& path) : text_(text), path_(path) {
    if (text_.substr(0, 3) == "\xEF\xBB\xBF") {
      at_ = 3;
    }
  }

  [[nodiscard]] bool is_at_end() const { return at_ >= text_.size(); }
  [[nodiscard]] Index line() const { return line_; }

  std::vector<std::string> row() {
    std::vector<std::string> cells;
    while (true) {
      cells.push_back(cell());
      if (is_at_end() || text_[at_] == '\n') {
        break;
      }
      ++at_;  // the comma
    }
    if (!is_at_end()) {
      ++at_;
    }
    ++line_;
    return cells;
  }

 private:
  std::string cell() {
    if (!is_at_end() && text_[at_] == '"') {
      return quoted();
    }
    const auto end = std::min(text_.find_first_of(",\n", at_), text_.size());
    std::string out(text_.substr(at_, end - at_));
    at_ = end;
    if (!out.empty() && out.back() == '\r') {
      out.pop_back();
    }
    return out;
  }

  std::string quoted() {
    std::string out;
    for (++at_; !is_at_end(); ++at_) {
      if (text_[at_] != '"') {
        out += text_[at_];
        continue;
      }
      const bool is_doubled = at_ + 1 < text_.size() && text_[at_ + 1] == '"';
      if (!is_doubled) {
        at_ = std::min(text_.find_first_of(",\n", at_), text_.size());
        return out;
      }
      out += '"';
      ++at_;
    }
    throw Error(ErrorCode::bad_method,
                "a quote is opened and never closed; close it",
                path_ + ":" + std::to_string(line_));
  }

  std::string_view text_;
  const std::string& path_;
  std::size_t at_ = 0;
  Index line_ = 1;
};

}  // namespace

CsvTable::CsvTable(std::string_view text, std::string path) : path_(std::move(path)) {
  Reader reader(text, path_);
  if (reader.is_at_end()) {
    throw Error(ErrorCode::bad_method, "the table is empty; it needs a row of column names", path_);
  }
  columns_ = reader.row();
  while (!reader.is_at_end()) {
    const Index line = reader.line();
    auto cells = reader.row();
    if (cells.size() == 1 && cells[0].empty()) {
      continue;
    }
    if (cells.size() != columns_.size()) {
      throw Error(ErrorCode::bad_method,
                  "the row has " + std::to_string(cells.size()) + " cells, the header " +
                      std::to_string(columns_.size()) + "; quote cells that hold commas",
                  path_ + ":" + std::to_string(line));
    }
    cells_.push_back(std::move(cells));
    lines_.push_back(line);
  }
}

bool CsvTable::has(std::string_view column) const {
  return std::find(columns_.begin(), columns_.end(), column) != columns_.end();
}

std::size_t CsvTable::index_of(std::string_view column) const {
  const auto found = std::find(columns_.begin(), columns_.end(), column);
  if (found == columns_.end()) {
    throw Error(ErrorCode::bad_method,
                "the table has no column \"" + std::string(column) + "\"; add it to the first row",
                path_ + ":1");
  }
  return static_cast<std::size_t>(found - columns_.begin());
}

const std::string& CsvTable::text(Index row, std::string_view column) const {
  return cells_[static_cast<std::size_t>(row)][index_of(column)];
}

double CsvTable::number(Index row, std::string_view column) const {
  const auto& cell = text(row, column);
  double value = 0;
  const auto [end, fault] = std::from_chars(cell.data(), cell.data() + cell.size(), value);
  // from_chars reads "nan" and "inf" too; no table has a use for them.
  if (fault != std::errc{} || end != cell.data() + cell.size() || !std::isfinite(value)) {
    throw Error(ErrorCode::bad_method,
                "column \"" + std::string(column) + "\" holds \"" + cell +
                    "\", which is not a finite number; use a decimal point",
                place(row));
  }
  return value;
}

std::string CsvTable::place(Index row) const {
  return path_ + ":" + std::to_string(lines_[static_cast<std::size_t>(row)]);
}

}  // namespace calcispec::models
