// calcispec library: reference phases and their bands, with sources.
#include "core/error.hpp"
#include "core/parameter.hpp"
#include "models/reference_library.hpp"
#include "pipelines/cli/command.hpp"
#include "pipelines/cli/options.hpp"
#include "pipelines/cli/outputs.hpp"

#include <array>

namespace calcispec::cli {

const CommandHelp& library_help() {
  static constexpr std::array options{
      text_option("library", "DIR", "a folder of bands instead of the built-in")};
  static constexpr CommandHelp help{"library",
                                    "List and show reference phases with their bands and sources",
                                    "list|show NAME|check DIR [--library DIR]",
                                    "  calcispec library list\n"
                                    "  calcispec library show calcite\n",
                                    options};
  return help;
}

namespace {

std::string line_of(const models::Phase& phase) {
  const auto count = [&](models::BandTechnique technique) {
    return std::to_string(phase.bands(technique).size());
  };
  return "  " + phase.id + "  " + phase.name + (phase.formula.empty() ? "" : ", " + phase.formula) +
         " (" + std::string(models::name_of(phase.role)) + "; bands: raman " +
         count(models::BandTechnique::raman) + ", transmission " +
         count(models::BandTechnique::ftir_transmission) + ", atr " +
         count(models::BandTechnique::ftir_atr) + ")\n";
}

std::string list_text(const models::ReferenceLibrary& library) {
  std::string out;
  for (const auto& phase : library.phases) {
    out += line_of(phase);
  }
  return out + "sha256: " + library.sha256 + "\n";
}

std::string show_text(const models::Phase& phase) {
  std::string out = line_of(phase);
  for (const auto technique : {models::BandTechnique::raman,
                               models::BandTechnique::ftir_transmission,
                               models::BandTechnique::ftir_atr}) {
    for (const auto& band : phase.bands(technique)) {
      out += "    " + std::string(models::name_of(technique)) + "  " +
             number_text(band.position_cm1) + " 1/cm, width " + number_text(band.fwhm_cm1) +
             ", intensity " + number_text(band.relative_intensity) + "  " + band.assignment +
             "  [" + std::string(models::name_of(band.status)) + ": " + band.source + "]\n";
    }
  }
  return out;
}

}  // namespace

int run_library(std::span<const std::string> arguments) {
  const auto options = parse_options(library_help(), arguments);
  if (!options) {
    return exit_ok;
  }
  const auto& words = options->words();
  const bool is_check = words.size() == 2 && words[0] == "check";
  const auto folder = is_check ? words[1] : options->text("library");
  const auto library =
      folder.empty() ? models::builtin_library() : models::library_from_folder(folder);
  if (is_check || (words.size() == 1 && words[0] == "list")) {
    print(list_text(library));
    return exit_ok;
  }
  if (words.size() != 2 || words[0] != "show") {
    throw Error(ErrorCode::invalid_argument, "expected list, show NAME or check DIR");
  }
  const auto* phase = library.find(words[1]);
  if (phase == nullptr) {
    std::vector<std::string_view> names;
    for (const auto& known : library.phases) {
      names.emplace_back(known.id);
    }
    const auto near = nearest_name(words[1], names);
    throw Error(ErrorCode::invalid_argument,
                "there is no phase '" + words[1] + "'" +
                    (near.empty() ? "; see calcispec library list"
                                  : "; did you mean " + std::string(near) + "?"));
  }
  print(show_text(*phase));
  return exit_ok;
}

}  // namespace calcispec::cli
