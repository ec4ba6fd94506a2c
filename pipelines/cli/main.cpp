// The program calcispec; everything is in the library.
#include "pipelines/cli/command.hpp"

#include <string>
#include <vector>

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
  return calcispec::cli::run_program(arguments);
}
