// Versions: of the program, CPU level, compiler and libraries, for --version and bench.
#pragma once

#include <string>
#include <utility>
#include <vector>

namespace calcispec::cli {

/// Name and version: "calcispec", "cpu_level", "compiler", "eigen", "fftw", ...
std::vector<std::pair<std::string, std::string>> versions();
std::string version_text();

}  // namespace calcispec::cli
