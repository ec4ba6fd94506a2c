// calcispec watch as a user runs it: files come, change and fail; a stop loses nothing.
#include "tests/support/program.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <string>

namespace calcispec {
namespace {

namespace fs = std::filesystem;
using test::run_program;

class WatchCommand : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    folder = fs::path(::testing::TempDir()) / ("watch_command_" + std::string(info->name()));
    fs::remove_all(folder);
    fs::create_directories(folder / "exports");
  }
  void TearDown() override { fs::remove_all(folder); }

  void put(const char* sample, const char* name) const {
    fs::copy_file(test::sample_dir() / sample,
                  folder / "exports" / name,
                  fs::copy_options::overwrite_existing);
  }
  [[nodiscard]] std::string table() const {
    std::ifstream stream(folder / "table.csv", std::ios::binary);
    return {std::istreambuf_iterator<char>(stream), std::istreambuf_iterator<char>()};
  }
  [[nodiscard]] std::string command(const char* options) const {
    return "watch '" + (folder / "exports").string() + "' -o '" + (folder / "table.csv").string() +
           "' --settle 0.05 --poll 0.05 --idle 0.2 " + options;
  }
  static std::ptrdiff_t lines(const std::string& text) {
    return std::count(text.begin(), text.end(), '\n');
  }

  fs::path folder;
};

TEST_F(WatchCommand, FilesBecomeRowsOnceAndFaultsToo) {
  put("raman_lesion.csv", "a.csv");
  std::ofstream(folder / "exports" / "broken.csv") << "raman_shift_1/cm,a\n400,1\n401,what\n";
  const auto first = run_program(command("2>&1"));
  EXPECT_EQ(first.code, 0) << first.out;
  EXPECT_NE(first.out.find("a.csv: 1 analysed"), std::string::npos) << first.out;
  EXPECT_NE(table().find(",processed,"), std::string::npos);
  EXPECT_NE(table().find(",failed,"), std::string::npos);
  EXPECT_EQ(lines(table()), 3);
  // Goes on: what is known is not done again, what is new is.
  put("raman_lesion_poor.csv", "b.csv");
  const auto second = run_program(command("2>&1"));
  EXPECT_EQ(second.code, 0) << second.out;
  EXPECT_EQ(second.out.find("a.csv: 1 analysed"), std::string::npos) << second.out;
  EXPECT_NE(second.out.find("b.csv: 1 analysed"), std::string::npos) << second.out;
  EXPECT_EQ(lines(table()), 4);
  // Written anew: its row is replaced.
  put("raman_saturated.csv", "b.csv");
  EXPECT_EQ(run_program(command("-q")).code, 0);
  EXPECT_EQ(lines(table()), 4);
  EXPECT_NE(table().find(",refused,"), std::string::npos);
}

TEST_F(WatchCommand, AnotherMethodNeedsAnotherTable) {
  put("raman_lesion.csv", "a.csv");
  EXPECT_EQ(run_program(command("-q")).code, 0);
  const auto other = run_program(command("--mode atr --technique ftir 2>&1"));
  EXPECT_EQ(other.code, 2);
  EXPECT_NE(other.out.find("another method"), std::string::npos) << other.out;
  EXPECT_EQ(run_program("watch '" + (folder / "none").string() + "' -o x.csv").code, 2);
}

}  // namespace
}  // namespace calcispec
