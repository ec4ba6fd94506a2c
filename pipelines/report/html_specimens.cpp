// One composition of a specimen from several spectra, with what each of them says.
#include "pipelines/report/analysis_text.hpp"
#include "pipelines/report/html_private.hpp"
#include "pipelines/report/svg_bars.hpp"
#include "pipelines/report/typeset.hpp"

#include <cmath>

namespace calcispec::html {
namespace {

constexpr double contradiction_sigmas = 2.6;  // of two spectra: beyond 1 % of chance

// A value with its interval, or why there is none.
std::string specimen_value(const Estimate& estimate) {
  if (!std::isfinite(estimate.value)) {
    return estimate.reason.empty() ? "-" : estimate.reason;
  }
  return percent_text(estimate.value) + " (" + percent_text(estimate.lo95) + " to " +
         percent_text(estimate.hi95) + ")";
}

std::string contradiction_cell(double sigmas) {
  if (!std::isfinite(sigmas) || sigmas <= 0) {
    return cell("-", true);
  }
  return "<td class=\"n\">" +
         flag(sigmas > contradiction_sigmas ? "warn" : "pass", short_number(sigmas) + " sigma") +
         "</td>";
}

void append_specimen_table(const models::CombinedComposition& specimen, std::string& out) {
  out += "<table class=\"specimen\"><thead><tr><th>phase</th>";
  if (specimen.reason.empty()) {
    out += "<th>all spectra together, 95 % interval</th><th aria-hidden=\"true\">0 to 100 %</th>";
  }
  for (const auto& id : specimen.spectra) {
    out += "<th>" + escaped(id) + "</th>";
  }
  out += "<th class=\"n\">largest difference</th></tr></thead><tbody>";
  for (const auto& phase : specimen.phases) {
    out += "<tr>" + cell(phase.phase);
    if (specimen.reason.empty()) {
      out += cell(specimen_value(phase.combined)) + "<td>" +
             (std::isfinite(phase.combined.value) ? share_svg(phase.combined, "#0072b2") : "") +
             "</td>";
    }
    for (const auto& value : phase.by_spectrum) {
      out += cell(specimen_value(value));
    }
    out += contradiction_cell(phase.contradiction) + "</tr>";
  }
  out += "</tbody></table>";
}

void append_specimen(const models::CombinedComposition& specimen, std::string& out) {
  out += "<h3>" + escaped(specimen.specimen) + ": " + std::to_string(specimen.spectra.size()) +
         " spectra</h3>";
  if (!specimen.reason.empty()) {
    out += "<p>No common composition: " + escaped(typeset(specimen.reason)) + ".</p>";
  } else if (specimen.disagrees) {
    out += "<p>" + flag("warn", "the spectra disagree") + "Beyond chance (chi-square " +
           short_number(specimen.chi_square) + " for " + short_number(specimen.freedom) +
           "); the intervals are widened by it.</p>";
  } else if (specimen.freedom > 0) {
    out += "<p>" + flag("pass", "the spectra agree") + "Chi-square " +
           short_number(specimen.chi_square) + " for " + short_number(specimen.freedom) + ".</p>";
  }
  if (!specimen.phases.empty()) {
    append_specimen_table(specimen, out);
  }
}

}  // namespace

void append_specimens(const AnalysisResult& result, std::string& out) {
  if (result.specimens.empty()) {
    return;
  }
  out += "<section class=\"specimens\"><h2>Specimens measured several times</h2>";
  for (const auto& specimen : result.specimens) {
    append_specimen(specimen, out);
  }
  out += "</section>";
}

}  // namespace calcispec::html
