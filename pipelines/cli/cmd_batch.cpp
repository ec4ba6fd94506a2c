// calcispec batch: maps larger than memory and folders of exports, in shards, never losing work.
#include "core/error.hpp"
#include "pipelines/band_set.hpp"
#include "pipelines/batch.hpp"
#include "pipelines/cli/analysis_options.hpp"
#include "pipelines/cli/columns.hpp"
#include "pipelines/cli/command.hpp"
#include "pipelines/cli/inputs.hpp"
#include "pipelines/cli/options.hpp"
#include "pipelines/cli/outputs.hpp"
#include "pipelines/cli/progress.hpp"
#include "pipelines/method.hpp"

#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <cstdlib>
#include <filesystem>
#include <fstream>

namespace calcispec::cli {

namespace {

constexpr std::string_view no_steps = "none";

constexpr Option count_option(std::string_view name, std::string_view help, double most) {
  return whole_number_option(name, "N", help, std::pair(1.0, most));
}

constexpr Option result_option() {
  Option option =
      text_option("output", "FILE.nxs", "the result; work in progress stands in FILE.nxs.work");
  option.letter = 'o';
  return option;
}

}  // namespace

const CommandHelp& batch_help() {
  static constexpr std::array options{
      text_option(
          "steps",
          "TEXT",
          "run these steps (none: no step) and write the processed spectra; of the steps that need "
          "other spectra than one, despike.auto alone is taken"),
      text_option("method",
                  "NAME|FILE",
                  "composition and markers of every spectrum by this method (without --steps and "
                  "--bands: by the built-in one)"),
      text_option("bands", "NAME|FILE", "fit these bands to every spectrum, after --steps"),
      number_option("gate",
                    "SIGMAS",
                    "with --bands: leave out spectra without a band (default: 3 for maps; 0: none)",
                    {0, 100}),
      text_option("range", "FROM-TO", "part of the axis whose composition is reported, in 1/cm"),
      text_option("library", "DIR", "folder of further reference bands, or of measured spectra"),
      flag_option("only-library", "use the references of --library alone"),
      list_option("calibration",
                  "FILE.toml",
                  "weight fractions by what calcispec calibrate learnt with the same library"),
      flag_option("each-alone",
                  "estimate every spectrum of a map by itself, not with what they have in common "
                  "(slower)"),
      text_option("csv", "FILE", "write a table too, one row per spectrum"),
      result_option(),
      text_option("shard",
                  "I/N",
                  "run the I-th of N parts (from 0); under a Slurm array the task's own is taken"),
      count_option("shards", "merge: number of parts (default: 1)", 1e5),
      count_option("block-rows", "spectra, or files, of a block (default: by the work)", 1e9),
      choice_option("compression", "gzip|none", "of the result (default: gzip)"),
      count_option("sync-mb", "make work safe every N MB, or 5 s (default: 16)", 4096),
      common::recursive,
      common::include,
      common::force,
      flag_option("strict", "exit code 4 if a spectrum is refused"),
      common::technique,
      common::mode,
      common::ordinate,
      common::laser,
      common::block,
      common::axis,
      common::trust_input,
      common::dry_run,
      common::jobs,
      common::color,
      common::quiet,
  };
  static constexpr CommandHelp help{
      "batch",
      "Analyse maps larger than memory and folders, in parts that survive a kill",
      "run|plan|merge INPUT... -o FILE.nxs | status -o FILE.nxs",
      "  calcispec batch run map.h5 -o result.nxs\n"
      "  calcispec batch run map.h5 --steps \"smooth.savgol window=11\" -o smooth.nxs\n"
      "  calcispec batch run map.h5:/entry/data --method raman --shard 0/4 -o result.nxs\n"
      "  calcispec batch merge map.h5:/entry/data --method raman --shards 4 -o result.nxs\n"
      "  calcispec batch run exports/ -o result.nxs --csv result.csv\n",
      options,
      "The same command goes on where it was stopped: SIGTERM or SIGUSR1 finish the block and "
      "end\n"
      "with 75, a full disk with 74, and after a kill every block the journal vouches for is "
      "kept.\n"
      "The result has the same bytes for every number of shards, threads and restarts.\n"
      "Several files, or a folder, become one result with a row per spectrum; a file that cannot "
      "be\n"
      "read is a row too. /entry/quality/status says what was processed (0), failed (1), refused "
      "(2).\n"
      "Without -o, run --steps none reads a map to its end and counts spectra with missing "
      "numbers.\n"
      "For research use only. Not for diagnosis or treatment decisions.\n"};
  return help;
}

namespace {

// Set by signals; looked at between blocks.
std::atomic<bool> batch_stops{false};  // NOLINT: a signal handler can reach nothing else
static_assert(std::atomic<bool>::is_always_lock_free);

void stop_batch(int) {
  batch_stops.store(true);
}

ShardChoice parse_shard(const std::string& text) {
  const auto slash = text.find('/');
  ShardChoice out{-1, 0};
  if (slash != std::string::npos) {
    out.index = std::atol(text.substr(0, slash).c_str());
    out.count = std::atol(text.c_str() + slash + 1);
  }
  if (out.count < 1 || out.index < 0 || out.index >= out.count) {
    throw Error(ErrorCode::invalid_argument,
                "--shard " + text + ": expected I/N with I from 0 to N - 1, for example 0/4");
  }
  return out;
}

// NOLINTBEGIN(concurrency-mt-unsafe): read before any thread starts
std::optional<ShardChoice> shard_of_slurm() {
  const char* id = std::getenv("SLURM_ARRAY_TASK_ID");
  const char* count = std::getenv("SLURM_ARRAY_TASK_COUNT");
  const char* least = std::getenv("SLURM_ARRAY_TASK_MIN");
  if (id == nullptr || count == nullptr) {
    return std::nullopt;
  }
  const Index first = least == nullptr ? 0 : std::atol(least);
  return ShardChoice{std::atol(id) - first, std::atol(count)};
}
// NOLINTEND(concurrency-mt-unsafe)

AnalysisRequest analysis_of(const Options& options) {
  AnalysisRequest request;
  take_references(options, request);
  request.is_each_alone = options.has("each-alone");
  return request;
}

FitRequest fit_of(const Options& options) {
  FitRequest request;
  if (options.text("bands") == "auto") {
    throw Error(ErrorCode::invalid_argument,
                "--bands auto finds other bands in every block; make a bands file once with "
                "calcispec fit --bands auto --show-bands and give its name");
  }
  request.bands = load_band_set(options.text("bands"));
  request.scales_misfit = true;
  if (options.has("gate")) {
    request.gate = options.number("gate", 0);
  }
  return request;
}

void add_work(const Options& options, BatchJob& job) {
  if (options.has("steps") && options.has("method")) {
    throw Error(ErrorCode::invalid_argument,
                "--method has its own steps; give --steps or --method, not both");
  }
  if (options.has("steps") && options.text("steps") != no_steps) {
    job.steps = parse_steps(options.text("steps"));
  }
  if (options.has("bands")) {
    job.fit = fit_of(options);
  }
  if (options.has("method") || (!options.has("steps") && !options.has("bands"))) {
    job.analysis = analysis_of(options);
  }
}

// One file, or an HDF5 path, is a map; more, or a folder, a table.
void add_inputs(const Options& options, BatchJob& job) {
  const auto& words = options.words();
  if (words.size() < 2) {
    throw Error(ErrorCode::invalid_argument, "an input is needed: batch " + words[0] + " INPUT");
  }
  if (words.size() == 2 && !std::filesystem::is_directory(words[1]) &&
      words[1].find_first_of("*?[") == std::string::npos) {
    job.inputs = {words[1]};
    return;
  }
  job.is_table = true;
  const auto list =
      find_inputs(std::span(words).subspan(1), {options.has("recursive"), options.list("include")});
  for (const auto& input : list.inputs) {
    job.inputs.push_back(input.path);
  }
}

// Nothing to be done and nothing to be written: the map is read.
bool is_scan(const Options& options) {
  return options.text("steps") == no_steps && !options.has("output");
}

BatchJob batch_job_of(const Options& options) {
  if (!options.has("output") && !is_scan(options)) {
    throw Error(ErrorCode::invalid_argument,
                "-o FILE.nxs is needed; only run --steps none, which reads the map, goes without");
  }
  BatchJob job;
  add_inputs(options, job);
  job.output = options.text("output");
  job.table = options.text("csv");
  job.read = read_options(options);
  job.block_rows = options.whole_number("block-rows", 0);
  job.is_compressed = options.text("compression", "gzip") == "gzip";
  job.sync_bytes = options.whole_number("sync-mb", 16) << 20;
  add_work(options, job);
  return job;
}

void begin_anew(const BatchJob& job, bool force) {
  if (force) {
    std::filesystem::remove_all(job.output + ".work");
  }
  check_output(job.output, force);
  if (!job.table.empty()) {
    check_output(job.table, force);
  }
}

std::string duration_text(double seconds) {
  return seconds < 120    ? short_text(seconds) + " s"
         : seconds < 7200 ? short_text(seconds / 60) + " min"
                          : short_text(seconds / 3600) + " h";
}

void print_batch_plan(const BatchJob& job, const BatchPlan& plan) {
  const auto input = job.inputs.size() == 1 ? job.inputs.front() : std::string("all");
  const auto blocks = std::to_string(plan.blocks) + " blocks of " + std::to_string(plan.block_rows);
  print(job.is_table ? std::to_string(plan.rows) + " files, " + blocks
                     : input + ": " + std::to_string(plan.rows) + " spectra of " +
                           std::to_string(plan.points) + " points, " + blocks);
  print("; the result takes up to " + short_text(plan.output_bytes / 1e6) +
        " MB, twice that while it is made");
  if (plan.seconds > 0) {
    print("; about " + duration_text(plan.seconds) + " on one thread");
  }
  print("\n");
}

// For whoever watches from outside; replaced as a whole.
void write_progress(const BatchJob& job, ShardChoice shard, Index done, Index total) {
  const auto path = job.output + ".work/progress_" + std::to_string(shard.index) + "_of_" +
                    std::to_string(shard.count) + ".json";
  std::ofstream stream(path + ".part");
  stream << "{\"schema\": 1, \"done\": " << done << ", \"total\": " << total << "}\n";
  stream.close();
  std::error_code ignored;
  std::filesystem::rename(path + ".part", path, ignored);
}

// Spectra of maps that fail are values of the result; files that cannot be read are failed inputs.
int batch_exit_code_of(const Options& options, const BatchCounts& counts) {
  if (counts.failed > 0 || counts.refused > 0) {
    print_message(std::to_string(counts.processed) + " spectra processed, " +
                  std::to_string(counts.failed) + " failed, " + std::to_string(counts.refused) +
                  " refused for quality; the result says which");
  }
  if (counts.processed + counts.refused == 0 && counts.failed > 0) {
    return exit_nothing_processed;
  }
  if (counts.failed > 0 && counts.is_table) {
    return exit_some_failed;
  }
  return options.has("strict") && counts.refused > 0 ? exit_refused_strict : exit_ok;
}

int scan(const Options& options) {
  const auto job = batch_job_of(options);
  if (job.is_table) {
    throw Error(ErrorCode::invalid_argument, "--steps none reads one map; info reads many files");
  }
  Progress progress("reading spectra", options.has("quiet"));
  const auto report = [&](Index done, Index total) {
    progress.update(done, total);
    check_interrupt();
  };
  const auto found = scan_batch(job, batch_stops, report);
  print(std::to_string(found.rows) + " spectra read, " + std::to_string(found.incomplete) +
        " of them with missing numbers\n");
  return exit_ok;
}

int run(const Options& options) {
  if (is_scan(options)) {
    return scan(options);
  }
  const auto job = batch_job_of(options);
  const bool is_part = options.has("shard") || shard_of_slurm();
  const auto shard = options.has("shard") ? parse_shard(options.text("shard"))
                                          : shard_of_slurm().value_or(ShardChoice{});
  if (options.has("dry-run")) {
    print_batch_plan(job, estimate_batch(job));
    return exit_ok;
  }
  begin_anew(job, options.has("force") && !is_part);
  for (const int signal : {SIGTERM, SIGUSR1}) {
    std::signal(signal, stop_batch);
  }
  Progress progress("processing spectra", options.has("quiet"));
  auto last = std::chrono::steady_clock::now() - std::chrono::hours(1);
  const auto report = [&](Index done, Index total) {
    progress.update(done, total);
    check_interrupt();
    const auto now = std::chrono::steady_clock::now();
    if (now - last > std::chrono::seconds(1) || done == total) {
      last = now;
      write_progress(job, shard, done, total);
    }
  };
  const auto jobs = options.whole_number("jobs", 0);
  const auto counts = !is_part ? run_batch(job, jobs, batch_stops, report) : std::nullopt;
  const bool is_stopped =
      !is_part ? !counts : run_shard(job, shard, jobs, batch_stops, report) == BatchEnd::stopped;
  if (is_stopped) {
    print_message("stopped; the same command goes on from there");
    return exit_resumable;
  }
  return counts ? batch_exit_code_of(options, *counts) : static_cast<int>(exit_ok);
}

int print_status(const Options& options) {
  std::string out;
  Index number = 0;
  for (const auto& shard : batch_status(options.text("output"))) {
    out += "shard " + std::to_string(number++) + ": " + std::to_string(shard.blocks) + " of " +
           std::to_string(shard.total) + " blocks" + (shard.is_done ? ", done\n" : "\n");
  }
  print(out.empty() ? "nothing is begun\n" : out);
  return exit_ok;
}

}  // namespace

int run_batch(std::span<const std::string> arguments) {
  const auto options = parse_options(batch_help(), arguments);
  if (!options) {
    return exit_ok;
  }
  const auto& words = options->words();
  const auto verb = words.empty() ? std::string() : words[0];
  if (verb == "run") {
    return run(*options);
  }
  if (verb == "plan") {
    const auto job = batch_job_of(*options);
    begin_anew(job, options->has("force"));
    print_batch_plan(job, plan_batch(job));
    return exit_ok;
  }
  if (verb == "merge") {
    const auto job = batch_job_of(*options);
    check_output(job.output, options->has("force"));
    return batch_exit_code_of(*options, merge_batch(job, options->whole_number("shards", 1)));
  }
  if (verb == "status" && options->has("output")) {
    return print_status(*options);
  }
  throw Error(ErrorCode::invalid_argument,
              "expected run, plan, merge with an input, or status with -o FILE.nxs");
}

}  // namespace calcispec::cli
