// Where tests find the source tree, the build tree and the optional folder of real spectra.
#pragma once

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace calcispec::test {

inline std::filesystem::path source_dir() {
  return CALCISPEC_SOURCE_DIR;
}
inline std::filesystem::path binary_dir() {
  return CALCISPEC_BINARY_DIR;
}
inline std::filesystem::path sample_dir() {
  return source_dir() / "sample_spectra";
}

/// Real spectra and golden data beside the project; tests that need them skip where it is absent.
inline std::filesystem::path shared_dir() {
  return source_dir().parent_path() / "shared";
}
inline bool has_shared_dir() {
  return std::filesystem::is_directory(shared_dir() / "golden");
}

/// Bytes of a file; empty where it cannot be opened.
inline std::string content_of(const std::filesystem::path& path) {
  std::ifstream stream(path, std::ios::binary);
  return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
}

}  // namespace calcispec::test

#define CALCISPEC_SKIP_WITHOUT_SHARED()                                             \
  if (!calcispec::test::has_shared_dir()) {                                         \
    GTEST_SKIP() << "no folder of real spectra and golden data beside the project"; \
  }                                                                                 \
  static_assert(true)
