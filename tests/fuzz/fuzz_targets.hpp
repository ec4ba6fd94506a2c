// What is fuzzed: each target takes any bytes and must end in a result or in an Error that speaks.
#pragma once

#include <span>
#include <string_view>

namespace calcispec::test {

/// `run` aborts the program when a promise is broken.
struct FuzzTarget {
  std::string_view name;  // also the folder of its corpus
  void (*run)(std::string_view bytes);
};

std::span<const FuzzTarget> fuzz_targets();

}  // namespace calcispec::test
