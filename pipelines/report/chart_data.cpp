#include "pipelines/report/chart_data.hpp"

#include "pipelines/report/analysis_text.hpp"
#include "pipelines/report/svg_figure.hpp"
#include "pipelines/report/typeset.hpp"

#include <nlohmann/json.hpp>

#include <algorithm>
#include <array>
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

// Inside a script element "</" would end it.
std::string script_safe(const Json& data) {
  const auto text = data.dump(-1, ' ', true, Json::error_handler_t::replace);
  std::string out;
  for (const char c : text) {
    out += c == '<' ? std::string("\\u003c") : std::string(1, c);
  }
  return out;
}

Json chart_axis_json(const SpectrumAnalysis& entry) {
  Json data;
  data["falling"] = entry.axis->kind() == AxisKind::wavenumber;
  data["xlabel"] = axis_label(entry.axis->kind(), entry.axis->unit());
  data["unit"] = typeset(entry.axis->unit());
  data["ylabel"] = ordinate_label(entry.ordinate, entry.technique);
  std::vector<float> x;
  for (const double value : entry.axis->values()) {
    x.push_back(static_cast<float>(value));
  }
  data["x"] = base64_of(x);
  return data;
}

bool chart_has_fit(const SpectrumAnalysis& entry) {
  return entry.composition && !entry.composition->curves.fit.empty();
}

// Measured, fit, background; the last two only where there is a fit.
Json curves_json(const SpectrumAnalysis& entry) {
  auto out = Json::array({series_json(entry.y)});
  if (chart_has_fit(entry)) {
    out.push_back(series_json(on_axis(entry, entry.composition->curves.fit)));
    out.push_back(series_json(on_axis(entry, entry.composition->curves.background)));
  }
  return out;
}

double chart_rounded(double value, int digits) {
  if (!std::isfinite(value) || value == 0) {
    return value;
  }
  const double power = std::pow(10, digits - 1 - std::floor(std::log10(std::abs(value))));
  return std::round(value * power) / power;
}

Json chart_bands_json(const SpectrumAnalysis& entry) {
  auto out = Json::array();
  for (const auto& band : entry.composition->bands) {
    if (band.height > 0) {
      out.push_back({chart_rounded(band.center_cm1, 6),
                     chart_rounded(band.height, 4),
                     chart_rounded(band.fwhm_cm1, 4),
                     chart_rounded(lorentz_share_of(band), 3),
                     color_of(*entry.composition, band.phase)});
    }
  }
  return out;
}

Json labels_json(const SpectrumAnalysis& entry) {
  const auto range = figure_range(entry);
  auto out = Json::array();
  for (const auto* band : labelled_bands(entry, 0.012 * (range.second - range.first))) {
    auto label = band_label(band->assignment);
    label = label.size() < 18 ? label.append(" ") : std::string();
    label += std::to_string(std::lround(band->center_cm1));
    out.push_back({chart_rounded(band->center_cm1, 6), label});
  }
  return out;
}

struct Region {
  const char* name;
  double from;
  double to;
};

// Regions that the axis covers; the fitted part comes first.
Json regions_json(const SpectrumAnalysis& entry) {
  constexpr std::array raman{
      Region{"phosphate", 900,  1000},
      Region{"carbonate", 1020, 1120},
      Region{"amide I",   1580, 1720},
      Region{"CH",        2800, 3050}
  };
  constexpr std::array ftir{
      Region{"phosphate",       900,  1200},
      Region{"carbonate ν₂", 840,  900 },
      Region{"carbonate ν₃", 1350, 1550},
      Region{"amides",          1480, 1750},
      Region{"ν₄ PO₄",     500,  650 }
  };
  const auto x = entry.axis->values();
  const auto shown = figure_range(entry);
  auto out = Json::array();
  if (chart_has_fit(entry)) {
    out.push_back({"fitted range", shown.first, shown.second});
  }
  out.push_back({"all", x.front(), x.back()});
  const auto regions = entry.technique == Technique::ftir ? std::span<const Region>(ftir)
                                                          : std::span<const Region>(raman);
  for (const auto& region : regions) {
    if (chart_has_fit(entry) && region.from >= x.front() && region.to <= x.back()) {
      out.push_back({region.name, region.from, region.to});
    }
  }
  return out;
}

// The place of the axis in the list, added if it is new.
std::size_t axis_index(const AxisPtr& axis, std::vector<AxisPtr>& axes) {
  const auto found = std::find_if(axes.begin(), axes.end(), [&](const AxisPtr& known) {
    const auto a = known->values();
    const auto b = axis->values();
    return known == axis || (a.size() == b.size() && std::equal(a.begin(), a.end(), b.begin()));
  });
  if (found == axes.end()) {
    axes.push_back(axis);
    return axes.size() - 1;
  }
  return static_cast<std::size_t>(found - axes.begin());
}

Json percentiles_json(const std::vector<const SpectrumAnalysis*>& entries) {
  const std::size_t points = entries.front()->y.size();
  std::array<std::vector<double>, 3> curves;
  for (std::size_t i = 0; i < points; ++i) {
    std::vector<double> values;
    for (const auto* entry : entries) {
      if (std::isfinite(entry->y[i])) {
        values.push_back(entry->y[i]);
      }
    }
    std::sort(values.begin(), values.end());
    const auto at = [&](double part) {
      return values.empty() ? std::nan("")
                            : values[static_cast<std::size_t>(
                                  std::lround(part * static_cast<double>(values.size() - 1)))];
    };
    curves[0].push_back(at(0.05));
    curves[1].push_back(at(0.5));
    curves[2].push_back(at(0.95));
  }
  auto out = Json::array();
  for (const auto& curve : curves) {
    out.push_back(series_json(curve));
  }
  return out;
}

}  // namespace

std::string chart_data(const SpectrumAnalysis& entry) {
  auto data = chart_axis_json(entry);
  data["series"] = curves_json(entry);
  data["regions"] = regions_json(entry);
  data["bands"] = chart_has_fit(entry) ? chart_bands_json(entry) : Json::array();
  data["labels"] = chart_has_fit(entry) ? labels_json(entry) : Json::array();
  return script_safe(data);
}

std::string map_data(const MapValues& map) {
  Json values = Json::array();
  for (const double value : map.values) {
    values.push_back(std::isfinite(value) ? Json(chart_rounded(value, 4)) : Json(nullptr));
  }
  return script_safe({
      {"nx",     map.grid.nx          },
      {"ny",     map.grid.ny          },
      {"step_x", map.grid.step_x_um   },
      {"step_y", map.grid.step_y_um   },
      {"unit",   typeset(map.unit)    },
      {"low",    chart_rounded(map.low, 4)},
      {"high",        chart_rounded(map.high,                        4)},
      {"values",      std::move(values)   }
  });
}

std::string overview_data(const AnalysisResult& result, std::size_t most) {
  std::vector<AxisPtr> axes;
  std::vector<std::vector<const SpectrumAnalysis*>> users;
  Json data;
  data["axes"] = Json::array();
  data["spectra"] = Json::array();
  for (const auto& entry : result.spectra) {
    const bool is_shown = data["spectra"].size() < most;
    Json row;
    row["name"] = entry.id;
    row["finding"] = typeset(finding_text(entry));
    if (entry.axis && !entry.y.empty()) {
      const auto index = axis_index(entry.axis, axes);
      if (index == users.size()) {
        users.emplace_back();
        data["axes"].push_back(chart_axis_json(entry));
      }
      if (entry.status == AnalysisStatus::ok) {
        users[index].push_back(&entry);
      }
      row["axis"] = index;
      if (is_shown) {
        row["series"] = curves_json(entry);
      }
    }
    if (is_shown) {
      data["spectra"].push_back(std::move(row));
    }
  }
  const auto commonest = std::max_element(
      users.begin(), users.end(), [](const auto& a, const auto& b) { return a.size() < b.size(); });
  if (commonest != users.end() && !commonest->empty()) {
    data["summary"] = {
        {"axis",   commonest - users.begin()   },
        {"count",  commonest->size()           },
        {"series", percentiles_json(*commonest)}
    };
  }
  return script_safe(data);
}

}  // namespace calcispec
