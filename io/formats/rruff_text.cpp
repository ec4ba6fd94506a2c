// RRUFF text: ##KEY=value lines, "x, y" rows, ##END=.
#include "io/text_spectra.hpp"

#include <algorithm>
#include <charconv>

namespace calcispec::io {
namespace {

int sniff_rruff_text(const FileView& file) {
  const auto lines = first_lines(file.bytes, 8);
  if (lines.empty() || lines[0].substr(0, 2) != "##") {
    return 0;
  }
  bool is_jcamp = false;
  bool is_rruff = false;
  for (const auto line : lines) {
    is_jcamp = is_jcamp || line.substr(0, 10) == "##JCAMP-DX" || line.substr(0, 7) == "##TITLE";
    is_rruff = is_rruff || line.substr(0, 8) == "##NAMES=" || line.substr(0, 9) == "##RRUFFID";
  }
  return is_rruff && !is_jcamp ? 95 : 0;
}

void take_key(std::string_view line, TextSpectra& spectra) {
  const auto equals = std::min(line.find('='), line.size());
  const auto key = utf8_from(trimmed(line.substr(2, equals - 2)));
  const auto value = utf8_from(trimmed(line.substr(std::min(equals + 1, line.size()))));
  spectra.metadata[key] = value;
  if (key.find("RAMAN") != std::string::npos) {
    spectra.technique = Technique::raman;
    spectra.laser_nm = parse_number(value, '.');
  }
}

LoadedFile read_rruff_text(const FileView& file, const ReadOptions& options) {
  const TextFile text(file);
  TextSpectra spectra;
  spectra.y.resize(1);
  spectra.x_label = "cm-1";
  for (std::size_t i = 0; i < text.lines().size(); ++i) {
    const auto line = trimmed(text.lines()[i]);
    if (line.substr(0, 5) == "##END") {
      break;
    }
    if (line.substr(0, 2) == "##") {
      take_key(line, spectra);
      continue;
    }
    if (line.empty()) {
      continue;
    }
    const auto numbers = parse_numbers(line, {',', '.'});
    if (!numbers || numbers->size() != 2) {
      text.fail(static_cast<Index>(i),
                "\"" + utf8_from(line.substr(0, 40)) + "\" is no pair of numbers \"x, y\"");
    }
    spectra.x.push_back((*numbers)[0]);
    spectra.y[0].push_back((*numbers)[1]);
    spectra.lines.push_back(static_cast<Index>(i));
  }
  const auto name = spectra.metadata.find("NAMES");
  const auto id = spectra.metadata.find("RRUFFID");
  if (name != spectra.metadata.end()) {
    spectra.names = {name->second +
                     (id == spectra.metadata.end() ? std::string() : " " + id->second)};
  }
  Diagnostics diagnostics;
  auto recording = make_recording(std::move(spectra), text, options, diagnostics);
  return single_recording(file, "rruff_text", std::move(recording), std::move(diagnostics));
}

}  // namespace

Format rruff_text_format() {
  return {"rruff_text", "RRUFF text (##KEY=value, x, y)", "txt", sniff_rruff_text, read_rruff_text};
}

}  // namespace calcispec::io
