// The section of one spectrum.
#include "pipelines/report/analysis_text.hpp"
#include "pipelines/report/chart_data.hpp"
#include "pipelines/report/html_private.hpp"
#include "pipelines/report/svg_bars.hpp"
#include "pipelines/report/svg_figure.hpp"
#include "pipelines/report/typeset.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace calcispec::html {
namespace {

std::string html_interval(const Estimate& estimate, std::string (*text)(double)) {
  return std::isfinite(estimate.lo95) && std::isfinite(estimate.hi95)
             ? text(estimate.lo95) + " to " + text(estimate.hi95)
             : "-";
}

std::string html_status_words(std::string_view status) {
  return status == "below_lod" ? "not found" : words_of(status);
}

std::string_view technique_words(Technique technique) {
  return technique == Technique::ftir    ? "FT-IR"
         : technique == Technique::raman ? "Raman"
                                         : name_of(technique);
}

// What a passed check says; a failed one says its code and stands below with cause and remedy.
std::string passed_words(const models::QualityCheck& check) {
  struct Words {
    std::string_view code;
    std::string_view text;
  };
  constexpr std::array words{
      Words{"saturation",     "no saturation"    },
      Words{"spikes",         "no spikes left"   },
      Words{"negative_lobes", "no negative lobes"},
      Words{"flat_or_empty",  "signal present"   },
      Words{"water_vapour",   "no water vapour"  },
      Words{"co2",            "no CO2 lines"     },
      Words{"range",          "range covered"    }
  };
  if (check.code == "signal_to_noise") {
    return "signal/noise " + short_number(check.value);
  }
  const auto found = std::find_if(
      words.begin(), words.end(), [&](const Words& row) { return row.code == check.code; });
  return found == words.end() ? words_of(check.code) + " checked" : std::string(found->text);
}

void append_quality(const SpectrumAnalysis& entry, std::string& out) {
  out += "<div class=\"flags\" aria-label=\"quality\">" +
         flag(entry.quality.verdict == models::QualityVerdict::good     ? "pass"
              : entry.quality.verdict == models::QualityVerdict::usable ? "warn"
                                                                        : "refuse",
              "quality: " + std::string(models::name_of(entry.quality.verdict)));
  std::string fixes;
  for (const auto& check : entry.quality.checks) {
    if (check.verdict == models::CheckVerdict::pass) {
      out += flag("pass", passed_words(check));
      continue;
    }
    out += flag(models::name_of(check.verdict),
                std::string(check.verdict == models::CheckVerdict::refuse ? "refused: " : "") +
                    words_of(check.code) + (check.region.empty() ? "" : " " + check.region));
    fixes += "<li>" + escaped(typeset(check.cause)) + " <em>" + escaped(typeset(check.fix)) +
             "</em></li>";
  }
  if (entry.composition && entry.composition->total.status == EstimateStatus::ok) {
    const auto& axis = entry.composition->axis;
    out += flag(axis.checked ? "pass" : "warn",
                axis.checked ? "axis checked" : "too few bands to check the axis");
  }
  out += "</div>" + (fixes.empty() ? fixes : "<ul class=\"fixes\">" + fixes + "</ul>");
}

void append_picture(const SpectrumAnalysis& entry, std::string& out) {
  const auto figure = figure_svg(entry);
  if (figure.empty()) {
    return;
  }
  out +=
      "<h3>Spectrum, background and fitted bands</h3><div class=\"plot\">"
      "<div class=\"static\">" +
      figure +
      "</div><div class=\"live\" hidden><div class=\"zoom screen\"></div>"
      "<div class=\"keys\"><span class=\"k line\" style=\"color:#222\">measured</span>";
  if (entry.composition && !entry.composition->curves.fit.empty()) {
    out +=
        "<span class=\"k line\" style=\"color:#d55e00\">fit</span>"
        "<span class=\"k dash\" style=\"color:#56b4e9\">background</span>";
    for (const auto& curve : entry.composition->curves.phases) {
      out += "<span class=\"k area\" style=\"color:" +
             std::string(color_of(*entry.composition, curve.first)) + "\">" +
             escaped(phase_label(*entry.composition, curve.first)) + "</span>";
    }
  }
  out +=
      "</div><div class=\"chart\"></div><div class=\"rest\"></div>"
      "<p class=\"readout small\" aria-live=\"off\">&nbsp;</p></div>"
      "<script type=\"application/json\">" +
      chart_data(entry) + "</script></div>";
}

class ShareTable {
 public:
  ShareTable(const models::Composition& composition, std::string& out)
      : composition_(composition), out_(out) {}

  void append() {
    out_ +=
        "<table class=\"shares\"><thead><tr><th>phase</th><th class=\"n\">share</th>"
        "<th class=\"n\">95 % interval</th><th aria-hidden=\"true\">0 to 100 %</th>"
        "<th class=\"n\">LOD</th><th>status</th><th>note</th></tr></thead><tbody>";
    for (const auto& group : composition_.groups) {
      std::string members;
      for (const auto& id : group.members) {
        members += (members.empty() ? "" : ", ") + phase_label(composition_, id);
      }
      row(group.name,
          group.share,
          color_of(composition_, first_drawn(group)),
          html_status_words(models::name_of(group.status)),
          "not told apart: " + members);
    }
    phases(composition_.phases, true);
    phases(composition_.matrix, true);
    row("unexplained",
        composition_.unexplained,
        "#777777",
        composition_.unexplained_flag ? "flagged" : "none flagged",
        unexplained_note());
    phases(composition_.phases, false);
    phases(composition_.matrix, false);
    out_ += "</tbody></table>";
  }

 private:
  [[nodiscard]] std::string_view first_drawn(const models::PhaseGroup& group) const {
    for (const auto& curve : composition_.curves.phases) {
      if (std::find(group.members.begin(), group.members.end(), curve.first) !=
          group.members.end()) {
        return curve.first;
      }
    }
    return group.name;
  }

  [[nodiscard]] std::string unexplained_note() const {
    std::string note;
    for (const auto& band : composition_.unexplained_bands) {
      note += (note.empty() ? "bands at " : ", ") + std::to_string(std::lround(band.position_cm1)) +
              " (" + short_number(band.height_sigma) + " sigma)";
    }
    return note.empty() ? note : note + " 1/cm";
  }

  void row(const std::string& name,
           const Estimate& share,
           std::string_view color,
           const std::string& status,
           const std::string& note,
           const std::string& lod = "-") {
    const bool is_sure = status == "quantified" || name == "unexplained";
    out_ += std::string("<tr") + (is_sure ? "" : " class=\"unsure\"") + ">" + cell(name) +
            cell(percent_text(share.value), true) + cell(html_interval(share, percent_text), true) +
            "<td>" + share_svg(share, color) + "</td>" + cell(lod, true) + cell(status) +
            cell(note) + "</tr>";
  }

  [[nodiscard]] bool is_member(const std::string& id) const {
    return std::any_of(
        composition_.groups.begin(), composition_.groups.end(), [&](const auto& group) {
          return std::find(group.members.begin(), group.members.end(), id) != group.members.end();
        });
  }

  void phases(const std::vector<models::PhaseShare>& entries, bool shows_found) {
    for (const auto& entry : entries) {
      const bool is_found = entry.share.value > 0;
      if (is_found != shows_found || is_member(entry.phase)) {
        continue;
      }
      const auto checked =
          entry.validated_on == 0
              ? std::string("naming checked on real spectra: none")
              : "naming checked on " + std::to_string(entry.validated_on) + " real spectra";
      row(entry.name,
          entry.share,
          color_of(composition_, entry.phase),
          html_status_words(models::name_of(entry.status)),
          entry.share.reason.empty() ? checked : entry.share.reason,
          percent_text(entry.lod));
    }
  }

  const models::Composition& composition_;
  std::string& out_;
};

std::string calibration_sentence(const models::Composition& composition) {
  if (!composition.calibration_reason.empty()) {
    return "Shares are no weight fractions: " + composition.calibration_reason + ".";
  }
  if (composition.basis != models::CompositionBasis::weight_fraction) {
    return "Calibration: none, so shares are no weight fractions.";
  }
  return composition.calibration_status == models::CalibrationStatus::placeholder
             ? "Calibration: none. Uncalibrated response factors were assumed on request; the "
               "intervals are widened by exp(N(0, 0.35)) for each. Fractions are of the phases "
               "named."
             : "Calibration: " + composition.calibration_id +
                   ", learnt from the user's standards; fractions are of the phases named.";
}

void append_composition(const models::Composition& composition, std::string& out) {
  const bool is_weight = composition.basis == models::CompositionBasis::weight_fraction;
  out += std::string("<h3>Composition: ") +
         (is_weight ? "weight fraction, " : "share of the signal from ") +
         std::to_string(std::lround(composition.from_cm1)) + " to " +
         std::to_string(std::lround(composition.to_cm1)) + " cm⁻¹</h3>";
  if (composition.total.status != EstimateStatus::ok) {
    out += "<p>Not determinable: " + escaped(typeset(composition.total.reason)) + ".</p>";
    return;
  }
  out += composition_svg(composition);
  ShareTable(composition, out).append();
  out += "<p class=\"small\">Axis shift found: " + short_number(composition.axis.shift_cm1) +
         " cm⁻¹ (standard uncertainty " + short_number(composition.axis.u) +
         "). Condition number of the fit: " + short_number(composition.condition_number) + ". " +
         escaped(typeset(calibration_sentence(composition))) + "</p>";
}

bool has_reference_range(const models::Marker& marker) {
  return marker.range_hi > marker.range_lo;
}

void append_markers(const SpectrumAnalysis& entry, std::string& out) {
  if (entry.markers.empty()) {
    return;
  }
  // Without any reference range its column would only take room from the words.
  const bool shows_ranges =
      std::any_of(entry.markers.begin(), entry.markers.end(), has_reference_range);
  out += std::string("<h3>Maturation and heterogeneity markers</h3><table class=\"markers\">") +
         "<thead><tr><th>marker</th><th class=\"n\">value</th><th class=\"n\">95 % interval</th>" +
         (shows_ranges ? "<th class=\"range\">against the reference range</th>" : "") +
         "<th class=\"status\">status</th>"
         "<th class=\"definition\">definition; evidence grade</th></tr></thead><tbody>";
  for (const auto& marker : entry.markers) {
    const auto& value = marker.value;
    const bool has_value = std::isfinite(value.value);
    const bool has_range = has_reference_range(marker);
    const auto unit = marker.unit == "1" ? std::string() : " " + marker.unit;
    auto status = html_status_words(models::name_of(marker.status)) +
                  (value.reason.empty() ? "" : ": " + value.reason);
    std::string position;
    if (has_value && has_range) {
      position = value.lo95 > marker.range_hi   ? flag("warn", "above range")
                 : value.hi95 < marker.range_lo ? flag("warn", "below range")
                                                : flag("pass", "within or near range");
    }
    const auto range = has_range
                           ? short_number(marker.range_lo) + " to " +
                                 short_number(marker.range_hi) + " (" + marker.range_source + ")"
                           : std::string("no reference range");
    out += std::string("<tr") +
           (marker.status == models::MarkerStatus::ok ? "" : " class=\"unsure\"") + ">" +
           cell(marker.name);
    out += cell(has_value ? short_number(value.value).append(unit) : "-", true) +
           cell(has_value ? html_interval(value, short_number) : "-", true) +
           (shows_ranges ? "<td>" + marker_svg(marker) + "<span class=\"small\">" +
                               escaped(typeset(range)) + "</span></td>"
                         : std::string()) +
           "<td>" + escaped(typeset(status)) + " " + position + "</td>" +
           cell(marker.definition + "; " +
                (marker.calibration == "none" ? std::string()
                                              : "calibration " + marker.calibration + "; ") +
                "grade " + marker.grade + "; says nothing about " + marker.must_not_claim) +
           "</tr>";
  }
  out += "</tbody></table>";
}

void append_remarks(const SpectrumAnalysis& entry, std::string& out) {
  if (entry.diagnostics.empty()) {
    return;
  }
  out += "<h3>Remarks on the input</h3><ul>";
  for (const auto& row : entry.diagnostics) {
    out += "<li>" + std::string(severity_name(row.severity)) + ": " + escaped(typeset(row.text)) +
           "</li>";
  }
  out += "</ul>";
}

}  // namespace

std::string cell(std::string_view text, bool is_number) {
  return std::string(is_number ? "<td class=\"n\">" : "<td>") + escaped(typeset(text)) + "</td>";
}

std::string flag(std::string_view kind, const std::string& text) {
  const auto* sign = kind == "pass" ? "&#10003; " : kind == "warn" ? "&#9650; " : "&#10007; ";
  return "<span class=\"flag " + std::string(kind) + "\">" + sign + escaped(typeset(text)) +
         "</span>";
}

void append_provenance(const SpectrumAnalysis& entry, std::string& out) {
  const auto& p = entry.provenance;
  if (p.version.empty()) {
    return;
  }
  const auto row = [&](const char* name, const std::string& value) {
    out += std::string("<tr><th>") + name + "</th><td>" + value + "</td></tr>";
  };
  const auto code = [](const std::string& text) { return "<code>" + escaped(text) + "</code>"; };
  out += "<h3>How this was made</h3><table class=\"made\"><tbody>";
  row("input", escaped(entry.input) + "<br>SHA-256 " + code(p.input_sha256));
  row("method", escaped(p.method_name) + ", SHA-256 " + code(p.method_sha256));
  row("steps", escaped(p.steps.empty() ? std::string("none before the joint fit") : p.steps));
  row("references", "SHA-256 " + code(p.library_sha256));
  row("program", "calcispec " + escaped(p.version) + ", CPU level " + escaped(p.cpu_level));
  row("not for diagnosis", "research use only");
  out += "</tbody></table>";
}

void append_spectrum(const SpectrumAnalysis& entry, std::size_t index, std::string& out) {
  out += "<section class=\"spectrum\" id=\"s" + std::to_string(index + 1) + "\"><h2>" +
         escaped(entry.id) + "</h2><div class=\"meta\">";
  if (entry.status != AnalysisStatus::failed) {
    out +=
        escaped(technique_words(entry.technique)) +
        (entry.technique == Technique::ftir ? " " + escaped(name_of(entry.mode)) : std::string()) +
        " · ";
  }
  out += "file " + escaped(entry.input) +
         (entry.provenance.method_name.empty()
              ? std::string()
              : " · method " + escaped(entry.provenance.method_name)) +
         "</div><p class=\"finding " + std::string(name_of(entry.status)) + "\"><strong>" +
         escaped(typeset(headline_text(entry))) + "</strong>";
  if (entry.status == AnalysisStatus::ok && entry.composition->total.status == EstimateStatus::ok) {
    out += "<br><span class=\"detail\">" + escaped(typeset(finding_text(entry))) + "</span>";
  }
  out += "</p>";
  if (entry.status != AnalysisStatus::failed) {
    append_quality(entry, out);
    append_picture(entry, out);
  }
  if (entry.composition) {
    append_composition(*entry.composition, out);
    append_markers(entry, out);
  }
  append_remarks(entry, out);
  append_provenance(entry, out);
  out += "</section>\n";
}

}  // namespace calcispec::html
