// calcispec correct: exactly the listed steps, nothing else.
#include "core/error.hpp"
#include "io/file.hpp"
#include "io/spectra_csv.hpp"
#include "pipelines/cli/command.hpp"
#include "pipelines/cli/inputs.hpp"
#include "pipelines/cli/options.hpp"
#include "pipelines/cli/outputs.hpp"
#include "pipelines/step.hpp"

#include <array>

namespace calcispec::cli {

const CommandHelp& correct_help() {
  static constexpr std::array options{
      text_option("steps",
                  "TEXT",
                  "steps to run, in order, parted by |: "
                  "\"despike.median | baseline.arpls lambda=1e5\""),
      choice_option("keep", "baseline", "also write the background, as NAME.baseline.csv"),
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
      common::jobs,
      common::dry_run,
      common::color,
      common::quiet,
      common::verbose,
  };
  static constexpr CommandHelp help{
      "correct",
      "Run exactly the listed steps on spectra and write spectra",
      "--steps TEXT [options] INPUT...",
      "  calcispec correct --steps \"baseline.arpls lambda=1e5\" raw.txt -o corrected.csv\n"
      "  calcispec correct --steps \"smooth.fft\" exports/ -o smoothed/\n",
      options,
      "The axis is written back as it was read. `calcispec method list` names the steps.\n"};
  return help;
}

namespace {

struct CorrectJob {
  std::string input;
  std::string output;
  std::string baseline;  // empty: not wanted
};

std::string baseline_path(const std::string& output) {
  if (output == "-") {
    throw Error(ErrorCode::invalid_argument,
                "--keep baseline needs -o FILE or DIR, for two tables cannot go to one output");
  }
  const auto dot = output.rfind(".csv");
  return (dot == std::string::npos ? output : output.substr(0, dot)) + ".baseline.csv";
}

void correct_file(const CorrectJob& job, const std::vector<Step>& steps, const Options& options) {
  auto file = io::load(job.input, read_options(options));
  std::string text;
  std::string baselines;
  for (auto& recording : file.recordings) {
    Diagnostics diagnostics;
    SpectraMatrix baseline;
    run_steps(steps, options.whole_number("jobs", 0), recording, &baseline, diagnostics);
    for (const auto& row : diagnostics) {
      if (row.severity != Severity::note && !options.has("quiet")) {
        print_message(job.input + ": " + row.text);
      }
    }
    text += io::spectra_csv(recording);
    if (!job.baseline.empty()) {
      if (baseline.points() == 0) {
        throw Error(ErrorCode::invalid_argument,
                    "--keep baseline was given, but no step is a baseline");
      }
      auto kept = recording;
      kept.spectra = std::move(baseline);
      baselines += io::spectra_csv(kept);
    }
  }
  write_output(job.output, text);
  if (!job.baseline.empty()) {
    write_output(job.baseline, baselines);
  }
}

}  // namespace

int run_correct(std::span<const std::string> arguments) {
  const auto options = parse_options(correct_help(), arguments);
  if (!options) {
    return exit_ok;
  }
  if (!options->has("steps")) {
    throw Error(ErrorCode::invalid_argument,
                "--steps is missing; for example --steps \"baseline.arpls lambda=1e5\"");
  }
  const auto steps = parse_steps(options->text("steps"));
  const auto list = find_inputs(*options);
  if (options->has("dry-run")) {
    print_plan(list, options->text("output", "-"), ".csv");
    return exit_ok;
  }
  const auto inputs = list.readable();
  const bool is_forced = options->has("force");
  const auto outputs = plan_outputs(options->text("output", "-"), inputs, ".csv", is_forced);
  std::vector<CorrectJob> jobs;
  for (std::size_t i = 0; i < inputs.size(); ++i) {
    jobs.push_back({inputs[i], outputs[i], ""});
    if (options->has("keep")) {
      jobs.back().baseline = baseline_path(outputs[i]);
      check_output(jobs.back().baseline, is_forced);
    }
  }
  for (const auto& input : list.inputs) {
    if (!input.fault.empty()) {
      print_message(input.path + ": " + input.fault);
    }
  }
  std::size_t done = 0;
  for (const auto& job : jobs) {
    check_interrupt();
    try {
      correct_file(job, steps, *options);
      ++done;
    } catch (const Error& error) {
      if (error.code() != ErrorCode::unreadable_input) {
        throw;
      }
      print_message((error.place().empty() ? job.input : error.place()) + ": " + error.what());
    }
  }
  if (done == 0) {
    return exit_nothing_processed;
  }
  return done == list.inputs.size() ? exit_ok : exit_some_failed;
}

}  // namespace calcispec::cli
