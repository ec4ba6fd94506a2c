// calcispec report: the maps of a batch result as a page.
#include "core/error.hpp"
#include "pipelines/cli/command.hpp"
#include "pipelines/cli/options.hpp"
#include "pipelines/cli/outputs.hpp"
#include "pipelines/report/html_maps.hpp"

#include <array>
#include <filesystem>

namespace calcispec::cli {

const CommandHelp& report_help() {
  static constexpr std::array options{
      common::output,
      common::force,
      common::color,
      common::quiet,
  };
  static constexpr CommandHelp help{
      "report",
      "Render the maps of a batch result as one page for a browser",
      "RESULT.nxs -o FILE.html",
      "  calcispec report result.nxs -o result.html\n",
      options,
      "Reports of single spectra come from calcispec analyze --report.\n"
      "For research use only. Not for diagnosis or treatment decisions.\n"};
  return help;
}

int run_report(std::span<const std::string> arguments) {
  const auto options = parse_options(report_help(), arguments);
  if (!options) {
    return exit_ok;
  }
  if (options->words().size() != 1) {
    throw Error(ErrorCode::invalid_argument, "one result file is needed: report RESULT.nxs");
  }
  const auto& path = options->words().front();
  const auto target =
      options->text("output", std::filesystem::path(path).replace_extension(".html").string());
  check_output(target, options->has("force"));
  const auto result = io::read_result(path);
  write_output(target, maps_report(result, std::filesystem::path(path).filename().string()));
  return exit_ok;
}

}  // namespace calcispec::cli
