// Wasatch ENLIGHTEN CSV (one Processed column per measurement).
#include "io/key_table.hpp"

namespace calcispec::io {
namespace {

constexpr KeyTable description{"enlighten_csv", ',', "Wavenumber", "Processed", "Laser Wavelength"};

int sniff(const FileView& file) {
  return sniff_key_table(file, description);
}

LoadedFile read(const FileView& file, const ReadOptions& options) {
  return read_key_table(file, options, description);
}

}  // namespace

Format enlighten_csv_format() {
  return {"enlighten_csv",
          "Wasatch ENLIGHTEN CSV (one Processed column per measurement)",
          "csv",
          sniff,
          read};
}

}  // namespace calcispec::io
