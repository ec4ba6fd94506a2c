// LightNovo TSV (key and value, then Position and Amplitude).
#include "io/key_table.hpp"

namespace calcispec::io {
namespace {

constexpr KeyTable description{
    "lightnovo_tsv", '\t', "Position", "Amplitude", "LaserWavelength_nm"};

int sniff(const FileView& file) {
  return sniff_key_table(file, description);
}

LoadedFile read(const FileView& file, const ReadOptions& options) {
  return read_key_table(file, options, description);
}

}  // namespace

Format lightnovo_tsv_format() {
  return {"lightnovo_tsv",
          "LightNovo TSV (key and value, then Position and Amplitude)",
          "tsv",
          sniff,
          read};
}

}  // namespace calcispec::io
