// A user's library of measured spectra: a folder with library.toml and one file per reference.
#pragma once

#include "io/format.hpp"
#include "models/measured_mixture.hpp"

#include <string>
#include <vector>

namespace calcispec {

/// Whether the folder holds a library.toml.
bool is_measured_library(const std::string& folder);

/// Reads library.toml and every file it names. Throws Error{bad_method} with all faults of the
/// table at once, or with the file that cannot be read. For `reader_program` see io::ReadOptions.
models::MeasuredLibrary load_measured_library(const std::string& folder,
                                              const std::string& reader_program = {});

/// What `library add` puts beside a spectrum.
struct NewReference {
  std::string file;  // to be copied into the library
  std::string id;
  std::string formula;
  std::string source;
  std::string licence;
};

/// Copies files into the folder (made if missing) and writes library.toml anew, whole or not at
/// all; a reference of the same id, technique and mode is replaced if `replaces`, else
/// Error{bad_method}. Technique and mode are what the files say or `read` overrides; both must be
/// known.
models::MeasuredLibrary add_references(const std::string& folder,
                                       const std::vector<NewReference>& references,
                                       const io::ReadOptions& read,
                                       bool replaces);

}  // namespace calcispec
