// calcispec fit: bands, background and errors of every spectrum.
#include "core/error.hpp"
#include "pipelines/band_fit.hpp"
#include "pipelines/cli/command.hpp"
#include "pipelines/cli/inputs.hpp"
#include "pipelines/cli/options.hpp"
#include "pipelines/cli/outputs.hpp"
#include "pipelines/cli/progress.hpp"
#include "pipelines/report/fit_figure.hpp"
#include "pipelines/report/fit_report.hpp"
#include "pipelines/report/svg_bars.hpp"
#include "pipelines/report/svg_figure.hpp"

#include <algorithm>
#include <array>
#include <set>
#include <unistd.h>

namespace calcispec::cli {
namespace {

std::string notes() {
  std::string out = "built-in band sets (--bands list has their titles):\n";
  for (const auto& name : builtin_band_set_names()) {
    out += "  " + name + "\n";
  }
  return out +
         "\nA spectrum that cannot be fitted is a row with a status. Statuses: converged, "
         "at_bounds,\n"
         "iteration_limit, stalled, failed, not_fitted (nothing above noise; see --gate).\n"
         "Noise is what the bands file gives, else it is estimated from neighbouring points.\n"
         "For research use only. Not for diagnosis or treatment decisions.\n";
}

}  // namespace

const CommandHelp& fit_help() {
  static constexpr std::array options{
      text_option("bands",
                  "FILE|NAME|auto",
                  "a TOML file, a built-in set (list names them), or auto: found in the spectrum"),
      flag_option("show-bands", "print the bands file and stop: a start for your own"),
      text_option(
          "range", "FROM-TO", "part of the axis to fit; overrides [range] of the bands file"),
      text_option("steps", "TEXT", "steps before the fit, for example \"despike.median\""),
      text_option(
          "shape", "NAME", "shape of bands that auto finds, or list (default: pseudo_voigt)"),
      whole_number_option("max-bands", "N", "most bands that auto fits (default: 12)", {1, 60}),
      choice_option("finder", "wavelet|derivative", "how auto finds peaks (default: wavelet)"),
      choice_option("format",
                    "table|csv|json",
                    "how to print (default: by the ending of --output, else table)"),
      choice_option("rows",
                    "band|spectrum",
                    "a CSV row per band or per spectrum (default: spectrum for maps, else band)"),
      flag_option("covariance", "write the covariance of the free parameters (JSON)"),
      text_option("figures", "DIR", "write an SVG picture per spectrum; of a map, of its values"),
      choice_option(
          "standard-errors",
          "auto|absolute|scaled",
          "absolute: from the noise; scaled: by sqrt(chi-square/(n - p)); auto (default): "
          "scaled where the noise is estimated and chi-square/(n - p) exceeds 2"),
      choice_option("loss",
                    "least_squares|huber|cauchy|poisson",
                    "what is made least: squares (default), a robust loss for points that lie off, "
                    "or the likelihood of counts"),
      choice_option("intervals",
                    "none|profile|bootstrap|bootstrap_residual",
                    "95 % intervals: profile likelihood, or fits of simulated spectra"),
      whole_number_option(
          "draws", "N", "simulated spectra of a bootstrap (default: 999)", {20, 100000}),
      text_option("share",
                  "WORDS",
                  "fit all jointly with one value of position, width, shape, ratio or a parameter"),
      text_option("background", "KIND[:N]", "legendre:DEGREE, polynomial:DEGREE, spline:N, none"),
      text_option("broadening",
                  "KERNEL",
                  "bands behind an instrument: gauss:FWHM or sinc:PATH_CM[:APODISATION]"),
      number_option("gate",
                    "N",
                    "leave out spectra whose chi-square without bands lies within N standard "
                    "deviations of noise; 0: none (default: 3 for maps, 0 for others)",
                    {0, 1000}),
      whole_number_option("extra-starts",
                          "N",
                          "further starts where an answer looks like a side minimum (default: 16)",
                          {0, 100}),
      common::output,
      common::force,
      common::technique,
      common::mode,
      common::ordinate,
      common::laser,
      common::block,
      common::axis,
      common::trust_input,
      common::recursive,
      common::include,
      common::dry_run,
      common::jobs,
      common::color,
      common::quiet,
      common::verbose,
  };
  static const std::string text = notes();
  static const CommandHelp help{
      "fit",
      "Fit bands and background; report positions, widths and areas with errors",
      "--bands FILE.toml|NAME|auto [options] INPUT...",
      "  calcispec fit --bands raman_phosphate_nu1 spectrum.txt\n"
      "  calcispec fit --bands raman_phosphate_carbonate --figures pictures exports/ -o fits.csv\n"
      "  calcispec fit --bands auto --range 900-1150 spectrum.txt\n"
      "  calcispec fit --bands auto --show-bands spectrum.txt > my_bands.toml\n",
      options,
      text};
  return help;
}

namespace {

int list_sets() {
  std::size_t width = 0;
  for (const auto& name : builtin_band_set_names()) {
    width = std::max(width, name.size());
  }
  std::string out;
  for (const auto& name : builtin_band_set_names()) {
    out += name + std::string(width + 2 - name.size(), ' ') + load_band_set(name).title + "\n";
  }
  print(out);
  return exit_ok;
}

int list_shapes() {
  std::string out;
  for (const auto& shape : band_shapes()) {
    out += std::string(shape.name) + "  " + std::string(shape.summary) + "\n ";
    for (const auto& parameter : shape.parameters) {
      out += " " + std::string(parameter.name);
    }
    out += "\n";
  }
  print(out);
  return exit_ok;
}

std::string fit_format(const Options& options) {
  const auto target = options.text("output", "-");
  const std::string by_ending = target.ends_with(".json")  ? "json"
                                : target.ends_with(".csv") ? "csv"
                                                           : "table";
  return options.text("format", by_ending);
}

BandSearchOptions search_options(const Options& options) {
  BandSearchOptions search;
  const auto name = options.text("shape", "pseudo_voigt");
  search.shape = find_band_shape(name);
  if (search.shape == nullptr) {
    std::string known;
    for (const auto& shape : band_shapes()) {
      known += (known.empty() ? "" : ", ") + std::string(shape.name);
    }
    throw Error(ErrorCode::invalid_argument,
                "--shape " + name + ": there is no such shape; the shapes are " + known +
                    " (--shape list has their parameters)");
  }
  search.max_bands = options.whole_number("max-bands", search.max_bands);
  search.finder = options.text("finder", "wavelet") == "derivative" ? PeakFinder::derivative
                                                                    : PeakFinder::wavelet;
  return search;
}

void require_auto_for_its_options(const Options& options) {
  for (const char* name : {"shape", "max-bands", "finder"}) {
    if (options.has(name)) {
      throw Error(ErrorCode::invalid_argument,
                  "--" + std::string(name) +
                      " is for --bands auto; with given bands the bands file says it "
                      "(--show-bands prints one to start from)");
    }
  }
}

IntervalOptions interval_options(const Options& options, FitLoss loss) {
  IntervalOptions out;
  const auto kind = options.text("intervals", "none");
  out.kind = kind == "none"      ? IntervalKind::none
             : kind == "profile" ? IntervalKind::profile
                                 : IntervalKind::bootstrap;
  out.bootstrap =
      kind == "bootstrap_residual" ? BootstrapKind::residual : BootstrapKind::parametric;
  out.draws = options.whole_number("draws", out.draws);
  if (out.kind == IntervalKind::profile && loss != FitLoss::least_squares) {
    throw Error(ErrorCode::invalid_argument,
                "--intervals profile is made of chi-square and needs --loss least_squares; with "
                "another loss take --intervals bootstrap");
  }
  if (options.has("draws") && out.kind != IntervalKind::bootstrap) {
    throw Error(ErrorCode::invalid_argument, "--draws is for --intervals bootstrap");
  }
  return out;
}

// What does not go together.
void check_request(const FitRequest& request) {
  const auto refuse = [](const char* message) {
    throw Error(ErrorCode::invalid_argument, message);
  };
  if (request.search && request.bands.is_joint()) {
    refuse(
        "--share needs the same bands in all spectra; make a bands file with --bands auto "
        "--show-bands");
  }
  if (request.search && request.bands.model.broadening.kind != BroadeningKind::none) {
    refuse("--broadening is for given bands; make a bands file with --bands auto --show-bands");
  }
  if (request.bands.is_joint() && request.intervals.kind == IntervalKind::profile) {
    refuse(
        "--intervals profile are made of single fits, not of joint ones; take --intervals "
        "bootstrap, or leave out --share or shared in the bands file");
  }
  if (request.bands.is_joint() && request.fit.loss != FitLoss::least_squares) {
    refuse("joint fits are made with --loss least_squares");
  }
}

FitRequest fit_request_of(const Options& options) {
  FitRequest request;
  const bool is_auto = options.text("bands") == "auto";
  if (!is_auto) {
    require_auto_for_its_options(options);
  }
  if (is_auto && options.has("background")) {
    throw Error(ErrorCode::invalid_argument,
                "--background is for given bands; --bands auto chooses it");
  }
  request.bands = is_auto ? automatic_band_set() : load_band_set(options.text("bands"));
  if (is_auto) {
    request.search = search_options(options);
  }
  if (options.has("range")) {
    const auto range = parse_range(options.text("range"), "--range");
    request.bands.model.from = range.first;
    request.bands.model.to = range.second;
  }
  if (options.has("background")) {
    set_background(options.text("background"), request.bands.model);
  }
  if (options.has("broadening")) {
    set_broadening(options.text("broadening"), request.bands.model);
  }
  if (options.has("share")) {
    set_shared(options.text("share"), request.bands);
  }
  if (options.has("steps")) {
    request.steps = parse_steps(options.text("steps"));
  }
  if (options.has("gate")) {
    request.gate = options.number("gate", 0);
  }
  request.read = read_options(options);
  const auto errors = options.text("standard-errors", "auto");
  request.fit.standard_errors =
      errors == "scaled" ? StandardErrorKind::scaled : StandardErrorKind::absolute;
  request.scales_misfit = errors == "auto";
  for (const auto loss : {FitLoss::huber, FitLoss::cauchy, FitLoss::poisson}) {
    if (options.text("loss") == fit_loss_name(loss)) {
      request.fit.loss = loss;
      request.scales_misfit = false;
    }
  }
  request.intervals = interval_options(options, request.fit.loss);
  request.fit.extra_starts = options.whole_number("extra-starts", request.fit.extra_starts);
  request.keeps_covariance = options.has("covariance") && fit_format(options) == "json";
  request.jobs = options.whole_number("jobs", 0);
  check_request(request);
  return request;
}

CsvRows fit_rows_of(const Options& options, const FitRun& run) {
  const bool is_map = !run.spectra.empty() &&
                      std::all_of(run.spectra.begin(), run.spectra.end(), [](const auto& entry) {
                        return entry.recording && entry.recording->map;
                      });
  const bool is_common = has_one_model(run);
  if (!is_common && options.text("rows", "band") == "spectrum") {
    throw Error(ErrorCode::invalid_argument,
                "--rows spectrum needs the same bands in all spectra, and --bands auto found "
                "different ones; use --rows band, or --show-bands to make a bands file");
  }
  return options.text("rows", is_map && is_common ? "spectrum" : "band") == "spectrum"
             ? CsvRows::by_spectrum
             : CsvRows::by_band;
}

std::string document_of(const Options& options, const FitRun& run) {
  const auto format = fit_format(options);
  if (format == "json") {
    return fit_json(run, options.has("covariance"));
  }
  return format == "csv" ? fit_csv(run, fit_rows_of(options, run)) : fit_text(run);
}

// Where results go: all into one document, or one per input into a folder.
struct Target {
  std::string path;                // one document
  std::vector<std::string> paths;  // or one per input
};

Target plan_target(const Options& options, const std::vector<std::string>& inputs) {
  const auto target = options.text("output", "-");
  const bool is_force = options.has("force");
  if (options.has("figures")) {
    make_picture_folder(options.text("figures"), is_force);
  }
  if (!is_folder_name(target)) {
    check_output(target, is_force);
    return {target, {}};
  }
  const auto format = fit_format(options);
  return {{}, plan_outputs(target, inputs, format == "table" ? ".txt" : "." + format, is_force)};
}

// The spectra of one input, with its maps.
FitRun part_of(const FitRun& run, const std::string& input) {
  FitRun part;
  part.bands = run.bands;
  part.loss = run.loss;
  part.intervals = run.intervals;
  part.joint = run.joint;
  for (std::size_t i = 0; i < run.spectra.size(); ++i) {
    for (const auto& map : run.maps) {
      if (static_cast<std::size_t>(map.first) == i && map.input == input) {
        part.maps.push_back({map.input, map.grid, static_cast<Index>(part.spectra.size())});
      }
    }
    if (run.spectra[i].input == input) {
      part.spectra.push_back(run.spectra[i]);
    }
  }
  return part;
}

void write_fit_figures(const std::string& folder, const FitRun& run) {
  for (std::size_t i = 0; i < run.spectra.size(); ++i) {
    const auto& entry = run.spectra[i];
    if (entry.recording && entry.recording->map) {
      continue;
    }
    const auto picture = fit_figure_svg(run, entry);
    if (!picture.empty()) {
      write_output(folder + "/" + figure_name(entry.id, i) + ".svg", picture);
    }
  }
  for (std::size_t m = 0; m < run.maps.size(); ++m) {
    for (const auto& values : fit_maps(run, run.maps[m])) {
      write_output(folder + "/" + figure_name("map_" + values.name, m) + ".svg", map_svg(values));
    }
  }
}

// Inputs that could not be found stand in the result beside those that could not be read.
void add_fit_faults(const InputList& list, FitRun& run) {
  for (const auto& input : list.inputs) {
    if (!input.fault.empty()) {
      SpectrumFit entry;
      entry.input = input.path;
      entry.id = input.path;
      entry.result.message = input.fault;
      run.spectra.push_back(std::move(entry));
    }
  }
}

void print_remarks(const Options& options, const FitRun& run) {
  const auto verbose = options.has("quiet") ? 0 : options.whole_number("verbose", 1);
  // A table on the terminal says the same.
  const bool is_table = fit_format(options) == "table" && options.text("output", "-") == "-" &&
                        isatty(STDOUT_FILENO) == 1;
  std::set<std::string> said;  // what holds for a file is said once, not per spectrum
  for (const auto& entry : run.spectra) {
    if (!entry.recording && !is_table) {
      const bool says_place = entry.result.message.starts_with(entry.input + ":");
      print_message((says_place ? "" : entry.input + ": ") + entry.result.message);
    }
    for (const auto& row : entry.diagnostics) {
      const bool is_wanted = !is_table && verbose >= (row.severity == Severity::note ? 2 : 1);
      if (is_wanted && said.insert(entry.input + row.text).second) {
        print_message(entry.input + ": " + row.text);
      }
    }
  }
}

int fit_exit_code_of(const FitRun& run) {
  const auto failed = std::count_if(run.spectra.begin(), run.spectra.end(), [](const auto& entry) {
    return entry.result.status == FitStatus::failed;
  });
  if (failed == static_cast<std::ptrdiff_t>(run.spectra.size())) {
    return exit_nothing_processed;
  }
  return failed > 0 ? exit_some_failed : exit_ok;
}

int print_fit_plan(const Options& options, const FitRequest& request, const InputList& list) {
  print("bands: " + request.bands.name + ", " + std::to_string(request.bands.model.bands.size()) +
        " bands\n");
  for (const auto& input : list.inputs) {
    print(input.path + (input.fault.empty() ? "  would be read\n" : "  " + input.fault + "\n"));
  }
  print(options.text("output", "-") + "  would be written (" + fit_format(options) + ")\n");
  if (options.has("figures")) {
    print(options.text("figures") + "  would take the pictures\n");
  }
  return exit_ok;
}

// The bands of the first spectrum (the mean of a map) as a bands file.
int show_found(const Options& options, FitRequest request) {
  const auto list = find_inputs(options);
  request.inputs = list.readable();
  request.inputs.resize(std::min<std::size_t>(1, request.inputs.size()));
  auto run = fit_spectra(request, {});
  add_fit_faults(list, run);
  if (run.spectra.empty() || !run.spectra[0].found) {
    throw Error(
        ErrorCode::unreadable_input,
        run.spectra.empty() ? "no spectrum to find bands in" : run.spectra[0].result.message);
  }
  const auto x = run.spectra[0].recording->spectra.axis->values();
  write_output(options.text("output", "-"),
               found_bands_toml(*run.spectra[0].found, x.front(), x.back()));
  return exit_ok;
}

}  // namespace

int run_fit(std::span<const std::string> arguments) {
  const auto options = parse_options(fit_help(), arguments);
  if (!options) {
    return exit_ok;
  }
  if (options->text("shape") == "list") {
    return list_shapes();
  }
  if (!options->has("bands")) {
    throw Error(ErrorCode::invalid_argument,
                "--bands is missing; for example --bands raman_phosphate_nu1, or --bands list");
  }
  if (options->text("bands") == "list") {
    return list_sets();
  }
  auto request = fit_request_of(*options);
  if (options->has("show-bands") && request.search) {
    return show_found(*options, std::move(request));
  }
  if (options->has("show-bands")) {
    print(band_set_text(options->text("bands")));
    return exit_ok;
  }
  const auto list = find_inputs(*options);
  if (options->has("dry-run")) {
    return print_fit_plan(*options, request, list);
  }
  request.inputs = list.readable();
  const auto target = plan_target(*options, request.inputs);
  Progress progress("fitting spectra", options->has("quiet"));
  auto run = fit_spectra(request, [&](Index done, Index total) {
    progress.update(done, total);
    check_interrupt();
  });
  add_fit_faults(list, run);
  print_remarks(*options, run);
  for (std::size_t i = 0; i < target.paths.size(); ++i) {
    write_output(target.paths[i], document_of(*options, part_of(run, request.inputs[i])));
  }
  if (target.paths.empty()) {
    write_output(target.path, document_of(*options, run));
  }
  if (options->has("figures")) {
    write_fit_figures(options->text("figures"), run);
  }
  return fit_exit_code_of(run);
}

}  // namespace calcispec::cli
