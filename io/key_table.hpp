// KeyTable: exports of the form "key lines, then a table of named columns" described by one struct.
#pragma once

#include "io/format.hpp"

#include <string_view>

namespace calcispec::io {

struct KeyTable {
  std::string_view format;
  char delimiter = ',';
  std::string_view x_column;
  std::string_view y_column;   // every column of this name is a spectrum
  std::string_view laser_key;  // key line that holds the laser wavelength in nm
};

/// 90 if the first lines hold key lines and then the two columns.
int sniff_key_table(const FileView& file, const KeyTable& description);
LoadedFile read_key_table(const FileView& file,
                          const ReadOptions& options,
                          const KeyTable& description);

}  // namespace calcispec::io
