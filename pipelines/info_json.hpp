// What is in a file, as JSON and as a table for people.
#pragma once

#include "io/format.hpp"

#include <optional>
#include <span>
#include <string>

namespace calcispec {

/// One input of `info`: the file, or why it could not be read.
struct FileInfo {
  std::string path;
  std::optional<io::LoadedFile> file;
  std::string fault;
};

/// Schema 1 of `info --format json`.
std::string info_json(std::span<const FileInfo> files);
std::string info_table(std::span<const FileInfo> files);

}  // namespace calcispec
