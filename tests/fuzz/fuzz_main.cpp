// Entry for libFuzzer; one program per target, chosen when it is built. `--reader=NAME` keeps to
// what the reader of this format takes for its own.
#include "io/format.hpp"
#include "tests/fuzz/fuzz_targets.hpp"

#include <cstddef>
#include <cstdint>
#include <cstdio>
#include <cstdlib>
#include <string_view>

#ifndef CALCISPEC_FUZZ_TARGET
#define CALCISPEC_FUZZ_TARGET ""  // set per target by CMake; empty where the file is only checked
#endif

namespace {

const calcispec::io::Format*& only_reader() {
  static const calcispec::io::Format* reader = nullptr;
  return reader;
}

}  // namespace

// The names are libFuzzer's.
// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerInitialize(int* count, char*** arguments) {
  constexpr std::string_view flag = "--reader=";
  for (int i = 1; i < *count; ++i) {
    const std::string_view argument((*arguments)[i]);
    if (argument.substr(0, flag.size()) != flag) {
      continue;
    }
    for (const auto& format : calcispec::io::formats()) {
      if (format.name == argument.substr(flag.size())) {
        only_reader() = &format;
      }
    }
    if (only_reader() == nullptr) {
      std::fprintf(stderr, "no reader has the name after %s\n", flag.data());
      std::exit(2);
    }
  }
  return 0;
}

// NOLINTNEXTLINE(readability-identifier-naming)
extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const std::string_view bytes(reinterpret_cast<const char*>(data), size);
  if (only_reader() != nullptr && only_reader()->sniff({bytes, "fuzz"}) == 0) {
    return 0;
  }
  for (const auto& target : calcispec::test::fuzz_targets()) {
    if (target.name == CALCISPEC_FUZZ_TARGET) {
      target.run(bytes);
    }
  }
  return 0;
}
