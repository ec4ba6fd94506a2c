#include "pipelines/report/html_report.hpp"

#include "core/build_info.hpp"
#include "pipelines/report/html_private.hpp"
#include "pipelines/report/typeset.hpp"

#include <algorithm>
#include <set>
#include <utility>

namespace calcispec::embedded {
std::pair<std::string_view, std::string_view> calcispec_dygraphs(std::size_t index);
std::pair<std::string_view, std::string_view> calcispec_report(std::size_t index);
}  // namespace calcispec::embedded

namespace calcispec {
namespace {

constexpr std::size_t most_in_full = 60;

using EmbeddedFile = std::pair<std::string_view, std::string_view> (*)(std::size_t);

// The embedded file whose name has this ending; empty if there is none.
std::string report_embedded_text(EmbeddedFile file, std::string_view ending) {
  for (std::size_t i = 0;; ++i) {
    const auto [name, bytes] = file(i);
    if (name.empty()) {
      return {};
    }
    if (name.size() >= ending.size() && name.substr(name.size() - ending.size()) == ending) {
      return std::string(bytes);
    }
  }
}

std::string head(const AnalysisResult& result) {
  const bool is_single = result.spectra.size() == 1;
  const auto title = is_single
                         ? result.spectra[0].id
                         : "Composition of " + std::to_string(result.spectra.size()) + " spectra";
  return html::page_head(title, !is_single);
}

// With many spectra each recipe and each input once.
void append_sources(const AnalysisResult& result, std::string& out) {
  std::set<std::string> seen;
  for (const auto& entry : result.spectra) {
    const auto& p = entry.provenance;
    if (!p.version.empty() && seen.insert(p.input_sha256 + p.method_sha256).second) {
      html::append_provenance(entry, out);
    }
  }
}

}  // namespace

namespace html {

std::string page_head(const std::string& title, bool has_heading) {
  return "<!DOCTYPE html>\n<html lang=\"en\"><head><meta charset=\"utf-8\">"
         "<meta http-equiv=\"Content-Security-Policy\" content=\"default-src 'none'; "
         "script-src 'unsafe-inline'; style-src 'unsafe-inline'; img-src data:; base-uri 'none'; "
         "form-action 'none'\">"
         "<meta name=\"viewport\" content=\"width=device-width, initial-scale=1\">"
         "<link rel=\"icon\" href=\"data:,\"><title>" +
         escaped(title) + " - calcispec report</title><style>" +
         report_embedded_text(embedded::calcispec_dygraphs, ".css") +
         report_embedded_text(embedded::calcispec_report, ".css") +
         "</style></head><body><header><div class=\"brand\">calcispec " + escaped(version()) +
         " · composition report</div>" +
         (has_heading ? "<h1>" + escaped(title) + "</h1>" : std::string()) +
         "<p class=\"notice\"><strong>For research use only. Not for diagnosis or treatment "
         "decisions.</strong> Shares of the signal are parts of what was recorded, not of the "
         "weight; "
         "weight fractions appear with a calibration alone.</p></header><main>\n";
}

std::string page_foot() {
  const auto script = report_embedded_text(embedded::calcispec_dygraphs, ".js");
  std::string out =
      "</main><footer class=\"small\"><p>Literature constants carry their sources in the tables of "
      "the program (calcispec library show NAME). For research use only. Not for diagnosis or "
      "treatment decisions.</p>";
  if (!script.empty()) {
    out += "<details><summary>Charts: dygraphs, MIT licence</summary><pre>" +
           escaped(report_embedded_text(embedded::calcispec_dygraphs, "copyright")) +
           "</pre></details>";
  }
  return out + "</footer><script>" + script + "</script><script>" +
         report_embedded_text(embedded::calcispec_report, "report.js") +
         "</script></body></html>\n";
}

}  // namespace html

std::string html_report(const AnalysisResult& result) {
  std::string out = head(result);
  const bool is_single = result.spectra.size() == 1;
  const bool is_in_full = result.spectra.size() <= most_in_full;
  if (!is_in_full) {
    html::append_overview(result, out);
  }
  if (is_single || !is_in_full) {
    html::append_maps(result, out);
  }
  if (!is_single) {
    html::append_batch_table(result, is_in_full, out);
    html::append_specimens(result, out);
  }
  if (!is_single && is_in_full) {
    html::append_maps(result, out);
  }
  if (is_in_full) {
    for (std::size_t i = 0; i < result.spectra.size(); ++i) {
      html::append_spectrum(result.spectra[i], i, out);
    }
  } else {
    append_sources(result, out);
  }
  return out + html::page_foot();
}

}  // namespace calcispec
