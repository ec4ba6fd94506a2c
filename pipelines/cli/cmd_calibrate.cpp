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
                  "column file, then one column per phase with weight fractions, or with "
                  "percent if its name ends in _percent; with --marker: file, value, and if there "
                  "are any value_sd and group"),
      text_option("library",
                  "DIR",
                  "measured references (see calcispec library add); without it the band tables"),
      text_option("marker", "ID", "learn this marker against the column value"),
      choice_option("form",
                    "line|falling|rising",
                    "of the marker curve: p + q m, p / (1 + q m), p q m / (1 + q m) (default: the "
                    "one that predicts best what it was not shown)"),
      text_option("unit", "TEXT", "of the values (default: that of the marker)"),
      text_option("material", "NAME", "what the standards are; analyze --material must agree"),
      text_option("id", "NAME", "name of the calibration (default: that of the output)"),
      text_option("range", "FROM-TO", "part of the axis to use, in 1/cm (default: all)"),
      common::output,
      common::force,
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
  static constexpr CommandHelp help{
      "calibrate",
      "Learn response factors or a marker line from standards of known content",
      "--standards TABLE.csv [--library DIR | --marker ID] [options]",
      "  calcispec library add pure/*.csv --library my_library\n"
      "  calcispec calibrate --standards standards.csv --library my_library -o cal.toml\n"
      "  calcispec analyze --library my_library --only-library --calibration cal.toml new/\n"
      "  calcispec calibrate --marker carbonate_wt --standards known.csv -o carbonate.toml\n"
      "  calcispec analyze --calibration carbonate.toml new/\n",
      options,
      "The error printed is that of standards left out one at a time and predicted from the\n"
      "others. A calibration holds for its library, technique and sampling mode alone, a marker\n"
      "line for the kind of sample and the range of its standards too; elsewhere it is refused.\n"
      "For research use only. Not for diagnosis or treatment decisions.\n"};
  return help;
}

namespace {

std::string calibrate_summary_of(const CalibrationRun& run) {
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
  out += "\nleave-one-out error: " + fixed_text(100 * calibration.error, 2) +
         " wt% (root mean square over " + std::to_string(run.learnt.left_out.size()) +
         " fractions)\n";
  for (std::size_t i = 0; i < calibration.height_per_area.size(); ++i) {
    if (calibration.height_per_area[i] > 0) {
      out += calibration.phases[i] +
             " is measured by its highest point, not by its area: standards left out are then "
             "predicted better\n";
    }
  }
  if (calibration.correction) {
    out += "corrected for cross-talk between references and by where the standards lie; without: " +
           fixed_text(100 * run.learnt.uncorrected_error, 2) + " wt%\n";
  }
  return out;
}

std::string equation_of(const models::MarkerCalibration& calibration) {
  const auto numbers = ", p = " + short_text(calibration.parameters[0]) + " (u " +
                       short_text(std::sqrt(calibration.covariance[0])) +
                       "), q = " + short_text(calibration.parameters[1]) + " (u " +
                       short_text(std::sqrt(calibration.covariance[2])) + ")";
  switch (calibration.form) {
    case models::CalibrationForm::falling:
      return "value = p / (1 + q m)" + numbers;
    case models::CalibrationForm::rising:
      return "value = p q m / (1 + q m)" + numbers;
    case models::CalibrationForm::line:
      break;
  }
  return "value = p + q m" + numbers;
}

std::string marker_summary(const MarkerCalibrationRun& run) {
  const auto& calibration = run.learnt.calibration;
  const auto count = std::to_string(calibration.standards);
  const auto unit = calibration.unit == "1" ? std::string() : " " + calibration.unit;
  std::string out = count + " standards, " + std::string(name_of(calibration.technique)) + ": " +
                    calibration.marker + unit +
                    " from m = " + models::predictor_of(calibration.marker) + ", " +
                    short_text(calibration.lowest) + " to " + short_text(calibration.highest) +
                    "\n" + equation_of(calibration) + ", scatter of samples " +
                    short_text(calibration.scatter) + unit + "\n\n";
  std::size_t width = 10;
  for (const auto& row : run.learnt.left_out) {
    width = std::max(width, row.file.size() + 2);
  }
  out += padded("standard", width) + "marker    known     predicted without it\n";
  for (const auto& row : run.learnt.left_out) {
    out += padded(row.file, width) + padded(short_text(row.marker), 10) +
           padded(short_text(row.truth), 10) + short_text(row.predicted) + "\n";
  }
  out += "\nleave-one-out error: " + short_text(calibration.left_out_error) + unit +
         " (root mean square over " + count + " standards)\n";
  if (calibration.group_error > 0) {
    out += "leave-one-group-out error: " + short_text(calibration.group_error) + unit + "\n";
  }
  return out;
}

// What both kinds end with.
template <typename Run>
int finish(const Run& run, const std::string& output, const std::string& summary) {
  for (const auto& text : run.left_aside) {
    print_message("left aside: " + text);
  }
  if (output != "-") {
    print(summary);
  }
  if (!output.empty()) {
    write_output(output, calibration_text(run.learnt.calibration));
  }
  return run.left_aside.empty() ? exit_ok : exit_some_failed;
}

std::string id_of(const Options& options) {
  const auto stem = std::filesystem::path(options.text("output")).stem().string();
  return options.text("id", stem.empty() || stem == "-" ? "calibration" : stem);
}

std::optional<std::pair<double, double>> range_of(const Options& options) {
  if (!options.has("range")) {
    return std::nullopt;
  }
  return parse_range(options.text("range"), "--range");
}

int run_marker(const Options& options) {
  if (options.has("library")) {
    throw Error(ErrorCode::invalid_argument,
                "--marker reads the bands of the product; leave out --library");
  }
  MarkerCalibrationRequest request;
  request.standards = options.text("standards");
  request.marker = options.text("marker");
  request.id = id_of(options);
  request.unit = options.text("unit");
  request.material = options.text("material");
  request.form = models::calibration_form_from_name(options.text("form"));
  request.read = read_options(options);
  request.composition.range_cm1 = range_of(options);
  const auto run = calibrate_marker(request);
  return finish(run, options.text("output"), marker_summary(run));
}

int run_response(const Options& options) {
  CalibrationRequest request;
  request.standards = options.text("standards");
  request.library = options.text("library");
  request.id = id_of(options);
  request.read = read_options(options);
  request.composition.range_cm1 = range_of(options);
  const auto run = calibrate_response(request);
  return finish(run, options.text("output"), calibrate_summary_of(run));
}

}  // namespace

int run_calibrate(std::span<const std::string> arguments) {
  const auto options = parse_options(calibrate_help(), arguments);
  if (!options) {
    return exit_ok;
  }
  if (!options->has("standards")) {
    throw Error(ErrorCode::invalid_argument,
                "--standards TABLE.csv is needed; see calcispec calibrate --help");
  }
  const auto output = options->text("output");
  if (!output.empty()) {
    check_output(output, options->has("force"));
  }
  return options->has("marker") ? run_marker(*options) : run_response(*options);
}

}  // namespace calcispec::cli
