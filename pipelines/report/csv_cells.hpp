// Cells of CSV tables: quoting, guarded formulas, numbers.
#pragma once

#include "core/parameter.hpp"
#include "pipelines/report/analysis_xlsx.hpp"

#include <cmath>
#include <string>
#include <utility>

namespace calcispec {

/// Guarded against formulas; commas and quotes are quoted.
inline std::string csv_cell(std::string text) {
  text = guarded_cell(std::move(text));
  if (text.find_first_of(",\"\r\n") == std::string::npos) {
    return text;
  }
  std::string out = "\"";
  for (const char c : text) {
    out += c;
    out += c == '"' ? "\"" : "";
  }
  return out + "\"";
}

/// Empty for what is no number.
inline std::string csv_number(double value) {
  return std::isfinite(value) ? number_text(value) : "";
}

}  // namespace calcispec
