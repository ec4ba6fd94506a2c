// calcispec analyze: the main job.
#include "core/build_info.hpp"
#include "core/error.hpp"
#include "io/file.hpp"
#include "pipelines/analysis.hpp"
#include "pipelines/cli/analysis_options.hpp"
#include "pipelines/cli/command.hpp"
#include "pipelines/cli/inputs.hpp"
#include "pipelines/cli/options.hpp"
#include "pipelines/cli/outputs.hpp"
#include "pipelines/cli/progress.hpp"
#include "pipelines/replay.hpp"
#include "pipelines/report/analysis_json.hpp"
#include "pipelines/report/analysis_text.hpp"
#include "pipelines/report/analysis_xlsx.hpp"
#include "pipelines/report/html_report.hpp"
#include "pipelines/report/svg_bars.hpp"
#include "pipelines/report/svg_figure.hpp"
#include "pipelines/specimens.hpp"

#include <algorithm>
#include <array>
#include <filesystem>
#include <map>
#include <tuple>
#include <unistd.h>

namespace calcispec::cli {

const CommandHelp& analyze_help() {
  static constexpr std::array options{
      text_option("report", "FILE.html", "write the report, one file for a browser"),
      text_option("json", "FILE", "write all results as JSON"),
      text_option("csv", "FILE", "write one row per spectrum"),
      text_option("xlsx", "FILE", "write a workbook: spectra, phases, markers, provenance"),
      text_option("figures", "DIR", "write one SVG picture per spectrum and map"),
      choice_option(
          "format",
          "table|json|csv",
          "what goes to --output (default: by its ending, else a short table; a folder gets "
          "report.html, results.json and results.csv)"),
      common::output,
      common::technique,
      common::mode,
      common::ordinate,
      common::laser,
      common::block,
      common::axis,
      common::trust_input,
      with_variable(text_option(
          "method", "NAME|FILE", "method to use (default: the built-in for each spectrum)")),
      text_option("range", "FROM-TO", "part of the axis whose composition is reported, in 1/cm"),
      text_option("library", "DIR", "folder of further reference bands, or of measured spectra"),
      flag_option("only-library", "use the references of --library alone"),
      list_option("calibration",
                  "FILE.toml",
                  "what calcispec calibrate learnt: response factors of the same library, marker "
                  "lines; may be repeated"),
      text_option("material", "NAME", "what the samples are, as marker calibrations call it"),
      flag_option("assume-response",
                  "weight fractions by response factors from memory, with the intervals they ask "
                  "for (Raman)"),
      flag_option("each-alone",
                  "estimate every spectrum of a map by itself, not with what they have in common "
                  "(slower)"),
      number_option("instrument-width",
                    "CM1",
                    "full width of a line as the instrument shows it, in 1/cm; for "
                    "nu1_width_corrected",
                    {0.01, 100}),
      text_option("specimens",
                  "TABLE.csv",
                  "columns file and specimen: spectra of one specimen are combined, and where they "
                  "disagree is said"),
      text_option("replay",
                  "RESULT.json",
                  "run again what the result was made with and say whether the numbers are "
                  "identical; inputs stated stand in for those of the record"),
      flag_option("strict", "exit code 4 if a spectrum is refused"),
      common::recursive,
      common::include,
      common::force,
      common::dry_run,
      common::jobs,
      common::color,
      common::quiet,
      common::verbose,
  };
  static constexpr CommandHelp help{
      "analyze",
      "Read, check and fit spectra; report composition and markers with intervals",
      "[options] INPUT...",
      "  calcispec analyze exports/ --report report.html\n"
      "  calcispec analyze exports/ -o results/\n"
      "  calcispec analyze --mode atr tissue.csv --json result.json\n",
      options,
      "Without an output option a short table goes to standard output.\n"
      "For research use only. Not for diagnosis or treatment decisions.\n"};
  return help;
}

namespace {

AnalysisRequest analysis_request_of(const Options& options) {
  AnalysisRequest request;
  request.read = read_options(options);
  request.jobs = options.whole_number("jobs", 0);
  take_references(options, request);
  request.material = options.text("material");
  request.assumes_response = options.has("assume-response");
  request.is_each_alone = options.has("each-alone");
  if (request.assumes_response && !request.calibrations.empty()) {
    throw Error(ErrorCode::invalid_argument,
                "--assume-response stands in for response factors, and --calibration states some");
  }
  request.markers.instrument_width_cm1 = options.number("instrument-width", 0);
  return request;
}

// What numbers depend on.
constexpr std::array recorded_options{"technique",
                                      "mode",
                                      "ordinate",
                                      "laser",
                                      "block",
                                      "method",
                                      "range",
                                      "library",
                                      "only-library",
                                      "calibration",
                                      "material",
                                      "assume-response",
                                      "each-alone",
                                      "instrument-width",
                                      "specimens"};

std::vector<RecordedOption> record_of(const Options& options) {
  std::vector<RecordedOption> out;
  for (const auto* name : recorded_options) {
    if (!options.has(name)) {
      continue;
    }
    auto values = options.list(name);
    if (values.empty()) {
      values.emplace_back();  // a flag
    }
    for (const auto& value : values) {
      out.push_back({name, value});
    }
  }
  return out;
}

constexpr std::array file_outputs{"report", "json", "csv", "xlsx"};

// Of an output that is a folder.
constexpr std::array folder_files{"report.html", "results.json", "results.csv"};

std::string in_folder(const std::string& folder, const char* name) {
  return folder + (folder.ends_with('/') ? "" : "/") + name;
}

void check_main_output(const std::string& target, bool force) {
  if (!is_folder_name(target)) {
    check_output(target, force);
    return;
  }
  make_folder(target);
  for (const auto* name : folder_files) {
    check_output(in_folder(target, name), force);
  }
}

void check_outputs(const Options& options) {
  if (options.has("xlsx") && !has_xlsx()) {
    analysis_xlsx({});  // says what is missing
  }
  if (options.text("xlsx") == "-") {
    throw Error(ErrorCode::invalid_argument, "a workbook needs a file name, not -", "--xlsx");
  }
  for (const auto* name : file_outputs) {
    if (options.has(name)) {
      check_output(options.text(name), options.has("force"));
    }
  }
  if (options.has("output")) {
    check_main_output(options.text("output"), options.has("force"));
  }
  if (options.has("figures")) {
    make_picture_folder(options.text("figures"), options.has("force"));
  }
}

// Inputs that could not be found stand in the result beside those that could not be read.
void add_analysis_faults(const InputList& list, AnalysisResult& result) {
  for (const auto& input : list.inputs) {
    if (!input.fault.empty()) {
      SpectrumAnalysis entry;
      entry.input = input.path;
      entry.id = input.path;
      entry.message = input.fault;
      result.spectra.push_back(std::move(entry));
    }
  }
}

std::string analysis_format(const Options& options) {
  const auto target = options.text("output", "-");
  const std::string by_ending = target.ends_with(".json")  ? "json"
                                : target.ends_with(".csv") ? "csv"
                                                           : "table";
  return options.text("format", by_ending);
}

// Without any file a table goes to standard output.
bool has_main_output(const Options& options) {
  return options.has("output") || options.has("format") ||
         (!options.has("figures") &&
          std::none_of(file_outputs.begin(), file_outputs.end(), [&](const char* name) {
            return options.has(name);
          }));
}

bool shows_table(const Options& options) {
  return has_main_output(options) && options.text("output", "-") == "-" &&
         analysis_format(options) == "table";
}

void write_main_output(const Options& options, const AnalysisResult& result) {
  const auto target = options.text("output", "-");
  if (is_folder_name(target)) {
    write_output(in_folder(target, folder_files[0]), html_report(result));
    write_output(in_folder(target, folder_files[1]), analysis_json(result));
    write_output(in_folder(target, folder_files[2]), analysis_csv(result));
    return;
  }
  const auto format = analysis_format(options);
  if (format != "table") {
    write_output(target, format == "json" ? analysis_json(result) : analysis_csv(result));
    return;
  }
  const bool is_colored = target == "-" && use_color(options.text("color", "auto"), STDOUT_FILENO);
  const bool has_any = std::any_of(
      result.spectra.begin(), result.spectra.end(), [](const auto& entry) { return entry.axis; });
  const bool is_hinting = target == "-" && has_any && !options.has("report");
  write_output(target,
               analysis_text(result, is_colored) +
                   (is_hinting ? "\nFor pictures: add --report report.html\n" : ""));
}

// Spectra of one input with the same thing to say, in the order of the first.
struct AnalysisTrouble {
  const SpectrumAnalysis* first;
  std::size_t count;
};

std::vector<AnalysisTrouble> analysis_troubles(const AnalysisResult& result) {
  std::vector<AnalysisTrouble> out;
  std::map<std::tuple<std::string_view, AnalysisStatus, std::string_view>, std::size_t> known;
  for (const auto& entry : result.spectra) {
    if (entry.status == AnalysisStatus::ok) {
      continue;
    }
    const auto [at, is_new] =
        known.try_emplace({entry.input, entry.status, entry.message}, out.size());
    if (is_new) {
      out.push_back({&entry, 0});
    }
    ++out[at->second].count;
  }
  return out;
}

// A table on the terminal says the same.
void print_failures(const Options& options, const AnalysisResult& result) {
  if (shows_table(options) && isatty(STDOUT_FILENO) == 1) {
    return;
  }
  for (const auto& [first, count] : analysis_troubles(result)) {
    if (first->status == AnalysisStatus::failed) {
      const bool says_place = first->message.starts_with(first->input + ":");
      print_message((says_place ? "" : first->input + ": ") + first->message);
    } else if (!options.has("quiet")) {
      const auto more = count > 1 ? " and " + std::to_string(count - 1) + " more of its file" : "";
      print_message(first->id + more + ": refused: " + first->message);
    }
  }
}

void write_analysis_figures(const std::string& folder, const AnalysisResult& result) {
  for (std::size_t i = 0; i < result.spectra.size(); ++i) {
    const auto picture = figure_svg(result.spectra[i]);
    if (!picture.empty()) {
      write_output(folder + "/" + figure_name(result.spectra[i].id, i) + ".svg", picture);
    }
  }
  std::size_t number = 0;
  for (const auto& map : result.maps) {
    for (const auto& values : maps_of(result, map)) {
      write_output(folder + "/map_" + std::to_string(++number) + ".svg", map_svg(values));
    }
  }
}

void write_files(const Options& options, const AnalysisResult& result) {
  if (options.has("json")) {
    write_output(options.text("json"), analysis_json(result));
  }
  if (options.has("csv")) {
    write_output(options.text("csv"), analysis_csv(result));
  }
  if (options.has("xlsx")) {
    write_output(options.text("xlsx"), analysis_xlsx(result));
  }
  if (options.has("figures")) {
    write_analysis_figures(options.text("figures"), result);
  }
  if (options.has("report")) {
    write_output(options.text("report"), html_report(result));
  }
}

// Without a word on the terminal a newcomer would not know that it worked.
void tell_what_was_written(const Options& options) {
  for (const auto* name : file_outputs) {
    if (options.has(name) && options.text(name) != "-") {
      print_message("wrote " + options.text(name));
    }
  }
  if (options.has("figures")) {
    print_message("wrote pictures to " + options.text("figures"));
  }
}

void write_outputs(const Options& options, const AnalysisResult& result) {
  write_files(options, result);
  if (has_main_output(options)) {
    write_main_output(options, result);
  } else if (!options.has("quiet")) {
    tell_what_was_written(options);
  }
}

int analysis_exit_code(const Options& options, const AnalysisResult& result) {
  const auto count = [&](AnalysisStatus status) {
    return std::count_if(result.spectra.begin(), result.spectra.end(), [status](const auto& entry) {
      return entry.status == status;
    });
  };
  const auto failed = count(AnalysisStatus::failed);
  if (failed == static_cast<std::ptrdiff_t>(result.spectra.size())) {
    return exit_nothing_processed;
  }
  if (failed > 0) {
    return exit_some_failed;
  }
  return options.has("strict") && count(AnalysisStatus::refused) > 0 ? exit_refused_strict
                                                                     : exit_ok;
}

// What a run would make of one input.
std::string plan_of(const std::string& path, const AnalysisRequest& request) {
  try {
    const auto file = io::load(path, request.read);
    const auto& first = file.recordings.front();
    const auto method = request.method.value_or(builtin_method(first.technique, first.mode));
    return "would be read as " + file.format + ": " + std::to_string(first.spectra.rows()) +
           (first.spectra.rows() == 1 ? " spectrum, " : " spectra, ") +
           std::string(name_of(first.technique)) +
           (first.technique == Technique::ftir ? " " + std::string(name_of(first.mode)) : "") +
           ", method " + method.name;
  } catch (const Error& error) {
    return "cannot be read: " + std::string(error.what());
  }
}

int print_analysis_plan(const Options& options,
                        const InputList& list,
                        const AnalysisRequest& request) {
  for (const auto& input : list.inputs) {
    print(input.path + "  " + (input.fault.empty() ? plan_of(input.path, request) : input.fault) +
          "\n");
  }
  const auto say = [&](const char* name) {
    if (options.has(name)) {
      std::error_code ignored;
      const bool is_there =
          !options.has("force") && std::filesystem::is_regular_file(options.text(name), ignored);
      print(options.text(name) + "  would be written (--" + name + ")" +
            (is_there ? "; exists already, so --force is needed\n" : "\n"));
    }
  };
  for (const auto* name : file_outputs) {
    say(name);
  }
  say("figures");
  say("output");
  return exit_ok;
}

AnalysisResult run_request(const Options& options, AnalysisRequest request, const InputList& list) {
  request.inputs = list.readable();
  const auto specimens =
      options.has("specimens") ? load_specimens(options.text("specimens")) : SpecimenTable();
  watch_interrupt();
  Progress progress("analysing spectra", options.has("quiet"));
  auto result = analyze(request, [&](Index done, Index total) {
    progress.update(done, total);
    check_interrupt();
  });
  add_analysis_faults(list, result);
  combine_specimens(specimens, result);
  result.options = record_of(options);
  return result;
}

std::string verdict_text(const ReplayVerdict& verdict) {
  std::string out = verdict.is_identical
                        ? "The numbers are identical.\n"
                        : "The numbers differ in " + std::to_string(verdict.count) + " places.\n";
  for (const auto& text : verdict.changed) {
    out += "  not as it was: " + text + "\n";
  }
  for (const auto& text : verdict.differences) {
    out += "  " + text + "\n";
  }
  if (static_cast<std::size_t>(verdict.count) > verdict.differences.size()) {
    out += "  and more\n";
  }
  return out;
}

// The arguments of the record, with the inputs stated now if there are any.
int run_replay(const Options& options) {
  for (const auto* name : recorded_options) {
    if (options.has(name)) {
      throw Error(ErrorCode::invalid_argument,
                  std::string("--") + name +
                      " cannot stand beside --replay, which takes it from "
                      "the record");
    }
  }
  const auto record = load_record(options.text("replay"));
  std::vector<std::string> arguments;
  for (const auto& option : record.options) {
    arguments.push_back("--" + option.name);
    const bool is_flag = option.name == "only-library" || option.name == "assume-response" ||
                         option.name == "each-alone";
    if (!is_flag) {
      arguments.push_back(option.value);
    }
  }
  if (options.has("quiet")) {
    arguments.emplace_back("--quiet");
  }
  arguments.emplace_back("--");
  const auto& inputs = options.words().empty() ? record.inputs : options.words();
  arguments.insert(arguments.end(), inputs.begin(), inputs.end());
  const auto recorded = parse_options(analyze_help(), arguments);
  check_outputs(options);
  const auto result =
      run_request(*recorded, analysis_request_of(*recorded), find_inputs(*recorded));
  const auto verdict = compare_runs(record, result);
  print(verdict_text(verdict));
  write_files(options, result);
  return verdict.is_identical ? exit_ok : exit_some_failed;
}

}  // namespace

int run_analyze(std::span<const std::string> arguments) {
  const auto options = parse_options(analyze_help(), arguments);
  if (!options) {
    return exit_ok;
  }
  if (options->has("replay")) {
    return run_replay(*options);
  }
  auto request = analysis_request_of(*options);
  const auto list = find_inputs(*options);
  if (options->has("dry-run")) {
    return print_analysis_plan(*options, list, request);
  }
  check_outputs(*options);
  const auto result = run_request(*options, std::move(request), list);
  print_failures(*options, result);
  write_outputs(*options, result);
  return analysis_exit_code(*options, result);
}

}  // namespace calcispec::cli
