// calcispec batch as a user runs it: shards, merge, status, signals, exit codes.
#include "tests/support/paths.hpp"
#include "tests/support/program.hpp"

#include <gtest/gtest.h>

#include <cstdlib>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace calcispec {
namespace {

namespace fs = std::filesystem;
using test::run_program;

class BatchCommand : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    folder = fs::path(::testing::TempDir()) / ("batch_command_" + std::string(info->name()));
    fs::remove_all(folder);
    fs::create_directories(folder);
  }
  void TearDown() override { fs::remove_all(folder); }
  [[nodiscard]] std::string path(const std::string& name) const {
    return "'" + (folder / name).string() + "'";
  }

  const std::string job = "map_4x3.txt --steps 'smooth.savgol window=9' --block-rows 2 -q ";
  fs::path folder;
};

TEST_F(BatchCommand, ShardsMergeToWhatOneRunGives) {
  EXPECT_EQ(run_program("batch run " + job + "-o " + path("one.nxs")).code, 0);
  for (const auto* shard : {"0/3", "1/3", "2/3"}) {
    EXPECT_EQ(run_program("batch run " + job + "--shard " + shard + " -o " + path("many.nxs")).code,
              0);
  }
  const auto status = run_program("batch status -o " + path("many.nxs"));
  EXPECT_NE(status.out.find("shard 2: 2 of 2 blocks, done"), std::string::npos);
  EXPECT_TRUE(fs::exists(folder / "many.nxs.work" / "progress_0_of_3.json"));
  EXPECT_EQ(run_program("batch merge " + job + "--shards 3 -o " + path("many.nxs")).code, 0);
  EXPECT_TRUE(test::content_of(folder / "many.nxs") == test::content_of(folder / "one.nxs"));
  EXPECT_FALSE(fs::exists(folder / "many.nxs.work"));
  EXPECT_EQ(run_program("info " + path("many.nxs")).code, 0);
}

TEST_F(BatchCommand, FaultsAreSentences) {
  const auto outcome = [](const std::string& words) { return run_program(words + " 2>&1"); };
  EXPECT_EQ(
      outcome("batch run map_4x3.txt --steps smooth.savgol --method raman -o " + path("x.nxs"))
          .code,
      2);
  EXPECT_EQ(outcome("batch run map_4x3.txt --bands auto -o " + path("x.nxs")).code, 2);
  EXPECT_EQ(outcome("batch run " + job).code, 2);  // no output
  EXPECT_EQ(outcome("batch run " + job + "--shard 3/3 -o " + path("x.nxs")).code, 2);
  const auto early = outcome("batch merge " + job + "--shards 2 -o " + path("x.nxs"));
  EXPECT_EQ(early.code, 2);
  EXPECT_NE(early.out.find("is not done"), std::string::npos);
  EXPECT_EQ(outcome("batch status -o " + path("nothing.nxs")).code, 2);
  EXPECT_EQ(outcome("batch run missing.h5 --steps smooth.savgol -o " + path("y.nxs")).code, 3);
  const auto plan = outcome("batch run " + job + "--dry-run -o " + path("z.nxs"));
  EXPECT_EQ(plan.code, 0);
  EXPECT_NE(plan.out.find("12 spectra of 1013 points, 6 blocks"), std::string::npos);
  EXPECT_FALSE(fs::exists(folder / "z.nxs.work"));
}

TEST_F(BatchCommand, ReadsAMapToItsEndWithoutOutput) {
  const auto scan = run_program("batch run map_4x3.txt --steps none -q");
  EXPECT_EQ(scan.code, 0);
  EXPECT_EQ(scan.out, "12 spectra read, 0 of them with missing numbers\n");
  EXPECT_EQ(run_program("batch run . --steps none -q 2>&1").code, 2);
  // With one it is the map as it was, in float32.
  EXPECT_EQ(run_program("batch run map_4x3.txt --steps none -q -o " + path("same.nxs")).code, 0);
  EXPECT_EQ(run_program("batch run " + path("same.nxs") + " --steps none -q").out, scan.out);
}

TEST_F(BatchCommand, AnalysesAMapAndRendersIt) {
  const auto run = "batch run map_4x3.txt --bands raman_phosphate_nu1 --method raman -q ";
  EXPECT_EQ(run_program(run + ("--csv " + path("map.csv") + " -o " + path("map.nxs"))).code, 0);
  EXPECT_NE(test::content_of(folder / "map.csv").find("composition_unexplained_fraction"),
            std::string::npos);
  EXPECT_EQ(run_program("report " + path("map.nxs")).code, 0);
  EXPECT_NE(test::content_of(folder / "map.html").find("Moran"), std::string::npos);
  EXPECT_EQ(run_program("report map_4x3.txt -o " + path("no.html")).code, 3);
  EXPECT_EQ(
      run_program("report --trust-input " + path("map.nxs") + " -o " + path("trusted.html")).code,
      0);
  EXPECT_EQ(test::content_of(folder / "trusted.html"),
            test::content_of(folder / "map.html"));  // read by itself
  const auto plan = run_program("batch run map_4x3.txt --dry-run -o " + path("z.nxs"));
  EXPECT_NE(plan.out.find(" on one thread"), std::string::npos) << plan.out;
}

TEST_F(BatchCommand, FolderIsATableWithARowPerSpectrum) {
  fs::create_directories(folder / "exports");
  fs::copy_file(test::sample_dir() / "raman_lesion.csv", folder / "exports" / "a.csv");
  std::ofstream(folder / "exports" / "broken.csv") << "raman_shift_1/cm,a\n400,1\n401,what\n";
  const auto run = "batch run " + path("exports") + " -q ";
  EXPECT_EQ(run_program(run + "--csv " + path("all.csv") + " -o " + path("all.nxs")).code, 1);
  const auto table = test::content_of(folder / "all.csv");
  EXPECT_NE(table.find("a.csv"), std::string::npos);
  EXPECT_NE(table.find(",failed,"), std::string::npos);
  EXPECT_EQ(run_program(run + "--steps smooth.savgol -o " + path("steps.nxs")).code, 2);
}

// A file system of 64 kB: stops at the first write that fails, goes on where there is room.
TEST_F(BatchCommand, FullDiskStopsAndGoesOn) {
  const auto mount = "mount -t tmpfs -o size=64k tmpfs " + path("small") + " 2>/dev/null";
  fs::create_directories(folder / "small");
  // No other thread runs here.
  // NOLINTNEXTLINE(concurrency-mt-unsafe)
  if (std::system(mount.c_str()) != 0) {
    GTEST_SKIP() << "no right to mount a small file system";
  }
  const auto run = "batch run " + job + "--sync-mb 1 --compression none -o " + path("small/o.nxs");
  EXPECT_EQ(run_program(run + " 2>/dev/null").code, 74);
  // NOLINTNEXTLINE(concurrency-mt-unsafe)
  EXPECT_EQ(std::system(("mount -o remount,size=8m " + path("small")).c_str()), 0);
  EXPECT_EQ(run_program(run).code, 0);
  EXPECT_EQ(run_program("batch run " + job + "--compression none -o " + path("other.nxs")).code, 0);
  EXPECT_TRUE(test::content_of(folder / "small" / "o.nxs") ==
              test::content_of(folder / "other.nxs"));
  // NOLINTNEXTLINE(concurrency-mt-unsafe)
  EXPECT_EQ(std::system(("umount " + path("small")).c_str()), 0);
}

}  // namespace
}  // namespace calcispec
