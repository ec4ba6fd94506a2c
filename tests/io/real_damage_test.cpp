// Real files cut and mutated: spectra or a sentence, within a second. CALCISPEC_SWEEP=1 runs the
// whole sweep.
#include "io/file.hpp"
#include "tests/support/damage_sweep.hpp"
#include "tests/support/paths.hpp"

#include <gtest/gtest.h>

#include <fstream>
#include <iterator>
#include <string>

namespace calcispec::io {
namespace {

struct Folder {
  const char* name;
  int least_files;  // that the short form reads
  bool is_packed = false;
};

class RealDamage : public ::testing::TestWithParam<Folder> {};

TEST_P(RealDamage, IsAnswered) {
  CALCISPEC_SKIP_WITHOUT_SHARED();
  test::DamageSweep sweep(GetParam().is_packed);
  for (const auto& entry :
       std::filesystem::directory_iterator(test::shared_dir() / "spectra" / GetParam().name)) {
    if (entry.file_size() > 400000 && !test::is_whole_sweep()) {
      continue;  // large maps only in the whole sweep
    }
    SCOPED_TRACE(entry.path().string());
    std::ifstream stream(entry.path(), std::ios::binary);
    sweep.run({std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()},
              [](const std::string& bytes) {
                EXPECT_FALSE(load_bytes({bytes, "damaged"}, {}).recordings.empty());
              });
  }
  sweep.print(GetParam().name);
  EXPECT_GE(sweep.files(), GetParam().least_files);
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
                                           Folder{"mat", 2, true},
                                           Folder{"envi", 2, true},
                                           Folder{"text", 16}),
                         [](const auto& row) { return std::string(row.param.name); });

}  // namespace
}  // namespace calcispec::io
