#include "pipelines/batch_table_private.hpp"

#include "core/error.hpp"
#include "pipelines/report/csv_cells.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <filesystem>

namespace calcispec::detail {
namespace {

constexpr std::array<std::string_view, 3> batch_status_words{"processed", "failed", "refused"};

std::string heading(const std::string& column) {
  auto name = column;
  std::replace(name.begin(), name.end(), '/', '_');
  return name;
}

}  // namespace

TableWriter::TableWriter(const std::string& path,
                         const std::vector<RowBlock::Column>& columns,
                         const MapGrid& grid)
    : path_(path), columns_(columns.size()), grid_(grid) {
  if (path.empty()) {
    return;
  }
  stream_.open(path + ".part", std::ios::binary);
  stream_ << (grid.nx > 0 ? "index,map_column,map_row,status" : "input,index,id,status,message");
  for (const auto& column : columns) {
    places_.emplace(column.name, places_.size());
    stream_ << "," << csv_cell(heading(column.name));
  }
  stream_ << "\n";
  check();
}

void TableWriter::add(const RowBlock& block) {
  if (path_.empty()) {
    return;
  }
  std::vector<std::size_t> places;
  for (const auto& column : block.columns) {
    places.push_back(places_.at(column.name));
  }
  std::vector<double> values;
  for (const auto& row : block.rows) {
    const auto status = batch_status_words.at(static_cast<std::size_t>(row.status));
    if (grid_.nx > 0) {
      stream_ << row_ << "," << row_ % grid_.nx << "," << row_ / grid_.nx << "," << status;
    } else {
      stream_ << csv_cell(row.input) << "," << row.index << "," << csv_cell(row.id) << "," << status
              << "," << csv_cell(row.message);
    }
    values.assign(columns_, std::nan(""));
    for (const auto& value : row.values) {
      values[places[value.column]] = value.value;
    }
    for (const double value : values) {
      stream_ << "," << csv_number(value);
    }
    stream_ << "\n";
    ++row_;
  }
  check();
}

void TableWriter::finish() {
  if (path_.empty()) {
    return;
  }
  stream_.close();
  check();
  std::filesystem::rename(path_ + ".part", path_);
}

void TableWriter::check() const {
  if (!stream_) {
    throw Error(ErrorCode::output_failed, "cannot be written; is the disk full?", path_ + ".part");
  }
}

}  // namespace calcispec::detail
