// calcispec batch: steps over maps larger than memory, in shards, never losing work.
#include "core/error.hpp"
#include "pipelines/batch.hpp"
#include "pipelines/cli/columns.hpp"
#include "pipelines/cli/command.hpp"
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
      text_option("steps", "TEXT", "steps to run, for example \"smooth.savgol window=11\""),
      text_option("method", "NAME|FILE", "or the steps of a method"),
      result_option(),
      text_option("shard",
                  "I/N",
                  "run the I-th of N parts (from 0); under a Slurm array the task's own is taken"),
      count_option("shards", "merge: number of parts (default: 1)", 1e5),
      count_option("block-rows", "spectra of a block (default: about 8 MB)", 1e9),
      choice_option("compression", "gzip|none", "of the result (default: gzip)"),
      count_option("sync-mb", "make work safe every N MB, or 5 s (default: 16)", 4096),
      common::force,
      common::technique,
      common::mode,
      common::ordinate,
      common::laser,
      common::block,
      common::trust_input,
      common::dry_run,
      common::jobs,
      common::color,
      common::quiet,
  };
  static constexpr CommandHelp help{
      "batch",
      "Run steps over maps larger than memory, in parts that survive a kill",
      "run|plan|merge INPUT --steps TEXT -o FILE.nxs | status -o FILE.nxs",
      "  calcispec batch run map.h5 --steps \"smooth.savgol window=11\" -o smooth.nxs\n"
      "  calcispec batch run map.h5:/entry/data --steps baseline.arpls --shard 0/4 -o flat.nxs\n"
      "  calcispec batch merge map.h5:/entry/data --steps baseline.arpls --shards 4 -o flat.nxs\n",
      options,
      "\nThe same command goes on where it was stopped: SIGTERM or SIGUSR1 finish the block and "
      "end\n"
      "with 75, a full disk with 74, and after a kill every block the journal vouches for is "
      "kept.\n"
      "The result has the same bytes for every number of shards, threads and restarts.\n"
      "Spectra that a step cannot process are NaN and 1 in /entry/quality/status.\n"};
  return help;
}

namespace {

// Set by signals; looked at between blocks.
std::atomic<bool> stops{false};  // NOLINT: a signal handler can reach nothing else
static_assert(std::atomic<bool>::is_always_lock_free);

void on_stop(int) {
  stops.store(true);
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

BatchJob job_of(const Options& options) {
  const auto& words = options.words();
  if (words.size() != 2) {
    throw Error(ErrorCode::invalid_argument, "one input is needed: batch " + words[0] + " INPUT");
  }
  if (!options.has("output")) {
    throw Error(ErrorCode::invalid_argument, "-o FILE.nxs is needed");
  }
  if (options.has("steps") == options.has("method")) {
    throw Error(ErrorCode::invalid_argument, "either --steps or --method is needed");
  }
  BatchJob job;
  job.input = words[1];
  job.output = options.text("output");
  job.read = read_options(options);
  job.block_rows = options.whole_number("block-rows", 0);
  job.is_compressed = options.text("compression", "gzip") == "gzip";
  job.sync_bytes = options.whole_number("sync-mb", 16) << 20;
  job.steps = options.has("steps") ? parse_steps(options.text("steps"))
                                   : load_method(options.text("method")).steps;
  return job;
}

void begin_anew(const BatchJob& job, bool force) {
  if (force) {
    std::filesystem::remove_all(job.output + ".work");
  }
  check_output(job.output, force);
}

void print_plan(const BatchJob& job, const BatchPlan& plan) {
  print(job.input + ": " + std::to_string(plan.rows) + " spectra of " +
        std::to_string(plan.points) + " points, " + std::to_string(plan.blocks) + " blocks of " +
        std::to_string(plan.block_rows) + "; the result takes up to " +
        short_text(plan.output_bytes / 1e6) + " MB, twice that while it is made\n");
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

int run(const Options& options) {
  const auto job = job_of(options);
  const bool is_part = options.has("shard") || shard_of_slurm();
  const auto shard = options.has("shard") ? parse_shard(options.text("shard"))
                                          : shard_of_slurm().value_or(ShardChoice{});
  begin_anew(job, options.has("force") && !is_part);
  if (options.has("dry-run")) {
    const bool is_new = !std::filesystem::exists(job.output + ".work");
    print_plan(job, plan_batch(job));
    if (is_new) {
      std::filesystem::remove_all(job.output + ".work");
    }
    return exit_ok;
  }
  for (const int signal : {SIGTERM, SIGUSR1}) {
    std::signal(signal, on_stop);
  }
  Progress progress("processing spectra", options.has("quiet"));
  auto last = std::chrono::steady_clock::now() - std::chrono::hours(1);
  const auto end =
      run_shard(job, shard, options.whole_number("jobs", 0), stops, [&](Index done, Index total) {
        progress.update(done, total);
        check_interrupt();
        const auto now = std::chrono::steady_clock::now();
        if (now - last > std::chrono::seconds(1) || done == total) {
          last = now;
          write_progress(job, shard, done, total);
        }
      });
  if (end == BatchEnd::stopped) {
    print_message("stopped; the same command goes on from there");
    return exit_resumable;
  }
  if (!is_part) {
    merge_batch(job, 1);
  }
  return exit_ok;
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
    const auto job = job_of(*options);
    begin_anew(job, options->has("force"));
    print_plan(job, plan_batch(job));
    return exit_ok;
  }
  if (verb == "merge") {
    const auto job = job_of(*options);
    check_output(job.output, options->has("force"));
    merge_batch(job, options->whole_number("shards", 1));
    return exit_ok;
  }
  if (verb == "status" && options->has("output")) {
    return print_status(*options);
  }
  throw Error(ErrorCode::invalid_argument,
              "expected run, plan, merge with an input, or status with -o FILE.nxs");
}

}  // namespace calcispec::cli
