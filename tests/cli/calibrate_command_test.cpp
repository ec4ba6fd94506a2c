// library add, match, calibrate and weight fractions as a user runs them, on spectra made here.
#include "tests/support/program.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>
#include <random>

namespace calcispec {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using test::run_program;

class CalibrateCommand : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    folder = fs::path(::testing::TempDir()) / ("calibrate_" + std::string(info->name()));
    fs::remove_all(folder);
    fs::create_directories(folder / "pure");
    write_spectrum("pure/pure_calcite.csv", 1, 0);
    write_spectrum("pure/pure_brushite.csv", 0, 1);
    std::ofstream table(folder / "standards.csv");
    table << "file,calcite_percent,brushite_percent\n";
    for (int k = 0; k < 6; ++k) {
      const double calcite = 0.15 + 0.14 * k;
      const auto name = "standard_" + std::to_string(k) + ".csv";
      write_mixture(name, calcite);
      table << name << "," << 100 * calcite << "," << 100 * (1 - calcite) << "\n";
    }
  }
  void TearDown() override { fs::remove_all(folder); }

  // Calcite answers twice as strongly as brushite.
  void write_mixture(const std::string& name, double calcite) {
    std::normal_distribution<double> normal;
    const double grain = std::exp(0.03 * normal(random));
    write_spectrum(name, 2 * calcite * grain, 1 - calcite);
  }

  void write_spectrum(const std::string& name, double calcite, double brushite) {
    std::normal_distribution<double> noise(0, 2);
    std::ofstream file(folder / name);
    file << "raman_shift_1/cm,intensity_counts\n";
    const auto band = [](double x, double center, double width) {
      const double u = 2 * (x - center) / width;
      return 1 / (1 + u * u);
    };
    for (int i = 0; i < 900; ++i) {
      const double x = 400 + 1.5 * i;
      file << x << ","
           << 500 + 0.1 * x + noise(random) +
                  1000 * calcite * (band(x, 1086, 8) + 0.2 * band(x, 712, 9)) +
                  1000 * brushite * (band(x, 986, 12) + 0.4 * band(x, 590, 14))
           << "\n";
    }
  }

  [[nodiscard]] std::string path(const std::string& name) const {
    return "'" + (folder / name).string() + "'";
  }
  test::Outcome add() const {
    return run_program("library add " + path("pure/pure_calcite.csv") + " " +
                       path("pure/pure_brushite.csv") + " --strip pure_ --library " + path("lib"));
  }
  test::Outcome calibrate(const std::string& more = "") const {
    return run_program("calibrate --standards " + path("standards.csv") + " --library " +
                       path("lib") + " -o " + path("cal.toml") + " " + more + " 2>&1");
  }

  fs::path folder;
  std::mt19937_64 random{5};
};

TEST_F(CalibrateCommand, GoesFromPureSubstancesToWeightFractions) {
  const auto added = add();
  EXPECT_EQ(added.code, 0);
  EXPECT_NE(added.out.find("calcite"), std::string::npos);
  EXPECT_EQ(run_program("library check " + path("lib")).code, 0);
  EXPECT_EQ(run_program("library show brushite --library " + path("lib")).code, 0);
  const auto learnt = calibrate();
  EXPECT_EQ(learnt.code, 0);
  EXPECT_NE(learnt.out.find("leave-one-out error"), std::string::npos);
  write_mixture("new.csv", 0.3);
  const auto answer =
      run_program("analyze --library " + path("lib") + " --only-library --calibration " +
                  path("cal.toml") + " --json - " + path("new.csv"));
  ASSERT_EQ(answer.code, 0);
  const auto composition = Json::parse(answer.out)["spectra"][0]["composition"];
  EXPECT_EQ(composition["basis"], "weight_fraction");
  EXPECT_EQ(composition["calibration"]["id"], "cal");
  EXPECT_EQ(composition["calibration"]["status"], "user");
  double sum = 0;
  for (const auto& phase : composition["phases"]) {
    sum += phase["fraction"].get<double>();
    const double truth = phase["phase"] == "calcite" ? 0.3 : 0.7;
    EXPECT_NEAR(phase["fraction"].get<double>(), truth, 0.04);
    EXPECT_LE(phase["lo95"].get<double>(), truth);
    EXPECT_GE(phase["hi95"].get<double>(), truth);
  }
  EXPECT_NEAR(sum, 1, 1e-9);
}

TEST_F(CalibrateCommand, MatchFindsTheUsersReference) {
  add();
  const auto found = run_program("match --library " + path("lib") + " --format json " +
                                 path("pure/pure_calcite.csv"));
  ASSERT_EQ(found.code, 0);
  const auto spectrum = Json::parse(found.out)["spectra"][0];
  EXPECT_EQ(spectrum["hits"][0]["reference"], "calcite");
  EXPECT_EQ(spectrum["none_of_these"], false);
  EXPECT_GT(spectrum["hits"][0]["explained"].get<double>(), 0.95);
  const auto table = run_program("match --top 2 raman_lesion.csv no_such_file.txt 2>&1");
  EXPECT_EQ(table.code, 1);
  EXPECT_NE(table.out.find("apatite"), std::string::npos);
}

TEST_F(CalibrateCommand, ACalibrationOfOtherReferencesIsRefused) {
  add();
  calibrate();
  write_spectrum("pure/pure_other.csv", 0.5, 0.1);
  run_program("library add " + path("pure/pure_other.csv") + " --strip pure_ --library " +
              path("lib"));
  const auto answer =
      run_program("analyze --library " + path("lib") + " --only-library --calibration " +
                  path("cal.toml") + " " + path("standard_1.csv") + " 2>&1");
  EXPECT_EQ(answer.code, 2);
  EXPECT_NE(answer.out.find("other references"), std::string::npos);
}

TEST_F(CalibrateCommand, FaultsAreSentences) {
  EXPECT_EQ(calibrate().code, 2);  // no library yet
  add();
  EXPECT_EQ(add().code, 2);  // twice
  const auto again = run_program("library add " + path("pure/pure_calcite.csv") +
                                 " --strip pure_ --force --library " + path("lib"));
  EXPECT_EQ(again.code, 0);
  std::ofstream(folder / "standards.csv") << "file,calcite,brushite\nstandard_1.csv,0.3,0.3\n";
  const auto sum = calibrate();
  EXPECT_EQ(sum.code, 2);
  EXPECT_NE(sum.out.find("add up to"), std::string::npos);
  EXPECT_NE(sum.out.find("standards.csv:2"), std::string::npos);
  EXPECT_FALSE(fs::exists(folder / "cal.toml"));
  EXPECT_EQ(run_program("analyze --library " + path("lib") + " " + path("standard_1.csv")).code, 2);
}

}  // namespace
}  // namespace calcispec
