// PerkinElmer ASP: point count, first and last x, three more lines, then one ordinate a line.
#include "io/text_spectra.hpp"

#include <cmath>

namespace calcispec::io {
namespace {

constexpr Index header_lines = 6;

std::optional<double> value_of(std::string_view line) {
  return parse_number(trimmed(line), '.');
}

int sniff_perkinelmer_asp(const FileView& file) {
  const auto lines = first_lines(file.bytes, 9);
  if (lines.size() < 9) {
    return 0;
  }
  for (const auto line : lines) {
    if (!value_of(line)) {
      return 0;
    }
  }
  const double count = *value_of(lines[0]);
  return count >= 3 && count == std::floor(count) && *value_of(lines[1]) != *value_of(lines[2]) ? 85
                                                                                                : 0;
}

LoadedFile read_perkinelmer_asp(const FileView& file, const ReadOptions& options) {
  const TextFile text(file);
  const auto& lines = text.lines();
  const double stated = *value_of(lines[0]);
  const double first = *value_of(lines[1]);
  const double last = *value_of(lines[2]);
  TextSpectra spectra;
  spectra.y.resize(1);
  for (Index i = header_lines; i < static_cast<Index>(lines.size()); ++i) {
    const auto line = trimmed(lines[static_cast<std::size_t>(i)]);
    if (line.empty()) {
      continue;
    }
    const auto value = value_of(line);
    if (!value) {
      text.fail(i, "\"" + utf8_from(line.substr(0, 40)) + "\" is not a number");
    }
    spectra.y[0].push_back(*value);
    spectra.lines.push_back(i);
  }
  const auto count = spectra.y[0].size();
  if (static_cast<double>(count) != stated) {
    text.fail(0,
              "the first line promises " + utf8_from(trimmed(lines[0])) + " points, " +
                  std::to_string(count) + " follow; the file seems cut off, export again");
  }
  for (std::size_t i = 0; i < count; ++i) {
    const double part = static_cast<double>(i) / static_cast<double>(count - 1);
    spectra.x.push_back(first + part * (last - first));
  }
  spectra.technique = Technique::ftir;
  spectra.x_label = "cm-1";
  Diagnostics diagnostics;
  auto recording = make_recording(std::move(spectra), text, options, diagnostics);
  return single_recording(file, "perkinelmer_asp", std::move(recording), std::move(diagnostics));
}

}  // namespace

Format perkinelmer_asp_format() {
  return {"perkinelmer_asp",
          "PerkinElmer ASP (count, ends, one ordinate a line)",
          "asp",
          sniff_perkinelmer_asp,
          read_perkinelmer_asp};
}

}  // namespace calcispec::io
