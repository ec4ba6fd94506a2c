// calcispec series as a user runs it, on the simulated study of sample_spectra.
#include "tests/support/paths.hpp"
#include "tests/support/program.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <filesystem>
#include <fstream>

namespace calcispec {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using test::run_program;

const Json& quantity(const Json& series, const std::string& id) {
  for (const auto& row : series["quantities"]) {
    if (row["id"] == id) {
      return row;
    }
  }
  throw std::runtime_error("no " + id);
}

TEST(SeriesCommand, ShowsTheChangeThatIsThereAndNoOther) {
  const auto outcome = run_program("series --study series/study.csv --format json -q");
  ASSERT_EQ(outcome.code, 0);
  const auto study = Json::parse(outcome.out);
  ASSERT_EQ(study["series"].size(), 2U);
  const auto& left = study["series"][0];
  EXPECT_EQ(left["lesion"], "left");
  const auto& share = quantity(left, "apatite_signal_share");
  EXPECT_EQ(share["status"], "change_shown");
  EXPECT_GT(share["slope_per_30_days"]["lo95"].get<double>(), 0);
  EXPECT_EQ(share["points"].size(), 6U);
  const auto& right = study["series"][1];
  EXPECT_EQ(quantity(right, "apatite_signal_share")["status"], "no_change_shown");
  EXPECT_EQ(outcome.out.find("probability"), std::string::npos);
}

TEST(SeriesCommand, TakesDatesFromNamesAndSaysWhereThereAreNone) {
  const auto few = run_program("series series/left_2026-01-12.csv series/left_2026-07-20.csv");
  EXPECT_EQ(few.code, 0);
  EXPECT_NE(few.out.find("no change can be shown"), std::string::npos);
  const auto none = run_program("series raman_lesion.csv 2>&1");
  EXPECT_EQ(none.code, 2);
  EXPECT_NE(none.out.find("YYYY-MM-DD"), std::string::npos);
}

TEST(SeriesCommand, FaultsOfTheTableNameTheLine) {
  const auto folder = fs::path(::testing::TempDir()) / "series_faults";
  fs::create_directories(folder);
  const auto table = folder / "study.csv";
  const auto fault = [&](const std::string& text) {
    std::ofstream(table) << text;
    const auto outcome = run_program("series --study '" + table.string() + "' 2>&1");
    EXPECT_EQ(outcome.code, 2);
    return outcome.out;
  };
  EXPECT_NE(fault("file,date\na.csv,12.3.2026\n").find("study.csv:2"), std::string::npos);
  EXPECT_NE(fault("file,date\na.csv,2026-02-30\n").find("YYYY-MM-DD"), std::string::npos);
  EXPECT_NE(fault("file,subtype\na.csv,dystrofic\n").find("calciphylaxis"), std::string::npos);
  EXPECT_NE(fault("name\na.csv\n").find("file"), std::string::npos);
  std::ofstream(table) << "file,date\nmissing.csv,2026-02-03\n";
  EXPECT_EQ(run_program("series --study '" + table.string() + "'").code, 3);
  fs::remove_all(folder);
}

}  // namespace
}  // namespace calcispec
