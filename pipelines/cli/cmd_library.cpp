// calcispec library: reference phases and their bands, with sources.
#include "core/error.hpp"
#include "core/parameter.hpp"
#include "models/reference_library.hpp"
#include "pipelines/cli/command.hpp"
#include "pipelines/cli/options.hpp"
#include "pipelines/cli/outputs.hpp"
#include "pipelines/measured_library.hpp"

#include <array>
#include <cmath>
#include <filesystem>

namespace calcispec::cli {

const CommandHelp& library_help() {
  static constexpr std::array options{
      text_option("library", "DIR", "a folder of bands or of measured spectra"),
      text_option("strip", "TEXT", "add: what to take off the front of file names to get ids"),
      text_option("id", "NAME", "add: id of the one file given (default: its name)"),
      text_option("formula", "TEXT", "add: chemical formula"),
      text_option("source", "TEXT", "add: where the substance and the spectrum come from"),
      text_option("licence", "TEXT", "add: terms of use of the spectrum"),
      common::force,
      common::technique,
      common::mode,
      common::ordinate,
      common::laser,
      common::block,
      common::axis,
      common::trust_input,
  };
  static constexpr CommandHelp help{"library",
                                    "List, show, check and add reference phases and spectra",
                                    "list|show NAME|check DIR|add FILE... [--library DIR]",
                                    "  calcispec library list\n"
                                    "  calcispec library show calcite\n"
                                    "  calcispec library add pure/*.csv --library my_library\n",
                                    options};
  return help;
}

namespace {

std::string library_line_of(const models::Phase& phase) {
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
    out += library_line_of(phase);
  }
  return out + "sha256: " + library.sha256 + "\n";
}

// How far a band can be trusted and where it is from; many sources begin with the former.
std::string source_text(const models::ReferenceBand& band) {
  const auto status = std::string(models::name_of(band.status)) + ":";
  return "[" + (band.source.starts_with(status) ? "" : status + " ") + band.source + "]";
}

std::string show_text(const models::Phase& phase) {
  std::string out = library_line_of(phase);
  for (const auto technique : {models::BandTechnique::raman,
                               models::BandTechnique::ftir_transmission,
                               models::BandTechnique::ftir_atr}) {
    for (const auto& band : phase.bands(technique)) {
      out += "    " + std::string(models::name_of(technique)) + "  " +
             number_text(band.position_cm1) + " 1/cm, width " + number_text(band.fwhm_cm1) +
             ", intensity " + number_text(band.relative_intensity) + "  " + band.assignment + "  " +
             source_text(band) + "\n";
    }
  }
  return out;
}

std::string library_line_of(const models::MeasuredReference& reference) {
  const bool is_raman = reference.technique == Technique::raman;
  return "  " + reference.id + "  " + (reference.formula.empty() ? "" : reference.formula + "  ") +
         std::string(name_of(reference.technique)) +
         (is_raman ? "" : " " + std::string(name_of(reference.mode))) + ", " +
         std::to_string(reference.axis->size()) + " points, " +
         number_text(reference.axis->front()) + " to " + number_text(reference.axis->back()) +
         " 1/cm, step " + number_text(std::round(100 * reference.axis->mean_step()) / 100) + "  [" +
         (reference.source.empty() ? "no source given" : reference.source) + "; " + reference.file +
         ", sha256 " + reference.sha256.substr(0, 12) + "]\n";
}

// By id, by the name that reports show, or all of a family.
std::vector<const models::Phase*> phases_called(const std::string& word,
                                                const models::ReferenceLibrary& library) {
  std::vector<const models::Phase*> family;
  std::vector<std::string_view> names;
  for (const auto& phase : library.phases) {
    if (phase.id == word || phase.name == word) {
      return {&phase};
    }
    if (phase.family == word) {
      family.push_back(&phase);
    }
    names.emplace_back(phase.id);
  }
  if (!family.empty()) {
    return family;
  }
  const auto near = nearest_name(word, names);
  throw Error(ErrorCode::invalid_argument,
              "there is no phase '" + word + "'" +
                  (near.empty() ? "; see calcispec library list"
                                : "; did you mean " + std::string(near) + "?"));
}

std::string list_text(const models::MeasuredLibrary& library) {
  std::string out;
  for (const auto& reference : library.references) {
    out += library_line_of(reference);
  }
  return out + "sha256: " + library.sha256 + "\n";
}

int add(const Options& options, std::span<const std::string> files) {
  if (files.empty() || !options.has("library")) {
    throw Error(ErrorCode::invalid_argument,
                "add needs files and --library DIR, the folder that takes them");
  }
  if (options.has("id") && files.size() != 1) {
    throw Error(ErrorCode::invalid_argument, "--id is for one file; ids come from file names else");
  }
  std::vector<NewReference> references;
  const auto strip = options.text("strip");
  for (const auto& file : files) {
    auto id = options.text("id", std::filesystem::path(file).stem().string());
    if (!strip.empty() && id.starts_with(strip)) {
      id.erase(0, strip.size());
    }
    references.push_back(
        {file, id, options.text("formula"), options.text("source"), options.text("licence")});
  }
  print(list_text(add_references(
      options.text("library"), references, read_options(options), options.has("force"))));
  return exit_ok;
}

// list, show and check of a folder of measured spectra.
int show_measured(const std::string& folder,
                  const Options& options,
                  std::span<const std::string> words) {
  const auto library = load_measured_library(folder, read_options(options).reader_program);
  if (words[0] != "show") {
    print(list_text(library));
    return exit_ok;
  }
  std::string out;
  for (const auto& reference : library.references) {
    out +=
        words.size() == 2 && reference.id == words[1] ? library_line_of(reference) : std::string();
  }
  if (out.empty()) {
    throw Error(ErrorCode::invalid_argument,
                "there is no such reference; see calcispec library list --library " + folder);
  }
  print(out);
  return exit_ok;
}

}  // namespace

int run_library(std::span<const std::string> arguments) {
  const auto options = parse_options(library_help(), arguments);
  if (!options) {
    return exit_ok;
  }
  const auto& words = options->words();
  if (!words.empty() && words[0] == "add") {
    return add(*options, std::span(words).subspan(1));
  }
  const bool is_check = words.size() == 2 && words[0] == "check";
  const auto folder = is_check ? words[1] : options->text("library");
  if (!folder.empty() && !words.empty() && is_measured_library(folder)) {
    return show_measured(folder, *options, words);
  }
  const auto library =
      folder.empty() ? models::builtin_library() : models::library_from_folder(folder);
  if (is_check || (words.size() == 1 && words[0] == "list")) {
    print(list_text(library));
    return exit_ok;
  }
  if (words.size() != 2 || words[0] != "show") {
    throw Error(ErrorCode::invalid_argument, "expected list, show NAME, check DIR or add FILE...");
  }
  std::string text;
  for (const auto* phase : phases_called(words[1], library)) {
    text += show_text(*phase);
  }
  print(text);
  return exit_ok;
}

}  // namespace calcispec::cli
