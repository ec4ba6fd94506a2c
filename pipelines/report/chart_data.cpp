#include "pipelines/report/chart_data.hpp"

#include "core/parameter.hpp"
#include "pipelines/report/svg_figure.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <cstdint>
#include <cstring>
#include <limits>

namespace calcispec {
namespace {

using Json = nlohmann::ordered_json;

std::string base64(std::span<const unsigned char> bytes) {
  constexpr std::string_view digits =
      "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
  std::string out;
  out.reserve((bytes.size() + 2) / 3 * 4);
  for (std::size_t i = 0; i < bytes.size(); i += 3) {
    const auto byte = [&](std::size_t k) {
      return i + k < bytes.size() ? std::uint32_t{bytes[i + k]} : 0U;
    };
    const std::uint32_t group = (byte(0) << 16U) | (byte(1) << 8U) | byte(2);
    out += digits[(group >> 18U) & 63U];
    out += digits[(group >> 12U) & 63U];
    out += i + 1 < bytes.size() ? digits[(group >> 6U) & 63U] : '=';
    out += i + 2 < bytes.size() ? digits[group & 63U] : '=';
  }
  return out;
}

template <typename Value>
std::string base64_of(const std::vector<Value>& values) {
  std::vector<unsigned char> bytes(values.size() * sizeof(Value));
  std::memcpy(bytes.data(), values.data(), bytes.size());
  return base64(bytes);
}

// -32768 stands for a missing value.
Json series_json(std::span<const double> y) {
  double low = std::numeric_limits<double>::infinity();
  double high = -low;
  for (const double value : y) {
    if (std::isfinite(value)) {
      low = std::min(low, value);
      high = std::max(high, value);
    }
  }
  if (!(high >= low)) {
    low = 0;
    high = 0;
  }
  const double offset = 0.5 * (low + high);
  const double scale = high > low ? (high - low) / 65000 : 1;
  std::vector<std::int16_t> whole;
  whole.reserve(y.size());
  for (const double value : y) {
    whole.push_back(std::isfinite(value)
                        ? static_cast<std::int16_t>(std::lround((value - offset) / scale))
                        : std::int16_t{-32768});
  }
  return {
      {"o", offset          },
      {"s", scale           },
      {"d", base64_of(whole)}
  };
}

// On the whole axis, missing outside the fitted part.
std::vector<double> on_axis(const SpectrumAnalysis& entry, std::span<const double> curve) {
  std::vector<double> out(entry.y.size(), std::nan(""));
  const auto first = static_cast<std::size_t>(entry.composition->curves.first_point);
  std::copy(curve.begin(), curve.end(), out.begin() + static_cast<Index>(first));
  return out;
}

void add(Json& data,
         const std::string& name,
         std::string_view color,
         std::span<const double> values) {
  data["names"].push_back(name);
  data["colors"].push_back(color);
  data["series"].push_back(series_json(values));
}

// Inside a script element "</" would end it.
std::string script_safe(const Json& data) {
  const auto text = data.dump(-1, ' ', true, Json::error_handler_t::replace);
  std::string out;
  for (const char c : text) {
    out += c == '<' ? std::string("\\u003c") : std::string(1, c);
  }
  return out;
}

}  // namespace

std::string chart_data(const SpectrumAnalysis& entry) {
  Json data;
  data["falling"] = entry.axis->kind() == AxisKind::wavenumber;
  data["xlabel"] = axis_label(entry.axis->kind(), entry.axis->unit());
  data["ylabel"] = ordinate_label(entry.ordinate, entry.technique);
  std::vector<float> x;
  for (const double value : entry.axis->values()) {
    x.push_back(static_cast<float>(value));
  }
  data["x"] = base64_of(x);
  data["names"] = Json::array();
  data["colors"] = Json::array();
  data["series"] = Json::array();
  add(data, "measured", "#222222", entry.y);
  if (entry.composition && !entry.composition->curves.fit.empty()) {
    const auto& curves = entry.composition->curves;
    add(data, "background", "#56B4E9", on_axis(entry, curves.background));
    for (std::size_t p = 0; p < curves.phases.size(); ++p) {
      auto raised = curves.background;
      for (std::size_t i = 0; i < raised.size(); ++i) {
        raised[i] += curves.phases[p].second[i];
      }
      add(data, curves.phases[p].first, phase_color(p), on_axis(entry, raised));
    }
    add(data, "fit", "#D55E00", on_axis(entry, curves.fit));
  }
  return script_safe(data);
}

std::string map_data(const AnalysisResult& result, const MapInfo& map, const std::string& id) {
  Json values = Json::array();
  std::vector<double> known;
  for (Index i = 0; i < map.grid.nx * map.grid.ny; ++i) {
    const auto at = static_cast<std::size_t>(map.first + i);
    double value = std::nan("");
    if (at < result.spectra.size() && result.spectra[at].composition) {
      const auto& composition = *result.spectra[at].composition;
      for (const auto& group : composition.groups) {
        value = group.name == id ? group.share.value : value;
      }
      for (const auto* list : {&composition.phases, &composition.matrix}) {
        for (const auto& entry : *list) {
          value = entry.phase == id ? entry.share.value : value;
        }
      }
      value = composition.total.status == EstimateStatus::ok && !std::isfinite(value) ? 0 : value;
    }
    values.push_back(std::isfinite(value) ? Json(std::round(value * 1e4) / 1e4) : Json(nullptr));
    if (std::isfinite(value)) {
      known.push_back(value);
    }
  }
  std::sort(known.begin(), known.end());
  const auto limit = [&](double part) {
    return known.empty()
               ? 0.0
               : known[static_cast<std::size_t>(part * static_cast<double>(known.size() - 1))];
  };
  return script_safe({
      {"nx",     map.grid.nx      },
      {"ny",     map.grid.ny      },
      {"low",    limit(0.02)      },
      {"high",   limit(0.98)      },
      {"values", std::move(values)}
  });
}

}  // namespace calcispec
