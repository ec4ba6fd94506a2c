#include "core/build_info.hpp"
#include "pipelines/cli/command.hpp"

#include <cstdio>
#include <string>

namespace calcispec::cli {

std::span<const Command> commands() {
  return {};
}

int run_program(std::span<const std::string> arguments) {
  if (arguments.size() == 1 && arguments[0] == "--version") {
    const std::string text =
        "calcispec " + std::string(version()) + " (core " + std::string(cpu_level()) + ")\n";
    std::fputs(text.c_str(), stdout);
    return exit_ok;
  }
  std::fputs("usage: calcispec --version\n", stderr);
  return exit_usage;
}

}  // namespace calcispec::cli
