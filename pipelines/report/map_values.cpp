#include "pipelines/report/map_values.hpp"

#include "pipelines/report/typeset.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <map>

namespace calcispec {
namespace {

constexpr std::size_t most_shares = 4;
constexpr std::size_t most_markers = 3;

const SpectrumAnalysis* pixel(const AnalysisResult& result, const MapInfo& map, Index i) {
  const auto at = static_cast<std::size_t>(map.first + i);
  return at < result.spectra.size() ? &result.spectra[at] : nullptr;
}

void add_if_named(const std::string& id,
                  models::PhaseStatus status,
                  std::map<std::string, Index>& counts) {
  if (status == models::PhaseStatus::quantified) {
    ++counts[id];
  }
}

// Most pixels first; equal counts by name.
std::vector<std::string> commonest(const std::map<std::string, Index>& counts, std::size_t most) {
  std::vector<std::pair<std::string, Index>> rows(counts.begin(), counts.end());
  std::stable_sort(
      rows.begin(), rows.end(), [](const auto& a, const auto& b) { return a.second > b.second; });
  std::vector<std::string> ids;
  for (std::size_t i = 0; i < rows.size() && i < most; ++i) {
    ids.push_back(rows[i].first);
  }
  return ids;
}

double map_share_of(const models::Composition& composition, const std::string& id) {
  if (composition.total.status != EstimateStatus::ok) {
    return std::nan("");
  }
  for (const auto& group : composition.groups) {
    if (group.name == id) {
      return group.share.value;
    }
  }
  for (const auto* list : {&composition.phases, &composition.matrix}) {
    for (const auto& entry : *list) {
      if (entry.phase == id && std::isfinite(entry.share.value)) {
        return entry.share.value;
      }
    }
  }
  return 0;  // tried and not found
}

template <typename ValueOf>
MapValues make_analysis_map(const AnalysisResult& result,
                            const MapInfo& map,
                            std::string name,
                            std::string unit,
                            ValueOf&& value_of) {
  MapValues out;
  out.name = std::move(name);
  out.unit = std::move(unit);
  out.grid = map.grid;
  for (Index i = 0; i < map.grid.nx * map.grid.ny; ++i) {
    const auto* entry = pixel(result, map, i);
    out.values.push_back(entry != nullptr && entry->composition ? value_of(*entry) : std::nan(""));
  }
  find_limits(out);
  return out;
}

double marker_value(const SpectrumAnalysis& entry, const std::string& id) {
  for (const auto& marker : entry.markers) {
    if (marker.id == id && marker.status == models::MarkerStatus::ok) {
      return marker.value.value;
    }
  }
  return std::nan("");
}

}  // namespace

void find_limits(MapValues& map) {
  std::vector<double> known;
  for (const double value : map.values) {
    if (std::isfinite(value)) {
      known.push_back(value);
    }
  }
  if (known.empty()) {
    return;
  }
  std::sort(known.begin(), known.end());
  const auto at = [&](double part) {
    return known[static_cast<std::size_t>(
        std::lround(part * static_cast<double>(known.size() - 1)))];
  };
  map.low = at(0.02);
  map.high = at(0.98);
  if (map.low == map.high) {
    map.low = known.front();
    map.high = known.back();
  }
}

std::vector<MapValues> maps_of(const AnalysisResult& result, const MapInfo& map) {
  std::map<std::string, Index> shares;
  std::map<std::string, Index> markers;
  std::map<std::string, std::pair<std::string, std::string>> names;
  for (Index i = 0; i < map.grid.nx * map.grid.ny; ++i) {
    const auto* entry = pixel(result, map, i);
    if (entry == nullptr || !entry->composition) {
      continue;
    }
    for (const auto& group : entry->composition->groups) {
      add_if_named(group.name, group.status, shares);
    }
    for (const auto* list : {&entry->composition->phases, &entry->composition->matrix}) {
      for (const auto& row : *list) {
        add_if_named(row.phase, row.status, shares);
        names[row.phase] = {row.name, ""};
      }
    }
    for (const auto& marker : entry->markers) {
      if (marker.status == models::MarkerStatus::ok) {
        ++markers[marker.id];
        names[marker.id] = {marker.name, marker.unit == "1" ? "" : marker.unit};
      }
    }
  }
  std::vector<MapValues> out;
  for (const auto& id : commonest(shares, most_shares)) {
    const auto known = names.find(id);
    out.push_back(make_analysis_map(
        result,
        map,
        known == names.end() ? words_of(id) : known->second.first,
        "% of the signal",
        [&](const auto& entry) { return 100 * map_share_of(*entry.composition, id); }));
  }
  for (const auto& id : commonest(markers, most_markers)) {
    out.push_back(
        make_analysis_map(result, map, names[id].first, names[id].second, [&](const auto& entry) {
          return marker_value(entry, id);
        }));
  }
  return out;
}

}  // namespace calcispec
