// LightNovo TSV (key and value, then Position and Amplitude).
#include "io/key_table.hpp"

namespace calcispec::io {
namespace {

constexpr KeyTable lightnovo_tsv_description{
    "lightnovo_tsv", '\t', "Position", "Amplitude", "LaserWavelength_nm"};

int sniff_lightnovo_tsv(const FileView& file) {
  return sniff_key_table(file, lightnovo_tsv_description);
}

LoadedFile read_lightnovo_tsv(const FileView& file, const ReadOptions& options) {
  return read_key_table(file, options, lightnovo_tsv_description);
}

}  // namespace

Format lightnovo_tsv_format() {
  return {"lightnovo_tsv",
          "LightNovo TSV (key and value, then Position and Amplitude)",
          "tsv",
          sniff_lightnovo_tsv,
          read_lightnovo_tsv};
}

}  // namespace calcispec::io
