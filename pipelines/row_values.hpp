// RowValues: what a batch found for one spectrum, as named numbers, and its form on the disk.
#pragma once

#include "pipelines/analysis.hpp"
#include "pipelines/band_fit.hpp"

#include <span>
#include <string>
#include <vector>

namespace calcispec {

/// "composition/calcite/fraction", its unit, and the number; NaN: missing.
struct NamedValue {
  std::string name;
  std::string unit;
  double value = 0;
};

enum class RowStatus { processed, failed, refused };

/// All of one spectrum. The texts stand in tables of many files, not in maps.
struct RowValues {
  RowStatus status = RowStatus::processed;
  std::string input;
  std::string sha256;  // of the file
  Index index = 0;     // within the file
  std::string id;
  std::string message;
  std::vector<NamedValue> values;
};

/// Quality, axis, composition and markers.
void add_values(const SpectrumAnalysis& entry, RowValues& row);
/// "fit/<band>/<value>" and, ending in "_u", its standard error.
void add_values(const SpectrumFit& entry, const BandModel& model, RowValues& row);

/// What the whole numbers of a column of codes mean, "0: quantified, 1: ..."; empty for other
/// columns. By the last word of the name.
std::string meaning_of(const std::string& column);
/// What stands for a missing number: a code of its own, else NaN.
double missing_of(const std::string& column);

/// Rows of a block as they stand on the disk: names once, then per row the numbers it has.
struct RowBlock {
  struct Column {
    std::string name;
    std::string unit;
  };
  struct Value {
    std::size_t column = 0;
    double value = 0;
  };
  struct Row {
    RowStatus status = RowStatus::processed;
    Index index = 0;
    std::string input;
    std::string sha256;
    std::string id;
    std::string message;
    std::vector<Value> values;
  };
  std::vector<Column> columns;
  std::vector<Row> rows;
};

std::string pack_rows(std::span<const RowValues> rows);
/// Throws Error{unreadable_input} where the bytes are no rows.
RowBlock unpack_rows(std::span<const char> bytes);

}  // namespace calcispec
