// calcispec convert: spectra of any readable format as CSV, JCAMP-DX, SPC or NeXus; pictures.
#include "core/error.hpp"
#include "io/file.hpp"
#include "io/nexus.hpp"
#include "io/spectra_csv.hpp"
#include "io/spectra_jcamp.hpp"
#include "io/spectra_spc.hpp"
#include "pipelines/cli/command.hpp"
#include "pipelines/cli/inputs.hpp"
#include "pipelines/cli/options.hpp"
#include "pipelines/cli/outputs.hpp"

#include <algorithm>
#include <array>
#include <cctype>
#include <filesystem>
#include <string>

namespace calcispec::cli {

const CommandHelp& convert_help() {
  static constexpr std::array options{
      choice_option("to",
                    "csv|jcamp|spc|nxs|jpg",
                    "format to write (default: by the ending of the output, else csv); jpg: the "
                    "picture that a WDF file holds beside its spectra"),
      choice_option("packing", "affn|dif", "jcamp: plain decimals (default) or differences"),
      common::output,
      common::force,
      common::recursive,
      common::include,
      common::technique,
      common::mode,
      common::ordinate,
      common::laser,
      common::block,
      common::axis,
      common::trust_input,
      common::dry_run,
      common::color,
      common::quiet,
  };
  static constexpr CommandHelp help{"convert",
                                    "Write spectra in another format",
                                    "[options] INPUT...",
                                    "  calcispec convert export.txt -o spectrum.csv\n"
                                    "  calcispec convert exports/ -o csv/\n",
                                    options};
  return help;
}

namespace {

// As asked for, else as the output is called.
std::string format_to_write(const Options& options) {
  if (options.has("to")) {
    return options.text("to");
  }
  auto ending = std::filesystem::path(options.text("output", "-")).extension().string();
  std::transform(ending.begin(), ending.end(), ending.begin(), [](unsigned char c) {
    return static_cast<char>(std::tolower(c));
  });
  if (ending == ".jdx" || ending == ".dx" || ending == ".jcamp") {
    return "jcamp";
  }
  if (ending == ".jpg" || ending == ".jpeg") {
    return "jpg";
  }
  return ending == ".spc" ? "spc" : ending == ".nxs" ? "nxs" : "csv";
}

void write_file(const io::LoadedFile& file, const Options& options, const std::string& output) {
  const auto format = format_to_write(options);
  if (format == "nxs") {
    write_output_file(
        output, [&](const std::string& temporary) { io::write_nexus(temporary, file.recordings); });
    return;
  }
  if (format == "jcamp") {
    const bool is_dif = options.text("packing", "affn") == "dif";
    write_output(output,
                 io::spectra_jcamp(file.recordings,
                                   is_dif ? io::JcampPacking::dif : io::JcampPacking::affn));
    return;
  }
  if (format == "spc") {
    if (file.recordings.size() != 1) {
      throw Error(ErrorCode::unreadable_input,
                  "holds spectra of several axes, which one SPC file cannot; choose one with "
                  "--block",
                  file.path);
    }
    write_output(output, io::spectra_spc(file.recordings.front()));
    return;
  }
  if (format == "jpg") {
    if (file.pictures.empty()) {
      throw Error(ErrorCode::unreadable_input, "holds no picture beside its spectra", file.path);
    }
    write_output(output, file.pictures.front().bytes);
    return;
  }
  std::string text;
  for (const auto& recording : file.recordings) {
    text += io::spectra_csv(recording);
  }
  write_output(output, text);
}

}  // namespace

int run_convert(std::span<const std::string> arguments) {
  const auto options = parse_options(convert_help(), arguments);
  if (!options) {
    return exit_ok;
  }
  const auto format = format_to_write(*options);
  const auto ending = format == "jcamp" ? std::string(".jdx") : "." + format;
  const auto target = options->text("output", "-");
  if (format == "nxs" && target == "-") {
    throw Error(
        ErrorCode::invalid_argument, "NeXus needs a file or folder: -o FILE.nxs", "--output");
  }
  const auto list = find_inputs(*options);
  if (options->has("dry-run")) {
    print_plan(list, target, ending);
    return exit_ok;
  }
  const auto inputs = list.readable();
  const auto outputs = plan_outputs(target, inputs, ending, options->has("force"));
  std::size_t done = 0;
  for (const auto& input : list.inputs) {
    if (!input.fault.empty()) {
      print_message(input.path + ": " + input.fault);
    }
  }
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    check_interrupt();
    try {
      const auto file = io::load(inputs[i], read_options(*options));
      write_file(file, *options, outputs[i]);
      ++done;
    } catch (const Error& error) {
      if (error.code() == ErrorCode::output_failed) {
        throw;
      }
      print_message((error.place().empty() ? inputs[i] : error.place()) + ": " + error.what());
    }
  }
  if (done == 0) {
    return exit_nothing_processed;
  }
  return done == list.inputs.size() ? exit_ok : exit_some_failed;
}

}  // namespace calcispec::cli
