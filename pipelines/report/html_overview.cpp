// Table of all spectra, maps, and the view of more spectra than stand in full.
#include "pipelines/report/analysis_text.hpp"
#include "pipelines/report/chart_data.hpp"
#include "pipelines/report/html_private.hpp"
#include "pipelines/report/typeset.hpp"

#include <algorithm>

namespace calcispec::html {
namespace {

// More curves would make the page heavy; the table holds every spectrum.
constexpr std::size_t most_in_picker = 1000;

Index count(const AnalysisResult& result, AnalysisStatus status) {
  return std::count_if(result.spectra.begin(), result.spectra.end(), [status](const auto& entry) {
    return entry.status == status;
  });
}

std::string status_flag(const SpectrumAnalysis& entry) {
  switch (entry.status) {
    case AnalysisStatus::ok:
      return entry.quality.verdict == models::QualityVerdict::good ? flag("pass", "good")
                                                                   : flag("warn", "usable");
    case AnalysisStatus::refused:
      return flag("refuse", "refused");
    case AnalysisStatus::failed:
      break;
  }
  return flag("refuse", "not read");
}

}  // namespace

void append_batch_table(const AnalysisResult& result, bool has_sections, std::string& out) {
  out += "<h2>All spectra</h2><p>" + std::to_string(count(result, AnalysisStatus::ok)) +
         " analysed, " + std::to_string(count(result, AnalysisStatus::refused)) +
         " refused for quality, " + std::to_string(count(result, AnalysisStatus::failed)) +
         " could not be read.</p><div class=\"tools screen\"><label>Find <input type=\"search\">"
         "</label></div><table id=\"batch\"><thead><tr><th>spectrum</th><th>quality</th>"
         "<th>finding</th></tr></thead><tbody>";
  for (std::size_t i = 0; i < result.spectra.size(); ++i) {
    const auto& entry = result.spectra[i];
    const auto name = escaped(entry.id);
    out += "<tr><td>" +
           (has_sections ? "<a href=\"#s" + std::to_string(i + 1) + "\">" + name + "</a>" : name) +
           "</td><td>" + status_flag(entry) + "</td>" + cell(finding_text(entry)) + "</tr>\n";
  }
  out += "</tbody></table>";
}

void append_map(const MapValues& values, std::string& out) {
  const auto unit = values.unit.empty() ? std::string() : " / " + typeset(values.unit);
  out += "<figure class=\"map\"><figcaption>" + escaped(typeset(values.name) + unit) +
         "</figcaption><div class=\"mapbox\"><canvas class=\"pixels\"></canvas>"
         "<div class=\"bar\"></div><div class=\"limits\"><span class=\"high\"></span>"
         "<span class=\"low\"></span></div></div><p class=\"readout small\">&nbsp;</p>"
         "<script type=\"application/json\">" +
         map_data(values) + "</script></figure>";
}

void append_maps(const AnalysisResult& result, std::string& out) {
  for (const auto& map : result.maps) {
    out +=
        "<section class=\"maps\"><h2>Maps of " +
        escaped(map.input.substr(map.input.find_last_of('/') + 1)) + "</h2><p class=\"small\">" +
        std::to_string(map.grid.nx) + " x " + std::to_string(map.grid.ny) +
        " pixels. Colours run from the 2nd to the 98th percentile, or over all values where nearly "
        "all are equal; grey: no value. Move over a map to read values.</p><noscript><p>Maps need "
        "scripts; <code>--figures DIR</code> "
        "writes them as SVG.</p></noscript>";
    for (const auto& values : maps_of(result, map)) {
      append_map(values, out);
    }
    out += "</section>";
  }
}

void append_overview(const AnalysisResult& result, std::string& out) {
  out +=
      "<section id=\"overview\"><h2>Spectra at a glance</h2>"
      "<p class=\"small summary-note\"></p><noscript><p>These charts need scripts; "
      "<code>--figures DIR</code> writes every spectrum as SVG.</p></noscript>"
      "<div class=\"chart summary\"></div>"
      "<div class=\"picker screen\"><label>Show <select></select></label>"
      "<button type=\"button\" class=\"back\">previous</button>"
      "<button type=\"button\" class=\"next\">next</button></div>"
      "<p class=\"finding picked\"></p><div class=\"keys\">"
      "<span class=\"k line\" style=\"color:#222\">measured</span>"
      "<span class=\"k line\" style=\"color:#d55e00\">fit</span>"
      "<span class=\"k line\" style=\"color:#56b4e9\">background</span></div>"
      "<div class=\"chart single\"></div>";
  if (result.spectra.size() > most_in_picker) {
    out += "<p class=\"small\">The picker holds the first " + std::to_string(most_in_picker) +
           " spectra; the table below holds all.</p>";
  }
  out +=
      "<p class=\"small\">All details of one spectrum: run <code>calcispec analyze FILE "
      "--report FILE.html</code> on it alone.</p><script type=\"application/json\">" +
      overview_data(result, most_in_picker) + "</script></section>";
}

}  // namespace calcispec::html
