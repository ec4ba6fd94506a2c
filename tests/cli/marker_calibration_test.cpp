// calibrate --marker, calibrations of band tables, assumed responses, specimens and replay as a
// user runs them, on simulated standards.
#include "tests/support/program.hpp"
#include "tests/support/simulate_mixture.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <filesystem>
#include <fstream>
#include <string>

namespace calcispec {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using test::run_program;

class MarkerCalibrationCommand : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    folder = fs::path(::testing::TempDir()) / ("marker_" + std::string(info->name()));
    fs::remove_all(folder);
    fs::create_directories(folder);
  }
  void TearDown() override { fs::remove_all(folder); }

  void write(const std::string& name,
             const std::map<std::string, double>& weights,
             bool is_raman = true,
             std::uint64_t seed = 1) const {
    test::Laboratory laboratory;
    laboratory.is_raman = is_raman;
    laboratory.height_spread = 0.1;
    test::Measurement how;
    how.seed = seed;
    how.snr = is_raman ? 100 : 1000;
    how.fluorescence = is_raman ? 0.5 : 0.03;
    test::Mixture mixture;
    mixture.weights = weights;
    const auto measured = test::measure(mixture, laboratory, how);
    std::ofstream file(folder / name);
    file << (is_raman ? "raman_shift_1/cm,intensity_counts\n" : "wavenumber_1/cm,absorbance\n");
    for (std::size_t i = 0; i < measured.x.size(); ++i) {
      file << measured.x[i] << "," << measured.y[i] << "\n";
    }
  }

  // Collagen by weight against the mineral to matrix ratio; columns of a response calibration too.
  void write_standards() const {
    std::ofstream table(folder / "standards.csv");
    table << "file,value,collagen_I_percent,hydroxyapatite_percent\n";
    for (int k = 0; k < 8; ++k) {
      const double matrix = 0.2 + 0.06 * k;
      const auto name = "standard_" + std::to_string(k) + ".csv";
      write(name,
            {
                {"apatite",    1 - matrix},
                {"collagen_I", matrix    }
      },
            true,
            static_cast<std::uint64_t>(k) + 1);
      table << name << "," << 100 * matrix << "," << 100 * matrix << "," << 100 * (1 - matrix)
            << "\n";
    }
  }

  [[nodiscard]] std::string path(const std::string& name) const {
    return "'" + (folder / name).string() + "'";
  }
  [[nodiscard]] Json spectrum(const std::string& arguments) const {
    const auto answer = run_program("analyze --json - " + arguments);
    EXPECT_EQ(answer.code, 0);
    return Json::parse(answer.out)["spectra"][0];
  }
  static Json marker(const Json& spectrum, const std::string& id) {
    for (const auto& row : spectrum["markers"]) {
      if (row["id"] == id) {
        return row;
      }
    }
    return {};
  }

  fs::path folder;
};

TEST_F(MarkerCalibrationCommand, GoesFromStandardsToValuesAndIsRefusedElsewhere) {
  write_standards();
  const auto learnt =
      run_program("calibrate --marker mineral_matrix_ratio --unit wt% --standards " +
                  path("standards.csv") + " -o " + path("cal.toml") + " 2>&1");
  ASSERT_EQ(learnt.code, 0) << learnt.out;
  EXPECT_NE(learnt.out.find("leave-one-out error"), std::string::npos);
  write("new.csv",
        {
            {"apatite",    0.6},
            {"collagen_I", 0.4}
  },
        true,
        99);
  const auto calibration = "--calibration " + path("cal.toml") + " ";
  const auto value = marker(spectrum(calibration + path("new.csv")), "mineral_matrix_ratio");
  ASSERT_EQ(value["status"], "ok") << value.dump(1);
  EXPECT_EQ(value["unit"], "wt%");
  EXPECT_EQ(value["calibration"], "cal");
  EXPECT_LE(value["lo95"].get<double>(), 40);
  EXPECT_GE(value["hi95"].get<double>(), 40);
  EXPECT_LT(value["hi95"].get<double>() - value["lo95"].get<double>(), 20);
  EXPECT_GT(value["raw"]["value"].get<double>(), 0);
  write("infrared.csv",
        {
            {"apatite",    0.6},
            {"collagen_I", 0.4}
  },
        false);
  const auto refused = marker(spectrum(calibration + "--mode transmission " + path("infrared.csv")),
                              "mineral_matrix_ratio");
  EXPECT_EQ(refused["status"], "not_determinable");
  EXPECT_TRUE(refused["value"].is_null());
  EXPECT_NE(refused["reason"].get<std::string>().find("cal is for"), std::string::npos);
  write("other.csv",
        {
            {"fluoride_apatite", 0.6},
            {"collagen_I",       0.4}
  });
  const auto other = marker(spectrum(calibration + path("other.csv")), "mineral_matrix_ratio");
  EXPECT_TRUE(other["value"].is_null()) << other.dump(1);
}

TEST_F(MarkerCalibrationCommand, ResponsesOfBandTablesGiveWeights) {
  write_standards();
  ASSERT_EQ(
      run_program("calibrate --standards " + path("standards.csv") + " -o " + path("cal.toml"))
          .code,
      0);
  write("new.csv",
        {
            {"apatite",    0.7},
            {"collagen_I", 0.3}
  },
        true,
        77);
  const auto composition =
      spectrum("--calibration " + path("cal.toml") + " " + path("new.csv"))["composition"];
  EXPECT_EQ(composition["basis"], "weight_fraction");
  EXPECT_EQ(composition["calibration"]["status"], "user");
  for (const auto& group : composition["groups"]) {
    if (group["name"] == "apatite") {
      EXPECT_LE(group["lo95"].get<double>(), 0.7);
      EXPECT_GE(group["hi95"].get<double>(), 0.7);
    }
  }
}

TEST_F(MarkerCalibrationCommand, AssumedResponsesAreAskedForAndMarked) {
  write("new.csv",
        {
            {"apatite", 0.7},
            {"calcite", 0.3}
  });
  EXPECT_EQ(spectrum(path("new.csv"))["composition"]["basis"], "signal_share");
  const auto composition = spectrum("--assume-response " + path("new.csv"))["composition"];
  EXPECT_EQ(composition["basis"], "weight_fraction");
  EXPECT_EQ(composition["calibration"]["status"], "placeholder");
  const auto text = run_program("analyze --assume-response " + path("new.csv"));
  EXPECT_NE(text.out.find("assumed response"), std::string::npos) << text.out;
  EXPECT_EQ(
      run_program("analyze --assume-response --calibration no_such.toml " + path("new.csv")).code,
      2);
}

TEST_F(MarkerCalibrationCommand, ReplaySaysWhetherTheNumbersAreIdentical) {
  write("new.csv",
        {
            {"apatite",    0.7},
            {"collagen_I", 0.3}
  });
  ASSERT_EQ(
      run_program("analyze --range 420-1790 --json " + path("result.json") + " " + path("new.csv"))
          .code,
      0);
  const auto same = run_program("analyze --replay " + path("result.json") + " 2>&1");
  EXPECT_EQ(same.code, 0) << same.out;
  EXPECT_NE(same.out.find("identical"), std::string::npos);
  write("new.csv",
        {
            {"apatite",    0.7},
            {"collagen_I", 0.3}
  },
        true,
        2);
  const auto changed = run_program("analyze --replay " + path("result.json") + " 2>&1");
  EXPECT_EQ(changed.code, 1);
  EXPECT_NE(changed.out.find("the input"), std::string::npos) << changed.out;
  EXPECT_NE(changed.out.find("differ"), std::string::npos);
  std::ofstream(folder / "other.json") << "{\"spectra\":[]}\n";
  const auto other = run_program("analyze --replay " + path("other.json") + " 2>&1");
  EXPECT_EQ(other.code, 2);
  EXPECT_NE(other.out.find("no record"), std::string::npos);
  EXPECT_EQ(run_program("analyze --replay " + path("result.json") + " --mode atr").code, 2);
}

TEST_F(MarkerCalibrationCommand, SpecimensStandSideBySide) {
  write("raman.csv",
        {
            {"apatite",    0.7},
            {"collagen_I", 0.3}
  });
  write("infrared.csv",
        {
            {"apatite",    0.7},
            {"collagen_I", 0.3}
  },
        false);
  std::ofstream(folder / "specimens.csv") << "file,specimen\nraman.csv,L1\ninfrared.csv,L1\n";
  const auto answer =
      run_program("analyze --mode transmission --json - --specimens " + path("specimens.csv") +
                  " " + path("raman.csv") + " " + path("infrared.csv"));
  ASSERT_EQ(answer.code, 0);
  const auto json = Json::parse(answer.out);
  ASSERT_EQ(json["specimens"].size(), 1U);
  const auto& specimen = json["specimens"][0];
  EXPECT_EQ(specimen["specimen"], "L1");
  EXPECT_EQ(specimen["status"], "not_determinable");
  EXPECT_NE(specimen["reason"].get<std::string>().find("different"), std::string::npos);
  EXPECT_EQ(specimen["phases"][0]["by_spectrum"].size(), 2U);
}

}  // namespace
}  // namespace calcispec
