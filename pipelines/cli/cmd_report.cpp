// calcispec report: the maps of a batch result as a page.
#include "core/error.hpp"
#include "io/reader_limits.hpp"
#include "pipelines/cli/command.hpp"
#include "pipelines/cli/options.hpp"
#include "pipelines/cli/outputs.hpp"
#include "pipelines/report/html_maps.hpp"

#include <array>
#include <chrono>
#include <csignal>
#include <cstdint>
#include <filesystem>
#include <optional>
#include <spawn.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <system_error>
#include <thread>
#include <unistd.h>
#include <vector>

extern char** environ;

namespace calcispec::cli {

const CommandHelp& report_help() {
  static constexpr std::array options{
      common::output,
      common::force,
      common::trust_input,
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

namespace {

// Exit code of a process, or nothing where it was ended: by itself, or by us after that time.
std::optional<int> child_exit_code(pid_t process, std::chrono::milliseconds time) {
  const auto end = std::chrono::steady_clock::now() + time;
  int status = 0;
  while (::waitpid(process, &status, WNOHANG) == 0) {
    if (std::chrono::steady_clock::now() > end) {
      ::kill(process, SIGKILL);
      ::waitpid(process, &status, 0);
      break;
    }
    std::this_thread::sleep_for(std::chrono::milliseconds(5));
  }
  return WIFEXITED(status) ? std::optional(WEXITSTATUS(status)) : std::nullopt;
}

// The same command once more, in a process that may crash over a damaged file.
int report_apart(std::span<const std::string> arguments, const std::string& path) {
  std::error_code unknown_size;
  const auto found = std::filesystem::file_size(path, unknown_size);
  const std::uint64_t size = unknown_size ? 0 : found;
  const auto time = io::reader_time(size);
  std::vector<std::string> words;
  words.emplace_back("calcispec");
  words.emplace_back("report");
  words.emplace_back("--trust-input");
  words.insert(words.end(), arguments.begin(), arguments.end());
  std::vector<char*> pointers;
  pointers.reserve(words.size() + 1);
  for (auto& word : words) {
    pointers.push_back(word.data());
  }
  pointers.push_back(nullptr);
  pid_t process = -1;
  if (::posix_spawn(&process, "/proc/self/exe", nullptr, nullptr, pointers.data(), environ) != 0) {
    throw Error(ErrorCode::unreadable_input,
                "its reader could not be started; --trust-input reads it in this process",
                path);
  }
#if !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
  rlimit memory{};
  memory.rlim_cur = memory.rlim_max = io::reader_memory(size);
  ::prlimit(process, RLIMIT_AS, &memory, nullptr);
#endif
  const auto code = child_exit_code(process, time);
  if (!code) {
    throw Error(ErrorCode::unreadable_input,
                "the process that read it crashed, or took longer than " +
                    std::to_string(std::chrono::duration_cast<std::chrono::seconds>(time).count()) +
                    " s; the file is damaged, run the batch again. A sound one is read without "
                    "a limit with --trust-input",
                path);
  }
  return *code;
}

}  // namespace

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
  if (!options->has("trust-input")) {
    return report_apart(arguments, path);
  }
  const auto result = io::read_result(path);
  write_output(target, maps_report(result, std::filesystem::path(path).filename().string()));
  return exit_ok;
}

}  // namespace calcispec::cli
