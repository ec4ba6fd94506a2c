// Entry for libFuzzer; one program per target, chosen when it is built.
#include "tests/fuzz/fuzz_targets.hpp"

#include <cstddef>
#include <cstdint>

#ifndef CALCISPEC_FUZZ_TARGET
#define CALCISPEC_FUZZ_TARGET ""  // set per target by CMake; empty where the file is only checked
#endif

// The name is libFuzzer's.
// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  for (const auto& target : calcispec::test::fuzz_targets()) {
    if (target.name == CALCISPEC_FUZZ_TARGET) {
      target.run(bytes);
    }
  }
  return 0;
}
