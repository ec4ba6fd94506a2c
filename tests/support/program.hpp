// Runs the built program as a user does, in sample_spectra/.
#pragma once

#include "tests/support/paths.hpp"

#include <array>
#include <cstdio>
#include <string>
#include <sys/wait.h>

namespace calcispec::test {

struct Outcome {
  int code = -1;
  std::string out;  // standard output
};

/// `arguments` as on a shell's line; standard error is left out unless `2>&1` asks for it.
inline Outcome run_program(const std::string& arguments) {
  const auto command = "cd '" + sample_dir().string() + "' && { '" +
                       (binary_dir() / "calcispec").string() + "' " + arguments +
                       " ; } 2>/dev/null </dev/null";
  Outcome outcome;
  FILE* pipe = popen(command.c_str(), "r");
  std::array<char, 4096> buffer{};
  for (std::size_t n = 0; (n = fread(buffer.data(), 1, buffer.size(), pipe)) > 0;) {
    outcome.out.append(buffer.data(), n);
  }
  outcome.code = WEXITSTATUS(pclose(pipe));
  return outcome;
}

}  // namespace calcispec::test
