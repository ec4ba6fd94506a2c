// A LoadedFile as bytes and back, for the reader in a process of its own. Private to io.
#pragma once

#include "io/byte_source.hpp"

#include <string>

namespace calcispec::io {

std::string packed_options(const ReadOptions& options);
ReadOptions options_from(ByteSource& source, std::uint64_t& at);

/// Everything but path, format and hash; replicate spreads do not occur in HDF5 files.
std::string packed_file(const LoadedFile& file);
/// Throws Error{unreadable_input} for bytes that packed_file did not write: the other process is
/// not trusted either. `rows` of a map of which the bytes hold the first rows alone; 0: all.
LoadedFile file_from(std::string_view bytes, const std::string& path, Index rows = 0);

}  // namespace calcispec::io
