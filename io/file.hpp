// load(): a path becomes spectra; the format is found by content.
#pragma once

#include "io/format.hpp"

#include <memory>
#include <string>

namespace calcispec::io {

/// Reads a file (or standard input for "-") with the best-scoring format. Throws
/// Error{unreadable_input}: missing, a folder, empty, over the size limit, no reader claims it.
LoadedFile load(const std::string& path, const ReadOptions& options);

/// What is read with ReadOptions::is_skim: the spectra themselves can be read row by row
/// (Recording::read_row) as long as `bytes` lives. Not every format gives them so.
struct OpenedFile {
  LoadedFile file;
  std::shared_ptr<const void> bytes;
};

/// As load(), and the file stays open.
OpenedFile open_file(const std::string& path, const ReadOptions& options);

/// The same for bytes already in memory.
LoadedFile load_bytes(const FileView& file, const ReadOptions& options);

}  // namespace calcispec::io
