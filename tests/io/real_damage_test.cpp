// Real files cut and mutated: a result or a sentence, within a second. CALCISPEC_SWEEP=1 runs the
// whole sweep (each byte up to 4 KB, then each 1 %, and 10,000 mutations of each file).
#include "core/error.hpp"
#include "io/file.hpp"
#include "tests/support/paths.hpp"

#include <gtest/gtest.h>

#include <chrono>
#include <cstdlib>
#include <fstream>
#include <iterator>
#include <random>

namespace calcispec::io {
namespace {

class Sweep {
 public:
  explicit Sweep(std::string bytes, bool is_whole) : bytes_(std::move(bytes)) {
    step_ = is_whole ? 1 : 997;
    mutations_ = is_whole ? 10000 : 3;
    share_ = is_whole ? 100 : 7;
  }

  void run() {
    for (std::size_t length = 0; length < std::min<std::size_t>(4096, bytes_.size());
         length += step_) {
      answer(bytes_.substr(0, length));
    }
    for (std::size_t part = 1; part < share_; ++part) {
      answer(bytes_.substr(0, bytes_.size() * part / share_));
    }
    std::mt19937 random(5);
    for (int i = 0; i < mutations_; ++i) {
      auto twisted = bytes_;
      for (int k = 0; k < 8; ++k) {
        // Half of them in the head, where counts and offsets stand.
        const auto range =
            k % 2 == 0 ? std::min<std::size_t>(1024, twisted.size()) : twisted.size();
        twisted[random() % range] = static_cast<char>(random() % 256);
      }
      answer(twisted);
    }
  }

 private:
  static void answer(const std::string& bytes) {
    const auto start = std::chrono::steady_clock::now();
    try {
      EXPECT_FALSE(load_bytes({bytes, "damaged"}, {}).recordings.empty());
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::unreadable_input);
    }
    EXPECT_LT(std::chrono::steady_clock::now() - start, std::chrono::seconds(2));
  }

  std::string bytes_;
  std::size_t step_;
  int mutations_;
  std::size_t share_;
};

TEST(RealDamage, IsAnswered) {
  CALCISPEC_SKIP_WITHOUT_SHARED();
  // NOLINTNEXTLINE(concurrency-mt-unsafe): one thread
  const bool is_whole = std::getenv("CALCISPEC_SWEEP") != nullptr;
  int files = 0;
  for (const char* folder : {"jcamp",
                             "spc",
                             "opus",
                             "omnic",
                             "wdf",
                             "perkinelmer",
                             "agilent",
                             "sif",
                             "spe",
                             "mat",
                             "envi"}) {
    for (const auto& entry :
         std::filesystem::directory_iterator(test::shared_dir() / "spectra" / folder)) {
      SCOPED_TRACE(entry.path().string());
      if (entry.file_size() > 400000 && !is_whole) {
        continue;  // large maps only in the whole sweep
      }
      std::ifstream stream(entry.path(), std::ios::binary);
      Sweep({std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()}, is_whole)
          .run();
      ++files;
    }
  }
  EXPECT_GE(files, 50);
}

}  // namespace
}  // namespace calcispec::io
