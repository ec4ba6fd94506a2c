// The corpus of malformed inputs as an ordinary test: each file is named by its fault.
#include "tests/fuzz/fuzz_targets.hpp"
#include "tests/support/paths.hpp"

#include <gtest/gtest.h>

#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace calcispec::test {
namespace {

TEST(FuzzCorpus, EveryFileEndsInAResultOrASentence) {
  for (const auto& target : fuzz_targets()) {
    const auto folder = source_dir() / "tests" / "fuzz" / "corpus" / target.name;
    int files = 0;
    for (const auto& entry : std::filesystem::directory_iterator(folder)) {
      SCOPED_TRACE(entry.path().string());
      std::ifstream stream(entry.path(), std::ios::binary);
      const std::string bytes{std::istreambuf_iterator<char>(stream),
                              std::istreambuf_iterator<char>()};
      target.run(bytes);
      ++files;
    }
    EXPECT_GE(files, 5) << folder;
  }
}

TEST(FuzzCorpus, CutAndTwistedSamplesToo) {
  for (const auto& entry : std::filesystem::directory_iterator(sample_dir())) {
    if (!entry.is_regular_file()) {
      continue;
    }
    SCOPED_TRACE(entry.path().string());
    std::ifstream stream(entry.path(), std::ios::binary);
    std::string bytes{std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
    bytes.resize(std::min<std::size_t>(bytes.size(), 700));
    for (std::size_t at = 0; at < bytes.size(); at += 7) {
      auto twisted = bytes;
      twisted[at] = static_cast<char>(twisted[at] ^ static_cast<char>(1 << (at % 8)));
      fuzz_targets().front().run(twisted);
      fuzz_targets().front().run(std::string_view(twisted).substr(0, at));
    }
  }
}

}  // namespace
}  // namespace calcispec::test
