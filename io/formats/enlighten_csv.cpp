// Wasatch ENLIGHTEN CSV (one Processed column per measurement).
#include "io/key_table.hpp"

namespace calcispec::io {
namespace {

constexpr KeyTable enlighten_csv_description{
    "enlighten_csv", ',', "Wavenumber", "Processed", "Laser Wavelength"};

int sniff_enlighten_csv(const FileView& file) {
  return sniff_key_table(file, enlighten_csv_description);
}

LoadedFile read_enlighten_csv(const FileView& file, const ReadOptions& options) {
  return read_key_table(file, options, enlighten_csv_description);
}

}  // namespace

Format enlighten_csv_format() {
  return {"enlighten_csv",
          "Wasatch ENLIGHTEN CSV (one Processed column per measurement)",
          "csv",
          sniff_enlighten_csv,
          read_enlighten_csv};
}

}  // namespace calcispec::io
