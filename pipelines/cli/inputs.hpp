// Inputs: the words of the command line become a list of files in a stable order.
#pragma once

#include "core/export.hpp"

#include <span>
#include <string>
#include <vector>

namespace calcispec::cli {

class Options;

/// `fault` says why there is nothing to read; empty for a file to be read.
struct Input {
  std::string path;
  std::string fault;
};

struct InputList {
  std::vector<Input> inputs;
  Index skipped = 0;  // files of folders that hold no spectra (README, pictures, ...)

  /// Paths without fault, in order.
  [[nodiscard]] std::vector<std::string> readable() const;
};

struct FolderRules {
  bool is_recursive = false;
  std::vector<std::string> include;  // globs of file names; empty: all that look like spectra
};

/// Files, folders, quoted globs, "-" and "file.h5:/path". Folders and globs are sorted by name,
/// words keep their order, a file named twice is read once. A folder without spectra, a glob
/// without a match or a missing file becomes an Input with a fault: the others still count.
InputList find_inputs(std::span<const std::string> words, const FolderRules& rules);

/// The same with --recursive and --include. Throws Error{invalid_argument} without any word.
InputList find_inputs(const Options& options);

}  // namespace calcispec::cli
