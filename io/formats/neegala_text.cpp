// Neegala text (key,value lines, then a table).
#include "io/key_table.hpp"

namespace calcispec::io {
namespace {

constexpr KeyTable neegala_text_description{
    "neegala_text", ',', "Raman_Shift", "Processed_Data", "laser_wavelength"};

int sniff_neegala_text(const FileView& file) {
  return sniff_key_table(file, neegala_text_description);
}

LoadedFile read_neegala_text(const FileView& file, const ReadOptions& options) {
  return read_key_table(file, options, neegala_text_description);
}

}  // namespace

Format neegala_text_format() {
  return {"neegala_text",
          "Neegala text (key,value lines, then a table)",
          "txt",
          sniff_neegala_text,
          read_neegala_text};
}

}  // namespace calcispec::io
