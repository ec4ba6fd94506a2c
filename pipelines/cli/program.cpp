#include "core/build_info.hpp"
#include "core/error.hpp"
#include "core/parameter.hpp"
#include "io/reader_process.hpp"
#include "pipelines/cli/command.hpp"
#include "pipelines/cli/options.hpp"
#include "pipelines/cli/outputs.hpp"
#include "pipelines/cli/versions.hpp"

#include <exception>
#include <iterator>
#include <new>
#include <vector>

namespace calcispec::cli {

#define COMMAND(name)                                     \
  int run_##name(std::span<const std::string> arguments); \
  const CommandHelp& name##_help();
#include "pipelines/cli/commands.def"
#undef COMMAND

namespace {

std::string short_help() {
  std::string text =
      "calcispec tells what calcified tissue is made of, from FT-IR and Raman spectra.\n"
      "Research use only: it never diagnoses.\n\n"
      "usage: calcispec COMMAND [options] INPUT...\n\n"
      "Start with:\n"
      "  calcispec analyze sample.txt --report report.html\n\n"
      "commands:\n";
  for (const auto& command : commands()) {
    std::string name(command.name);
    name.resize(11, ' ');
    text += "  " + name + std::string(command.help().purpose) + "\n";
  }
  return text +
         "\ncalcispec COMMAND --help   examples and options of a command\n"
         "calcispec --version        versions of the program and its libraries\n";
}

const Command* find_command(std::string_view name) {
  for (const auto& command : commands()) {
    if (command.name == name) {
      return &command;
    }
  }
  return nullptr;
}

std::string unknown_command(const std::string& name) {
  std::vector<std::string_view> names;
  std::string all;
  for (const auto& command : commands()) {
    names.push_back(command.name);
    all += (all.empty() ? "" : ", ") + std::string(command.name);
  }
  const auto near = nearest_name(name, names);
  if (name.starts_with("-")) {
    return "'" + name + "' stands where a command was expected; the commands are: " + all +
           " (options come after the command)";
  }
  return "unknown command '" + name + "'" +
         (near.empty() ? "; the commands are: " + all
                       : "; did you mean '" + std::string(near) + "'?");
}

int code_of(const Error& error) {
  switch (error.code()) {
    case ErrorCode::invalid_argument:
    case ErrorCode::bad_method:
      return exit_usage;
    case ErrorCode::unreadable_input:
    case ErrorCode::internal:
      return exit_nothing_processed;
    case ErrorCode::output_failed:
      return exit_output_failed;
    case ErrorCode::interrupted:
      return exit_interrupted;
  }
  return exit_nothing_processed;
}

int dispatch(std::span<const std::string> arguments) {
  if (arguments.empty()) {
    print(short_help());
    return exit_ok;
  }
  const auto& first = arguments.front();
  if (first == io::reader_word) {  // started by ourselves, to read a file that is not trusted
    return io::serve_reader();
  }
  if (first == "--version") {
    print(version_text());
    return exit_ok;
  }
  if (first == "--help" || first == "-h" || first == "help") {
    const auto* command = arguments.size() > 1 ? find_command(arguments[1]) : nullptr;
    print(command != nullptr ? help_text(command->help()) : short_help());
    return exit_ok;
  }
  const auto* command = find_command(first);
  if (command == nullptr) {
    throw Error(ErrorCode::invalid_argument, unknown_command(first));
  }
  return command->run(arguments.subspan(1));
}

}  // namespace

std::span<const Command> commands() {
#define COMMAND(name) Command{#name, name##_help, run_##name},
  // The empty last row is not shown; it ends the list whatever the registry holds.
  static constexpr Command table[] = {
#include "pipelines/cli/commands.def"
      Command{},
  };
#undef COMMAND
  return std::span(table).first(std::size(table) - 1);
}

int run_program(std::span<const std::string> arguments) {
  watch_interrupt();
  try {
    return dispatch(arguments);
  } catch (const ClosedPipe&) {
    return exit_ok;
  } catch (const Error& error) {
    const std::string text =
        error.code() == ErrorCode::internal
            ? std::string("a fault of the program: ") + error.what() + "; please report it"
            : std::string(error.what());
    print_message(error.place().empty() ? text : error.place() + ": " + text);
    return code_of(error);
  } catch (const std::bad_alloc&) {
    print_message("out of memory; give fewer or smaller inputs, or a smaller --jobs");
    return exit_nothing_processed;
  } catch (const std::exception& error) {
    print_message(std::string("a fault of the program: ") + error.what() + "; please report it");
    return exit_nothing_processed;
  }
}

}  // namespace calcispec::cli
