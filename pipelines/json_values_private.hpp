// Values as every JSON of the program writes them: no number as null, diagnostics as rows.
#pragma once

#include "core/diagnostics.hpp"

#include <nlohmann/json.hpp>

#include <cmath>

namespace calcispec {

inline nlohmann::ordered_json number(double value) {
  return std::isfinite(value) ? nlohmann::ordered_json(value) : nlohmann::ordered_json(nullptr);
}

inline nlohmann::ordered_json diagnostics_json(const Diagnostics& diagnostics) {
  auto out = nlohmann::ordered_json::array();
  for (const auto& row : diagnostics) {
    out.push_back({
        {"severity", severity_name(row.severity)},
        {"code",     row.code                   },
        {"text",     row.text                   }
    });
  }
  return out;
}

}  // namespace calcispec
