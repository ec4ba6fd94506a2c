// Formats that are recognised but not read, and how to export from their programs instead.
#pragma once

#include "io/format.hpp"

#include <string>

namespace calcispec::io {

/// A sentence with what the file is and how to export it; empty for files of no such format.
std::string how_to_export(const FileView& file);

}  // namespace calcispec::io
