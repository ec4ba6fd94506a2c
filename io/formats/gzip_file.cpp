// Any export packed with gzip.
#include "core/error.hpp"
#include "io/byte_source.hpp"
#include "io/file.hpp"
#include "io/inflate.hpp"
#include "io/siblings.hpp"
#include "io/spectra_rows_private.hpp"

namespace calcispec::io {
namespace {

constexpr std::string_view magic_gzip_file("\x1F\x8B\x08", 3);

int sniff_gzip_file(const FileView& file) {
  return starts_with(file, magic_gzip_file) ? 96 : 0;
}

LoadedFile read_gzip_file(const FileView& file, const ReadOptions& options) {
  const auto unpacked = inflate(file.bytes, Packing::gzip);
  if (unpacked.bytes.empty()) {
    throw Error(ErrorCode::unreadable_input,
                "the gzip file is damaged or empty; pack or copy it again",
                std::string(file.path));
  }
  if (starts_with({unpacked.bytes, {}}, magic_gzip_file)) {
    throw Error(ErrorCode::unreadable_input,
                "the gzip file holds another gzip file; unpack it first",
                std::string(file.path));
  }
  auto path = std::string(file.path);
  if (extension_of(path) == "gz") {
    path.resize(path.size() - 3);
  }
  auto out = load_bytes({unpacked.bytes, path}, options);
  out.path = std::string(file.path);
  keep_alive(out, unpacked.holder);
  if (!unpacked.is_complete) {
    out.diagnostics.push_back({Severity::warning,
                               "cut_off",
                               "the gzip file is cut off or damaged after " +
                                   std::to_string(unpacked.bytes.size()) +
                                   " unpacked bytes; what comes before is read, copy it again",
                               -1});
  }
  return out;
}

}  // namespace

Format gzip_file_format() {
  return {
      "gzip_file", "any of these packed with gzip", "gz", sniff_gzip_file, read_gzip_file, true};
}

}  // namespace calcispec::io
