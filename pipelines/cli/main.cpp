// The program calcispec; everything is in the library.
#include "pipelines/cli/command.hpp"

#include <malloc.h>
#include <string>
#include <vector>

namespace {

// Blocks of spectra are some MB. By default each of them would be mapped anew and given back, and
// its pages faulted in again: four times the time of a simple step on a map.
void keep_freed_memory() {
  constexpr int largest = 32 << 20;
  constexpr int kept = 128 << 20;
  // NOLINTBEGIN(concurrency-mt-unsafe): no other thread runs yet
  mallopt(M_MMAP_THRESHOLD, largest);
  mallopt(M_TRIM_THRESHOLD, kept);
  // NOLINTEND(concurrency-mt-unsafe)
}

}  // namespace

int main(int argc, char** argv) {
  const std::vector<std::string> arguments(argv + (argc > 0 ? 1 : 0), argv + argc);
  keep_freed_memory();
  return calcispec::cli::run_program(arguments);
}
