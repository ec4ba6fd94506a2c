// Diagnostic: what was odd but handled; a list of them travels with every result.
#pragma once

#include "core/export.hpp"

#include <string>
#include <vector>

namespace calcispec {

enum class Severity { note, warning, error };

struct Diagnostic {
  Severity severity = Severity::note;
  std::string code;     // snake_case, stable: "decimal_comma", "axis_descending"
  std::string text;     // a sentence: what, where, what to do
  Index spectrum = -1;  // index in the file, -1 = the whole file
};

using Diagnostics = std::vector<Diagnostic>;

[[nodiscard]] inline const char* severity_name(Severity severity) {
  switch (severity) {
    case Severity::note:
      return "note";
    case Severity::warning:
      return "warning";
    case Severity::error:
      return "error";
  }
  return "note";
}

}  // namespace calcispec
