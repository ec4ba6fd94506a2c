#include "pipelines/report/html_maps.hpp"

#include "models/map_summary.hpp"
#include "models/marker.hpp"
#include "models/reference_library.hpp"
#include "pipelines/report/analysis_text.hpp"
#include "pipelines/report/html_private.hpp"
#include "pipelines/report/map_values.hpp"
#include "pipelines/report/typeset.hpp"

#include <algorithm>
#include <cmath>
#include <numeric>

namespace calcispec {
namespace {

constexpr Index most_pixels = 65536;  // of one picture
constexpr std::size_t most_maps = 24;
constexpr double least_drawn = 1;  // % of the signal: a phase with less everywhere gets no picture

struct Entry {
  MapValues map;
  models::MapSummary summary;
  Index seen = 0;        // pixels with a value above 0
  double most = 0;       // largest value
  bool is_rest = false;  // what no reference explains
  bool is_drawn = true;
};

// What the library calls a phase; groups, phases of a user and markers as they are written.
std::string name_of_group(const std::string& group) {
  static const auto library = models::builtin_library();
  const auto id = group.substr(group.find('/') + 1);
  const auto* phase = group.starts_with("composition/") ? library.find(id) : nullptr;
  return phase == nullptr ? words_of(id) : phase->name;
}

// A value that rests on no calibration of the user says so wherever it stands.
bool is_uncalibrated(const io::ResultPicture& picture) {
  constexpr auto code = static_cast<double>(static_cast<int>(models::MarkerStatus::uncalibrated));
  return picture.group.starts_with("markers/") &&
         std::find(picture.status.begin(), picture.status.end(), code) != picture.status.end();
}

// A composition that names other phases says that there is nothing of this one.
void fill_absent(const io::NexusResult& result, io::ResultPicture& picture) {
  if (!picture.group.starts_with("composition/") ||
      result.composed.size() != picture.values.size()) {
    return;
  }
  for (std::size_t i = 0; i < picture.values.size(); ++i) {
    if (std::isnan(picture.values[i]) && result.composed[i] == 0) {
      picture.values[i] = 0;
    }
  }
}

// Means over squares, so that a picture stays small enough.
MapValues reduced(MapValues map) {
  Index edge = 1;
  while (map.grid.nx / edge * (map.grid.ny / edge) > most_pixels) {
    ++edge;
  }
  if (edge == 1) {
    return map;
  }
  MapValues out = map;
  out.grid.nx = map.grid.nx / edge;
  out.grid.ny = map.grid.ny / edge;
  out.grid.step_x_um *= static_cast<double>(edge);
  out.grid.step_y_um *= static_cast<double>(edge);
  out.values.assign(static_cast<std::size_t>(out.grid.nx * out.grid.ny), 0);
  for (Index y = 0; y < out.grid.ny; ++y) {
    for (Index x = 0; x < out.grid.nx; ++x) {
      double sum = 0;
      double count = 0;
      for (Index k = 0; k < edge * edge; ++k) {
        const Index row = y * edge + k / edge;
        const double value =
            map.values[static_cast<std::size_t>(row * map.grid.nx + x * edge + k % edge)];
        sum += std::isfinite(value) ? value : 0;
        count += std::isfinite(value) ? 1 : 0;
      }
      out.values[static_cast<std::size_t>(y * out.grid.nx + x)] =
          count > 0 ? sum / count : std::nan("");
    }
  }
  return out;
}

std::vector<Entry> entries_of(const io::NexusResult& result) {
  std::vector<Entry> out;
  for (auto picture : result.pictures) {
    const bool is_share = picture.group.starts_with("composition/");
    Entry entry;
    entry.seen = std::count_if(
        picture.values.begin(), picture.values.end(), [](double value) { return value > 0; });
    if (entry.seen == 0) {
      continue;
    }
    entry.is_rest = picture.group == "composition/unexplained";
    fill_absent(result, picture);
    if (is_share) {
      std::for_each(
          picture.values.begin(), picture.values.end(), [](double& value) { value *= 100; });
    }
    entry.most = std::accumulate(
        picture.values.begin(), picture.values.end(), 0.0, [](double most, double value) {
          return std::fmax(most, value);
        });
    entry.is_drawn = !is_share || entry.most >= least_drawn;
    entry.summary = models::summarise_map(picture.values, {}, result.grid);
    entry.map.name =
        name_of_group(picture.group) + (is_uncalibrated(picture) ? ", uncalibrated" : "");
    entry.map.unit = is_share ? "% of the signal" : picture.unit == "1" ? "" : picture.unit;
    entry.map.grid = result.grid;
    entry.map.values = std::move(picture.values);
    find_limits(entry.map);
    out.push_back(std::move(entry));
  }
  std::stable_sort(
      out.begin(), out.end(), [](const Entry& a, const Entry& b) { return a.seen > b.seen; });
  // Little of it is in every pixel: it goes behind all that has a name.
  const auto rest =
      std::stable_partition(out.begin(), out.end(), [](const Entry& e) { return !e.is_rest; });
  const auto named = std::min<std::ptrdiff_t>(rest - out.begin(), most_maps - 1);
  out.erase(out.begin() + named, rest);
  return out;
}

void append_pictures(const std::vector<Entry>& entries, const MapGrid& grid, std::string& out) {
  std::string scarce;
  for (const auto& entry : entries) {
    if (!entry.is_drawn) {
      scarce += (scarce.empty() ? "" : "; ") + entry.map.name + " (" +
                (entry.most < 0.01 ? "below 0.01 %" : percent_text(entry.most / 100)) + ")";
      continue;
    }
    const auto small = reduced(entry.map);
    html::append_map(small, out);
    if (small.grid.nx < grid.nx) {
      out += "<p class=\"small\">drawn as " + std::to_string(small.grid.nx) + " x " +
             std::to_string(small.grid.ny) + " means</p>";
    }
  }
  if (!scarce.empty()) {
    out += "<p class=\"small\">Below " + percent_text(least_drawn / 100) +
           " of the signal in every pixel (the most in brackets), not drawn: " + escaped(scarce) +
           ".</p>";
  }
}

void append_summaries(const std::vector<Entry>& entries, bool is_map, std::string& out) {
  out +=
      "<h2>Summary</h2><table><thead><tr><th>value</th><th>unit</th>"
      "<th class=\"n\">spectra</th><th class=\"n\">median</th>"
      "<th class=\"n\">interquartile range</th>";
  out += is_map ? "<th class=\"n\">Moran's I</th><th class=\"n\">z</th>" : "";
  out += "</tr></thead><tbody>";
  for (const auto& entry : entries) {
    const auto& summary = entry.summary;
    out += "<tr>" + html::cell(entry.map.name) + html::cell(entry.map.unit) +
           html::cell(std::to_string(summary.count), true) +
           html::cell(short_number(summary.median), true) +
           html::cell(short_number(summary.iqr), true);
    if (is_map) {
      out += html::cell(short_number(summary.moran_i), true) +
             html::cell(short_number(summary.moran_z), true);
    }
    out += "</tr>\n";
  }
  out += "</tbody></table>";
  out += is_map ? "<p class=\"small\">Moran's I: 1 where neighbours are alike, near 0 in random "
                  "order, -1 where they alternate; z: standard deviations from random order.</p>"
                : "";
}

std::string maps_counts_text(const io::NexusResult& result) {
  const auto count = [&](double code) {
    return std::to_string(std::count(result.status.begin(), result.status.end(), code));
  };
  return count(0) + " spectra processed, " + count(1) + " failed, " + count(2) +
         " refused for quality.";
}

}  // namespace

std::string maps_report(const io::NexusResult& result, const std::string& title) {
  const bool is_map = result.grid.ny > 1;
  const auto entries = entries_of(result);
  std::string out = html::page_head(title, true);
  out += "<p>" + maps_counts_text(result) + "</p>";
  if (is_map) {
    out +=
        "<section class=\"maps\"><h2>Maps</h2><p class=\"small\">" +
        std::to_string(result.grid.nx) + " x " + std::to_string(result.grid.ny) +
        " pixels, the values seen in most pixels first, what no reference explains last. Colours "
        "run from the 2nd to the 98th percentile, or over all values where nearly all are equal; "
        "grey: no value. Move over a map to read values.</p><noscript><p>Maps need "
        "scripts.</p></noscript>";
    append_pictures(entries, result.grid, out);
    out += "</section>";
  }
  append_summaries(entries, is_map, out);
  out += "<section><h2>Provenance</h2><table><tbody>";
  for (const auto& [key, text] : result.provenance) {
    out += "<tr>" + html::cell(words_of(key)) + "<td><pre>" +
           escaped(text.empty() ? std::string("none") : text) + "</pre></td></tr>";
  }
  return out + "</tbody></table></section>" + html::page_foot();
}

}  // namespace calcispec
