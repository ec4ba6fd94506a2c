// calcispec info: what is in a file, numbers included.
#include "core/error.hpp"
#include "io/file.hpp"
#include "pipelines/cli/command.hpp"
#include "pipelines/cli/inputs.hpp"
#include "pipelines/cli/options.hpp"
#include "pipelines/cli/outputs.hpp"
#include "pipelines/info_json.hpp"

#include <array>

namespace calcispec::cli {

const CommandHelp& info_help() {
  static constexpr std::array options{
      choice_option("format", "table|json", "how to print (default: table)"),
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
      common::color,
      common::quiet,
  };
  static constexpr CommandHelp help{"info",
                                    "Show what is in files: format, axis, range, technique",
                                    "[options] INPUT...",
                                    "  calcispec info spectrum.txt\n"
                                    "  calcispec info --format json exports/\n",
                                    options};
  return help;
}

int run_info(std::span<const std::string> arguments) {
  const auto options = parse_options(info_help(), arguments);
  if (!options) {
    return exit_ok;
  }
  const auto target = options->text("output", "-");
  check_output(target, options->has("force"));
  const auto list = find_inputs(*options);
  std::vector<FileInfo> files;
  Index failed = 0;
  for (const auto& input : list.inputs) {
    check_interrupt();
    FileInfo info{input.path, std::nullopt, input.fault};
    if (input.fault.empty()) {
      try {
        auto read = read_options(*options);
        read.is_skim = true;  // counts and ranges need no map in memory
        info.file = io::load(input.path, read);
      } catch (const Error& error) {
        info.fault = (error.place() == input.path || error.place().empty() ? std::string()
                                                                           : error.place() + ": ") +
                     error.what();
      }
    }
    failed += info.file ? 0 : 1;
    files.push_back(std::move(info));
  }
  const bool is_json = options->text("format", "table") == "json";
  write_output(target, is_json ? info_json(files) : info_table(files));
  if (failed == 0) {
    return exit_ok;
  }
  return failed == static_cast<Index>(files.size()) ? exit_nothing_processed : exit_some_failed;
}

}  // namespace calcispec::cli
