// LabSpec text: "#key=" header lines, then two columns.
#include "io/text_spectra.hpp"

namespace calcispec::io {
namespace {

bool is_key(std::string_view line) {
  return line.size() > 1 && line[0] == '#' && line[1] != '#' &&
         line.find('=') != std::string_view::npos;
}

int sniff_labspec_text(const FileView& file) {
  const auto lines = first_lines(file.bytes, 4);
  return lines.size() == 4 && is_key(lines[0]) && is_key(lines[1]) && is_key(lines[2]) ? 80 : 0;
}

LoadedFile read_labspec_text(const FileView& file, const ReadOptions& options) {
  const TextFile text(file);
  const auto dialect = find_dialect(text.lines(), 2).value_or(Dialect{'\t', '.'});
  TextSpectra spectra;
  spectra.y.resize(1);
  spectra.technique = Technique::raman;
  spectra.x_label = "Raman shift 1/cm";
  for (Index i = 0; i < static_cast<Index>(text.lines().size()); ++i) {
    const auto line = trimmed(text.lines()[static_cast<std::size_t>(i)]);
    if (is_key(line)) {
      const auto equals = line.find('=');
      const auto key = utf8_from(trimmed(line.substr(1, equals - 1)));
      spectra.metadata[key] = utf8_from(trimmed(line.substr(equals + 1)));
      if (lower_case(key).find("laser") != std::string::npos) {
        spectra.laser_nm = parse_number(spectra.metadata[key], '.');
      }
      continue;
    }
    if (line.empty()) {
      continue;
    }
    const auto numbers = parse_numbers(line, dialect);
    if (!numbers || numbers->size() != 2) {
      text.fail(i, "two numbers were expected: Raman shift and intensity");
    }
    spectra.x.push_back((*numbers)[0]);
    spectra.y[0].push_back((*numbers)[1]);
    spectra.lines.push_back(i);
  }
  spectra.y_label = "intensity";
  Diagnostics diagnostics;
  auto recording = make_recording(std::move(spectra), text, options, diagnostics);
  return single_recording(file, "labspec_text", std::move(recording), std::move(diagnostics));
}

}  // namespace

Format labspec_text_format() {
  return {"labspec_text",
          "LabSpec text (#key= lines, two columns)",
          "txt",
          sniff_labspec_text,
          read_labspec_text};
}

}  // namespace calcispec::io
