// TableWriter: the rows of a batch as CSV, written while they come. Private to pipelines.
#pragma once

#include "core/spectra_matrix.hpp"
#include "pipelines/row_values.hpp"

#include <fstream>
#include <map>
#include <string>
#include <vector>

namespace calcispec::detail {

class TableWriter {
 public:
  /// `path` empty: nothing is written. Pixels of a grid get their place. Written under a temporary
  /// name until finish(). Throws Error{output_failed}.
  TableWriter(const std::string& path,
              const std::vector<RowBlock::Column>& columns,
              const MapGrid& grid);

  void add(const RowBlock& block);
  void finish();

 private:
  void check() const;

  std::string path_;
  std::ofstream stream_;
  std::map<std::string, std::size_t> places_;
  std::size_t columns_ = 0;
  MapGrid grid_;
  Index row_ = 0;
};

}  // namespace calcispec::detail
