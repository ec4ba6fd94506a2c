// CsvTable: a small comma-separated table with named columns; faults name file and line.
#pragma once

#include "core/export.hpp"

#include <string>
#include <string_view>
#include <vector>

namespace calcispec::models {

class CsvTable {
 public:
  /// First row: column names. Quotes as in RFC 4180. Throws Error{bad_method} with file:line for a
  /// row of another length or an open quote.
  CsvTable(std::string_view text, std::string path);

  [[nodiscard]] Index rows() const noexcept { return static_cast<Index>(cells_.size()); }
  [[nodiscard]] bool has(std::string_view column) const;
  /// Throws Error{bad_method} if the table has no such column.
  [[nodiscard]] const std::string& text(Index row, std::string_view column) const;
  /// Throws Error{bad_method} with file:line if the cell is not a number.
  [[nodiscard]] double number(Index row, std::string_view column) const;
  /// "bands.csv:12", for messages about a row.
  [[nodiscard]] std::string place(Index row) const;

 private:
  [[nodiscard]] std::size_t index_of(std::string_view column) const;

  std::string path_;
  std::vector<std::string> columns_;
  std::vector<std::vector<std::string>> cells_;
  std::vector<Index> lines_;
};

}  // namespace calcispec::models
