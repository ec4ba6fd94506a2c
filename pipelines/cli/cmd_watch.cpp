// calcispec watch: the export folder of a spectrometer, analysed as files come.
#include "core/error.hpp"
#include "pipelines/cli/command.hpp"
#include "pipelines/cli/inputs.hpp"
#include "pipelines/cli/options.hpp"
#include "pipelines/cli/outputs.hpp"
#include "pipelines/watch.hpp"

#include <algorithm>
#include <array>
#include <atomic>
#include <chrono>
#include <csignal>
#include <filesystem>
#include <poll.h>
#include <sys/inotify.h>
#include <unistd.h>

namespace calcispec::cli {

namespace {

constexpr Option table_option() {
  Option option = text_option("output", "FILE.csv", "the table, one row per spectrum");
  option.letter = 'o';
  return option;
}

}  // namespace

const CommandHelp& watch_help() {
  static constexpr std::array options{
      table_option(),
      text_option("method", "NAME|FILE", "method to use (default: the built-in one)"),
      number_option("settle",
                    "SECONDS",
                    "a file is ready when it has not changed for so long (default: 2)",
                    {0, 3600}),
      number_option("poll",
                    "SECONDS",
                    "look this often where the system does not tell of new files, as on network "
                    "shares (default: 5)",
                    {0.05, 3600}),
      number_option("idle", "SECONDS", "end when nothing new came for so long", {0, 1e7}),
      common::recursive,
      common::include,
      common::force,
      common::technique,
      common::mode,
      common::ordinate,
      common::laser,
      common::trust_input,
      common::jobs,
      common::color,
      common::quiet,
  };
  static constexpr CommandHelp help{
      "watch",
      "Analyse the files that come into a folder, as they come",
      "DIR -o FILE.csv",
      "  calcispec watch exports/ -o today.csv\n",
      options,
      "Every file is done once; a file that is written anew replaces its rows. Nothing is moved\n"
      "or deleted. What is done stands in FILE.csv.work, so the same command goes on after a\n"
      "stop (Ctrl-C or SIGTERM). Files that cannot be read are rows with the reason.\n"
      "For research use only. Not for diagnosis or treatment decisions.\n"};
  return help;
}

namespace {

std::atomic<bool> watch_stops{false};  // NOLINT: a signal handler can reach nothing else

void stop_watch(int) {
  watch_stops.store(true);
}

// Wakes up when a file of the folder was closed or moved in, at the latest after a while.
class Alarm {
 public:
  explicit Alarm(const std::string& folder) : file_(inotify_init1(IN_NONBLOCK | IN_CLOEXEC)) {
    if (file_ >= 0) {
      inotify_add_watch(file_, folder.c_str(), IN_CLOSE_WRITE | IN_MOVED_TO);
    }
  }
  Alarm(const Alarm&) = delete;
  Alarm& operator=(const Alarm&) = delete;
  Alarm(Alarm&&) = delete;
  Alarm& operator=(Alarm&&) = delete;
  ~Alarm() {
    if (file_ >= 0) {
      close(file_);
    }
  }

  void wait(std::chrono::milliseconds most) const {
    pollfd own{file_, POLLIN, 0};
    if (::poll(&own, 1, static_cast<int>(most.count())) > 0) {
      std::array<char, 4096> events{};
      while (read(file_, events.data(), events.size()) > 0) {
      }
    }
  }

 private:
  int file_;
};

std::chrono::milliseconds time_of(const Options& options, std::string_view name, double fallback) {
  return std::chrono::milliseconds(static_cast<int>(1000 * options.number(name, fallback)));
}

WatchJob watch_job_of(const Options& options) {
  if (options.words().size() != 1 || !std::filesystem::is_directory(options.words().front())) {
    throw Error(ErrorCode::invalid_argument, "one folder is needed: watch DIR -o FILE.csv");
  }
  if (!options.has("output") || options.text("output") == "-") {
    throw Error(ErrorCode::invalid_argument, "-o FILE.csv is needed");
  }
  WatchJob job;
  job.output = options.text("output");
  job.settle = time_of(options, "settle", 2);
  job.analysis.read = read_options(options);
  job.analysis.jobs = options.whole_number("jobs", 0);
  if (options.has("method")) {
    job.analysis.method = load_method(options.text("method"));
  }
  return job;
}

std::vector<std::string> files_of(const Options& options) {
  const auto list =
      find_inputs(options.words(), {options.has("recursive"), options.list("include")});
  auto files = list.readable();
  // The table may lie in the folder.
  std::error_code ignored;
  std::erase_if(files, [&](const std::string& file) {
    return std::filesystem::equivalent(file, options.text("output"), ignored);
  });
  return files;
}

int watch(const Options& options, const WatchJob& job) {
  using Clock = std::chrono::steady_clock;
  FolderWatch folder(job);
  const Alarm alarm(options.words().front());
  const auto poll_time = time_of(options, "poll", 5);
  const auto idle = time_of(options, "idle", 0);
  auto last = Clock::now();
  while (!watch_stops.load()) {
    for (const auto& file : folder.look(files_of(options))) {
      last = Clock::now();
      if (!options.has("quiet")) {
        print_message(
            file.path + ": " +
            (file.fault.empty() ? std::to_string(file.spectra) + " analysed" : file.fault));
      }
    }
    folder.write_table();
    if (folder.waiting() > 0) {
      last = Clock::now();
    }
    if (options.has("idle") && Clock::now() - last >= idle) {
      break;
    }
    alarm.wait(folder.waiting() > 0
                   ? std::clamp(job.settle, std::chrono::milliseconds(20), poll_time)
                   : poll_time);
  }
  return exit_ok;
}

}  // namespace

int run_watch(std::span<const std::string> arguments) {
  const auto options = parse_options(watch_help(), arguments);
  if (!options) {
    return exit_ok;
  }
  const auto job = watch_job_of(*options);
  const bool is_going_on = std::filesystem::exists(job.output + ".work");
  if (options->has("force")) {
    std::filesystem::remove_all(job.output + ".work");
  }
  check_output(job.output, options->has("force") || is_going_on);
  for (const int signal : {SIGTERM, SIGINT}) {
    std::signal(signal, stop_watch);
  }
  return watch(*options, job);
}

}  // namespace calcispec::cli
