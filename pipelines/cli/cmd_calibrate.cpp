// calcispec calibrate: response factors from standards of known content.
#include "core/error.hpp"
#include "pipelines/calibration.hpp"
#include "pipelines/calibration_file.hpp"
#include "pipelines/cli/columns.hpp"
#include "pipelines/cli/command.hpp"
#include "pipelines/cli/options.hpp"
#include "pipelines/cli/outputs.hpp"

#include <array>
#include <cmath>
#include <filesystem>
#include <map>

namespace calcispec::cli {

const CommandHelp& calibrate_help() {
  static constexpr std::array options{
      text_option("standards",
                  "TABLE.csv",
                  "column file, then one column per reference with weight fractions, or with "
                  "percent if its name ends in _percent"),
      text_option("library", "DIR", "measured references (see calcispec library add)"),
      text_option("id", "NAME", "name of the calibration (default: that of the output)"),
      text_option("range", "FROM-TO", "part of the axis to use, in 1/cm (default: all)"),
      common::output,
      common::force,
      common::technique,
      common::mode,
      common::ordinate,
      common::laser,
      common::block,
      common::trust_input,
      common::color,
      common::quiet,
  };
  static constexpr CommandHelp help{
      "calibrate",
      "Learn response factors from standards of known content",
      "--standards TABLE.csv --library DIR [options]",
      "  calcispec library add pure/*.csv --library my_library\n"
      "  calcispec calibrate --standards standards.csv --library my_library -o cal.toml\n"
      "  calcispec analyze --library my_library --only-library --calibration cal.toml new/\n",
      options,
      "\nThe error printed is that of standards left out one at a time and predicted from the\n"
      "others. A calibration holds for its library, technique and sampling mode alone.\n"
      "For research use only. Not for diagnosis or treatment decisions.\n"};
  return help;
}

namespace {

std::string summary_of(const CalibrationRun& run) {
  const auto& calibration = run.learnt.calibration;
  std::string out = std::to_string(calibration.standards) + " standards, " +
                    std::to_string(calibration.phases.size()) + " references, " +
                    std::string(name_of(calibration.technique)) + "\n\n";
  std::size_t width = 10;
  for (const auto& phase : calibration.phases) {
    width = std::max(width, phase.size() + 2);
  }
  out += padded("reference", width) + "response  u(log)  standards wt%   left-out error wt%\n";
  const auto count = calibration.phases.size();
  for (std::size_t i = 0; i < count; ++i) {
    double square = 0;
    for (const auto& row : run.learnt.left_out) {
      square += row.phase == calibration.phases[i] ? std::pow(row.predicted - row.truth, 2) : 0;
    }
    out += padded(calibration.phases[i], width) +
           padded(fixed_text(std::exp(calibration.log_response[i]), 3), 10) +
           padded(fixed_text(std::sqrt(calibration.covariance[i * count + i]), 3), 8) +
           padded(fixed_text(100 * calibration.lowest[i], 1) + " to " +
                      fixed_text(100 * calibration.highest[i], 1),
                  16) +
           fixed_text(100 * std::sqrt(square / static_cast<double>(calibration.standards)), 2) +
           "\n";
  }
  return out + "\nleave-one-out error: " + fixed_text(100 * calibration.error, 2) +
         " wt% (root mean square over " + std::to_string(run.learnt.left_out.size()) +
         " fractions)\n";
}

}  // namespace

int run_calibrate(std::span<const std::string> arguments) {
  const auto options = parse_options(calibrate_help(), arguments);
  if (!options) {
    return exit_ok;
  }
  if (!options->has("standards") || !options->has("library")) {
    throw Error(ErrorCode::invalid_argument,
                "--standards TABLE.csv and --library DIR are needed; see calcispec calibrate "
                "--help");
  }
  const auto output = options->text("output");
  if (!output.empty()) {
    check_output(output, options->has("force"));
  }
  CalibrationRequest request;
  request.standards = options->text("standards");
  request.library = options->text("library");
  const auto stem = std::filesystem::path(output).stem().string();
  request.id = options->text("id", stem.empty() || stem == "-" ? "calibration" : stem);
  request.read = read_options(*options);
  if (options->has("range")) {
    request.composition.range_cm1 = parse_range(options->text("range"), "--range");
  }
  const auto run = calibrate_response(request);
  for (const auto& text : run.left_aside) {
    print_message("left aside: " + text);
  }
  if (output != "-") {
    print(summary_of(run));
  }
  if (!output.empty()) {
    write_output(output, calibration_text(run.learnt.calibration));
  }
  return run.left_aside.empty() ? exit_ok : exit_some_failed;
}

}  // namespace calcispec::cli
