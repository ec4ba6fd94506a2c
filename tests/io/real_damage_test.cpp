// Real files cut and mutated: a result or a sentence, within two seconds of CPU time, which other
// work on the machine does not lengthen. CALCISPEC_SWEEP=1 runs the whole sweep (each byte up to
// 4 KB, then each 1 %, and 10,000 mutations of each file).
#include "core/error.hpp"
#include "io/file.hpp"
#include "tests/support/paths.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <cstdlib>
#include <ctime>
#include <fstream>
#include <iterator>
#include <random>
#include <string>
#include <utility>

namespace calcispec::io {
namespace {

struct Answers {
  Index spectra = 0;
  Index sentences = 0;
  double slowest_s = 0;
};

class Sweep {
 public:
  Sweep(std::string bytes, bool is_whole, Answers& answers)
      : bytes_(std::move(bytes)), answers_(answers) {
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
  void answer(const std::string& bytes) {
    const auto start = std::clock();
    try {
      EXPECT_FALSE(load_bytes({bytes, "damaged"}, {}).recordings.empty());
      ++answers_.spectra;
    } catch (const Error& error) {
      EXPECT_EQ(error.code(), ErrorCode::unreadable_input);
      ++answers_.sentences;
    }
    const double took = static_cast<double>(std::clock() - start) / CLOCKS_PER_SEC;
    answers_.slowest_s = std::max(answers_.slowest_s, took);
    EXPECT_LT(took, 2);
  }

  std::string bytes_;
  Answers& answers_;
  std::size_t step_;
  int mutations_;
  std::size_t share_;
};

struct Folder {
  const char* name;
  int least_files;  // that the short form reads
};

class RealDamage : public ::testing::TestWithParam<Folder> {};

TEST_P(RealDamage, IsAnswered) {
  CALCISPEC_SKIP_WITHOUT_SHARED();
  // NOLINTNEXTLINE(concurrency-mt-unsafe): one thread
  const bool is_whole = std::getenv("CALCISPEC_SWEEP") != nullptr;
  Answers answers;
  int files = 0;
  for (const auto& entry :
       std::filesystem::directory_iterator(test::shared_dir() / "spectra" / GetParam().name)) {
    if (entry.file_size() > 400000 && !is_whole) {
      continue;  // large maps only in the whole sweep
    }
    SCOPED_TRACE(entry.path().string());
    std::ifstream stream(entry.path(), std::ios::binary);
    Sweep({std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()},
          is_whole,
          answers)
        .run();
    ++files;
  }
  std::printf("%s: %d files, %lld readings with spectra, %lld with a sentence, slowest %.2f s\n",
              GetParam().name,
              files,
              static_cast<long long>(answers.spectra),
              static_cast<long long>(answers.sentences),
              answers.slowest_s);
  EXPECT_GE(files, GetParam().least_files);
}

INSTANTIATE_TEST_SUITE_P(Folders,
                         RealDamage,
                         ::testing::Values(Folder{"jcamp", 20},
                                           Folder{"spc", 18},
                                           Folder{"opus", 6},
                                           Folder{"omnic", 3},
                                           Folder{"wdf", 3},
                                           Folder{"perkinelmer", 1},
                                           Folder{"agilent", 8},
                                           Folder{"sif", 3},
                                           Folder{"spe", 3},
                                           Folder{"mat", 2},
                                           Folder{"envi", 2},
                                           Folder{"text", 16}),
                         [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace calcispec::io
