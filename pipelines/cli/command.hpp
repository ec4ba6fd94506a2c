// Command: one row per subcommand; the program is a table of them.
#pragma once

#include <span>
#include <string>
#include <string_view>

namespace calcispec::cli {

struct CommandHelp;

/// Exit codes of the contract.
enum ExitCode : int {
  exit_ok = 0,
  exit_some_failed = 1,
  exit_usage = 2,
  exit_nothing_processed = 3,
  exit_refused_strict = 4,
  exit_output_failed = 74,
  exit_resumable = 75,
  exit_interrupted = 130
};

/// A row of commands.def: COMMAND(info) stands for `int run_info(std::span<const std::string>)`,
/// which gets the arguments after the name, and `const CommandHelp& info_help()`.
struct Command {
  std::string_view name;
  const CommandHelp& (*help)();
  int (*run)(std::span<const std::string> arguments);
};

std::span<const Command> commands();

/// The whole program: finds the command, runs it, turns errors into messages and exit codes.
int run_program(std::span<const std::string> arguments);

}  // namespace calcispec::cli
