// Pieces of the HTML report, each appended to the page.
#pragma once

#include "pipelines/analysis.hpp"
#include "pipelines/report/map_values.hpp"

#include <string>
#include <string_view>

namespace calcispec::html {

/// From the doctype to the notice, and from the end of the content to the end of the page.
std::string page_head(const std::string& title, bool has_heading);
std::string page_foot();

/// A table cell; the text is escaped and set as chemists write.
std::string cell(std::string_view text, bool is_number = false);
/// A sign and a word, never colour alone: "pass", "warn" or "refuse".
std::string flag(std::string_view kind, const std::string& text);

/// One spectrum in full: finding, flags, pictures, composition, markers, remarks, provenance.
void append_spectrum(const SpectrumAnalysis& entry, std::size_t index, std::string& out);
/// Input hash, steps, versions.
void append_provenance(const SpectrumAnalysis& entry, std::string& out);

/// What several spectra of one specimen say together; nothing where there is none.
void append_specimens(const AnalysisResult& result, std::string& out);
/// The table of all spectra; names link to sections if `has_sections`.
void append_batch_table(const AnalysisResult& result, bool has_sections, std::string& out);
/// One map with a colour bar.
void append_map(const MapValues& values, std::string& out);
/// Every map with a colour bar.
void append_maps(const AnalysisResult& result, std::string& out);
/// Median, percentile band and picker, for more spectra than stand in full.
void append_overview(const AnalysisResult& result, std::string& out);

}  // namespace calcispec::html
