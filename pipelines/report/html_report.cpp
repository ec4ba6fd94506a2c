#include "pipelines/report/html_report.hpp"

#include "core/build_info.hpp"
#include "pipelines/report/analysis_text.hpp"
#include "pipelines/report/chart_data.hpp"
#include "pipelines/report/svg_figure.hpp"

#include <algorithm>
#include <cmath>
#include <set>

namespace calcispec::embedded {
std::pair<std::string_view, std::string_view> calcispec_dygraphs(std::size_t index);
std::pair<std::string_view, std::string_view> calcispec_report(std::size_t index);
}  // namespace calcispec::embedded

namespace calcispec {
namespace {

constexpr std::size_t most_in_full = 60;

std::string embedded_report(std::string_view wanted) {
  for (std::size_t i = 0;; ++i) {
    const auto [name, bytes] = embedded::calcispec_report(i);
    if (name.empty() || name == wanted) {
      return std::string(bytes);
    }
  }
}

std::string chart_library(std::string_view ending) {
  for (std::size_t i = 0;; ++i) {
    const auto [name, bytes] = embedded::calcispec_dygraphs(i);
    if (name.empty()) {
      return {};
    }
    if (name.size() >= ending.size() && name.substr(name.size() - ending.size()) == ending) {
      return std::string(bytes);
    }
  }
}

std::string cell(const std::string& text, bool is_number = false) {
  return std::string(is_number ? "<td class=\"n\">" : "<td>") + escaped(text) + "</td>";
}

std::string interval(const Estimate& estimate, std::string (*text)(double)) {
  return text(estimate.lo95) + " to " + text(estimate.hi95);
}

class Page {
 public:
  explicit Page(const AnalysisResult& result) : result_(result) {}

  std::string make() {
    head();
    summary();
    maps();
    const auto count = std::min(result_.spectra.size(), most_in_full);
    for (std::size_t i = 0; i < count; ++i) {
      spectrum(result_.spectra[i], i);
    }
    foot();
    return std::move(out_);
  }

 private:
  void head() {
    out_ +=
        "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
        "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
        "script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:\">"
        "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
        "<link rel=\"icon\" href=\"data:,\">"
        "<title>calcispec report</title><style>" +
        chart_library(".css") + embedded_report("report.css") +
        "</style></head><body><header><h1>Composition report</h1><div class=\"meta\">"
        "calcispec " +
        escaped(version()) + ", " + std::to_string(result_.spectra.size()) +
        (result_.spectra.size() == 1 ? " spectrum" : " spectra") +
        "</div><p class=\"notice\"><strong>For research use only. Not for diagnosis or "
        "treatment decisions.</strong> Shares are parts of the recorded signal, not of the "
        "weight: response factors are not calibrated.</p></header><main>\n";
  }

  [[nodiscard]] Index count(AnalysisStatus status) const {
    return std::count_if(result_.spectra.begin(),
                         result_.spectra.end(),
                         [status](const auto& entry) { return entry.status == status; });
  }

  void summary() {
    out_ += "<h2>All spectra</h2><p>" + std::to_string(count(AnalysisStatus::ok)) + " analysed, " +
            std::to_string(count(AnalysisStatus::refused)) + " refused for quality, " +
            std::to_string(count(AnalysisStatus::failed)) + " could not be read.</p>";
    if (result_.spectra.size() > most_in_full) {
      out_ += "<p>The first " + std::to_string(most_in_full) +
              " stand below in full; all stand in this table.</p>";
    }
    out_ +=
        "<div class=\"tools\"><label>Find <input type=\"search\"></label></div>"
        "<table id=\"batch\"><thead><tr><th>spectrum</th><th>status</th><th>quality</th>"
        "<th>finding</th></tr></thead><tbody>";
    for (std::size_t i = 0; i < result_.spectra.size(); ++i) {
      const auto& entry = result_.spectra[i];
      const auto name = escaped(entry.id);
      out_ += "<tr><td>" +
              (i < most_in_full ? "<a href=\"#s" + std::to_string(i + 1) + "\">" + name + "</a>"
                                : name) +
              "</td>" + cell(std::string(name_of(entry.status))) +
              cell(entry.status == AnalysisStatus::failed
                       ? "-"
                       : std::string(models::name_of(entry.quality.verdict))) +
              cell(finding_text(entry)) + "</tr>\n";
    }
    out_ += "</tbody></table>";
  }

  // Groups and phases with a share anywhere in the map, the commonest first, at most four.
  [[nodiscard]] std::vector<std::string> mapped_ids(const MapInfo& map) const {
    std::vector<std::string> ids;
    for (Index i = 0; i < map.grid.nx * map.grid.ny; ++i) {
      const auto at = static_cast<std::size_t>(map.first + i);
      if (at >= result_.spectra.size() || !result_.spectra[at].composition) {
        continue;
      }
      const auto& composition = *result_.spectra[at].composition;
      const auto add = [&](const std::string& id) {
        if (std::find(ids.begin(), ids.end(), id) == ids.end() && ids.size() < 4) {
          ids.push_back(id);
        }
      };
      for (const auto& group : composition.groups) {
        add(group.name);
      }
      for (const auto* list : {&composition.phases, &composition.matrix}) {
        for (const auto& entry : *list) {
          if (entry.status == models::PhaseStatus::quantified) {
            add(entry.phase);
          }
        }
      }
    }
    return ids;
  }

  void maps() {
    for (const auto& map : result_.maps) {
      out_ += "<h2>Map " + escaped(map.input) + "</h2>";
      for (const auto& id : mapped_ids(map)) {
        out_ += "<h3>" + escaped(id) +
                ", signal share</h3><p class=\"small\">Colours from the 2nd to the 98th "
                "percentile; grey: no value.</p><canvas class=\"map\"></canvas>"
                "<script type=\"application/json\">" +
                map_data(result_, map, id) + "</script>";
      }
    }
  }

  void spectrum(const SpectrumAnalysis& entry, std::size_t index) {
    out_ +=
        "<section class=\"spectrum\" id=\"s" + std::to_string(index + 1) + "\"><h2>" +
        escaped(entry.id) + "</h2><div class=\"meta\">" + escaped(entry.input) + ", " +
        escaped(name_of(entry.technique)) +
        (entry.technique == Technique::ftir ? ", " + escaped(name_of(entry.mode)) : std::string()) +
        "</div><p class=\"finding " + std::string(name_of(entry.status)) + "\">" +
        escaped(finding_text(entry)) + "</p>";
    if (entry.status != AnalysisStatus::failed) {
      quality(entry);
      picture(entry);
    }
    if (entry.composition) {
      composition(*entry.composition);
      markers(entry);
    }
    remarks(entry);
    provenance(entry);
    out_ += "</section>\n";
  }

  void quality(const SpectrumAnalysis& entry) {
    out_ += "<h3>Quality: " + escaped(models::name_of(entry.quality.verdict)) + "</h3><div>";
    std::string fixes;
    for (const auto& check : entry.quality.checks) {
      const auto verdict = std::string(models::name_of(check.verdict));
      const bool is_pass = check.verdict == models::CheckVerdict::pass;
      const auto* sign = is_pass                                       ? "&#10003; "
                         : check.verdict == models::CheckVerdict::warn ? "! "
                                                                       : "&#10007; ";
      auto name = check.code;
      std::replace(name.begin(), name.end(), '_', ' ');
      out_ += "<span class=\"flag " + verdict + "\">" + sign + escaped(name) + ": " + verdict +
              "</span>";
      if (!is_pass) {
        fixes += "<li>" + escaped(check.cause) + " <em>" + escaped(check.fix) + "</em></li>";
      }
    }
    out_ += "</div>" + (fixes.empty() ? fixes : "<ul class=\"fixes\">" + fixes + "</ul>");
  }

  void picture(const SpectrumAnalysis& entry) {
    const auto figure = figure_svg(entry);
    if (figure.empty()) {
      return;
    }
    out_ += "<div class=\"plot\"><div class=\"static\">" + figure +
            "</div><div class=\"chart\"></div><div class=\"legend small screen\"></div>"
            "<script type=\"application/json\">" +
            chart_data(entry) + "</script></div>";
  }

  void share_row(const std::string& name,
                 const Estimate& share,
                 const std::string& status,
                 const std::string& note) {
    const bool is_sure = status == "quantified";
    out_ += std::string("<tr") + (is_sure ? "" : " class=\"unsure\"") + ">" + cell(name) +
            cell(percent_text(share.value), true) +
            cell(std::isfinite(share.lo95) ? interval(share, percent_text) : "-", true) +
            cell(status) + cell(note) + "</tr>";
  }

  static std::string words(std::string_view status) {
    std::string out(status);
    std::replace(out.begin(), out.end(), '_', ' ');
    return out == "below lod" ? "not found" : out;
  }

  void phase_rows(const std::vector<models::PhaseShare>& entries, bool shows_found) {
    for (const auto& entry : entries) {
      const bool is_found = entry.share.value > 0;
      if (is_found != shows_found) {
        continue;
      }
      const auto checked =
          entry.validated_on == 0
              ? std::string("naming checked on real spectra: none")
              : "naming checked on " + std::to_string(entry.validated_on) + " real spectra";
      share_row(entry.name,
                entry.share,
                words(models::name_of(entry.status)),
                entry.share.reason.empty() ? "LOD " + percent_text(entry.lod) + "; " + checked
                                           : entry.share.reason);
    }
  }

  void composition(const models::Composition& composition) {
    out_ += "<h3>Composition, share of the signal from " + short_number(composition.from_cm1) +
            " to " + short_number(composition.to_cm1) + " 1/cm</h3>";
    if (composition.total.status != EstimateStatus::ok) {
      out_ += "<p>Not determinable: " + escaped(composition.total.reason) + ".</p>";
      return;
    }
    out_ += composition_svg(composition);
    out_ +=
        "<table><thead><tr><th>phase</th><th class=\"n\">share</th><th class=\"n\">95 % "
        "interval</th><th>status</th><th>note</th></tr></thead><tbody>";
    for (const auto& group : composition.groups) {
      std::string members;
      for (const auto& id : group.members) {
        members += (members.empty() ? "" : ", ") + id;
      }
      share_row(group.name,
                group.share,
                words(models::name_of(group.status)),
                "cannot be told apart: " + members);
    }
    phase_rows(composition.phases, true);
    phase_rows(composition.matrix, true);
    share_row("unexplained",
              composition.unexplained,
              composition.unexplained_flag ? "flagged" : "none flagged",
              "");
    phase_rows(composition.phases, false);
    phase_rows(composition.matrix, false);
    out_ += "</tbody></table><p class=\"small\">Axis shift found: " +
            short_number(composition.axis.shift_cm1) + " 1/cm (u " +
            short_number(composition.axis.u) + ")" +
            (composition.axis.checked ? "" : ", too few bands to check it") +
            ". Condition number of the fit: " + short_number(composition.condition_number) +
            ". Calibration: none.</p>";
  }

  void markers(const SpectrumAnalysis& entry) {
    out_ +=
        "<h3>Maturation and heterogeneity markers</h3><table><thead><tr><th>marker</th>"
        "<th class=\"n\">value</th><th class=\"n\">95 % interval</th><th>status</th>"
        "<th>definition, evidence grade</th></tr></thead><tbody>";
    for (const auto& marker : entry.markers) {
      const bool has_value = std::isfinite(marker.value.value);
      const auto unit = marker.unit == "1" ? std::string() : " " + marker.unit;
      std::string note = marker.definition + "; grade " + marker.grade + "; says nothing about " +
                         marker.must_not_claim;
      if (marker.range_hi > marker.range_lo) {
        note += "; reference " + short_number(marker.range_lo) + " to " +
                short_number(marker.range_hi) + " (" + marker.range_source + ")";
      }
      out_ += std::string("<tr") +
              (marker.status == models::MarkerStatus::ok ? "" : " class=\"unsure\"") + ">" +
              cell(marker.name) +
              cell(has_value ? short_number(marker.value.value) + unit : "-", true) +
              cell(has_value ? interval(marker.value, short_number) : "-", true) +
              cell(words(models::name_of(marker.status)) +
                   (marker.value.reason.empty() ? "" : ": " + marker.value.reason)) +
              cell(note) + "</tr>";
    }
    out_ += "</tbody></table>";
  }

  void remarks(const SpectrumAnalysis& entry) {
    if (entry.diagnostics.empty()) {
      return;
    }
    out_ += "<h3>Remarks on the input</h3><ul>";
    for (const auto& row : entry.diagnostics) {
      out_ +=
          "<li>" + std::string(severity_name(row.severity)) + ": " + escaped(row.text) + "</li>";
    }
    out_ += "</ul>";
  }

  void provenance(const SpectrumAnalysis& entry) {
    const auto& p = entry.provenance;
    if (p.version.empty()) {
      return;
    }
    out_ += "<details><summary>How this was made</summary><p class=\"small\">calcispec " +
            escaped(p.version) + ", CPU level " + escaped(p.cpu_level) + ", method " +
            escaped(p.method_name) + "<br>method <code>" + escaped(p.method_sha256) +
            "</code><br>references <code>" + escaped(p.library_sha256) + "</code><br>input <code>" +
            escaped(p.input_sha256) + "</code></p></details>";
  }

  void foot() {
    out_ +=
        "</main><footer class=\"small\"><p>Literature constants carry their sources in the "
        "tables of the program (calcispec library show NAME). For research use only. Not for "
        "diagnosis or treatment decisions.</p>";
    const auto script = chart_library(".js");
    if (!script.empty()) {
      out_ += "<p>Charts: dygraphs (MIT licence).</p>";
    }
    out_ += "</footer><script>" + script + "</script><script>" + embedded_report("report.js") +
            "</script></body></html>\n";
  }

  const AnalysisResult& result_;
  std::string out_;
};

}  // namespace

std::string html_report(const AnalysisResult& result) {
  return Page(result).make();
}

}  // namespace calcispec
