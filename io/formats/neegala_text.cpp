// Neegala text (key,value lines, then a table).
#include "io/key_table.hpp"

namespace calcispec::io {
namespace {

constexpr KeyTable description{
    "neegala_text", ',', "Raman_Shift", "Processed_Data", "laser_wavelength"};

int sniff(const FileView& file) {
  return sniff_key_table(file, description);
}

LoadedFile read(const FileView& file, const ReadOptions& options) {
  return read_key_table(file, options, description);
}

}  // namespace

Format neegala_text_format() {
  return {"neegala_text", "Neegala text (key,value lines, then a table)", "txt", sniff, read};
}

}  // namespace calcispec::io
