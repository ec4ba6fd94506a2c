// PerkinElmer ASCII (PE DS): "PE xx SPECTRUM ASCII", header lines up to #DATA, then x and y.
#include "io/text_spectra.hpp"

namespace calcispec::io {
namespace {

int sniff_perkinelmer_ascii(const FileView& file) {
  const auto lines = first_lines(file.bytes, 1);
  return !lines.empty() && lines[0].substr(0, 3) == "PE " &&
                 lines[0].find("SPECTRUM") != std::string_view::npos
             ? 97
             : 0;
}

LoadedFile read_perkinelmer_ascii(const FileView& file, const ReadOptions& options) {
  const TextFile text(file);
  Index data = -1;
  for (Index i = 0; i < static_cast<Index>(text.lines().size()) && data < 0; ++i) {
    data = trimmed(text.lines()[static_cast<std::size_t>(i)]) == "#DATA" ? i : -1;
  }
  if (data < 0) {
    text.fail(0, "the line #DATA is missing, so no numbers follow; export again");
  }
  TextSpectra spectra;
  spectra.y.resize(1);
  const auto& lines = text.lines();
  const bool is_fluorescence = lines[0].substr(3, 2) == "FL";
  spectra.technique = is_fluorescence ? Technique::other : Technique::ftir;
  spectra.x_label = is_fluorescence ? "nm" : "cm-1";
  for (Index i = 1; i < data; ++i) {
    const auto line = trimmed(lines[static_cast<std::size_t>(i)]);
    const auto word = lower_case(line);
    if (word == "a" || word == "abs" || word == "%t" || word == "t") {
      spectra.y_label = word == "a" || word == "abs" ? "absorbance" : "transmittance";
    }
  }
  for (Index i = data + 1; i < static_cast<Index>(lines.size()); ++i) {
    const auto line = trimmed(lines[static_cast<std::size_t>(i)]);
    if (line.empty()) {
      continue;
    }
    const auto numbers = parse_numbers(line, {' ', '.'});
    if (!numbers || numbers->size() != 2) {
      text.fail(i, "two numbers were expected: axis and ordinate");
    }
    spectra.x.push_back((*numbers)[0]);
    spectra.y[0].push_back((*numbers)[1]);
    spectra.lines.push_back(i);
  }
  Diagnostics diagnostics;
  auto recording = make_recording(std::move(spectra), text, options, diagnostics);
  return single_recording(file, "perkinelmer_ascii", std::move(recording), std::move(diagnostics));
}

}  // namespace

Format perkinelmer_ascii_format() {
  return {"perkinelmer_ascii",
          "PerkinElmer ASCII (PE ... #DATA)",
          "txt asc",
          sniff_perkinelmer_ascii,
          read_perkinelmer_ascii};
}

}  // namespace calcispec::io
