// calcispec components on a simulated map of two substances.
#include "tests/support/program.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <random>
#include <string>

namespace calcispec {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using test::run_program;

class ComponentsCommand : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    folder = fs::path(::testing::TempDir()) / ("components_" + std::string(info->name()));
    fs::remove_all(folder);
    fs::create_directories(folder);
    std::ofstream file(folder / "map.csv");
    file << "raman_shift_1/cm";
    for (int s = 0; s < spectra; ++s) {
      file << ",s" << s;
    }
    file << "\n";
    std::mt19937_64 random(2);
    std::normal_distribution<double> noise(0, 3);
    const auto band = [](double x, double center, double width) {
      const double u = 2 * (x - center) / width;
      return 1 / (1 + u * u);
    };
    for (int i = 0; i < 600; ++i) {
      const double x = 420 + 2.0 * i;
      file << x;
      for (int s = 0; s < spectra; ++s) {
        const double part = s < spectra / 2 ? 0.05 : 0.95;  // of calcite
        file << ","
             << 200 + noise(random) +
                    1000 * part *
                        (band(x, 1086, 9) + 0.15 * band(x, 712, 9) + 0.05 * band(x, 1436, 10)) +
                    1000 * (1 - part) *
                        (band(x, 960.5, 15) + 0.12 * band(x, 430.5, 20) + 0.06 * band(x, 446, 19) +
                         0.09 * band(x, 581, 20) + 0.05 * band(x, 607, 17) +
                         0.06 * band(x, 1030, 17) + 0.06 * band(x, 1046, 17) +
                         0.12 * band(x, 1070.5, 14));
      }
      file << "\n";
    }
  }
  void TearDown() override { fs::remove_all(folder); }

  [[nodiscard]] test::Outcome run(const std::string& options) const {
    return run_program("components " + options + " '" + (folder / "map.csv").string() +
                       "' --technique raman 2>&1");
  }

  static constexpr int spectra = 24;
  fs::path folder;
};

TEST_F(ComponentsCommand, CurvesAreFoundAndMatched) {
  const auto answer = run("--count 2 --format json");
  ASSERT_EQ(answer.code, 0) << answer.out;
  const auto json = Json::parse(answer.out);
  ASSERT_EQ(json["components"].size(), 2U);
  ASSERT_EQ(json["values"].size(), static_cast<std::size_t>(spectra));
  int with_calcite = 0;
  int with_apatite = 0;
  for (const auto& component : json["components"]) {
    EXPECT_EQ(component["curve"].size(), json["axis"].size());
    EXPECT_FALSE(component["hits"].empty());
    with_apatite += component["hits"].dump().find("apatite") != std::string::npos ? 1 : 0;
    with_calcite += component["hits"].dump().find("calcite") != std::string::npos ? 1 : 0;
  }
  EXPECT_EQ(with_calcite, 1) << answer.out;
  EXPECT_EQ(with_apatite, 1) << answer.out;
  EXPECT_LT(json["unexplained"].get<double>(), 0.1);
}

TEST_F(ComponentsCommand, ClustersAreTheTwoHalves) {
  const auto answer = run("--algorithm kmeans --count 2 --format json");
  ASSERT_EQ(answer.code, 0) << answer.out;
  const auto values = Json::parse(answer.out)["values"];
  for (std::size_t s = 0; s < spectra; ++s) {
    const std::size_t like = s < spectra / 2 ? 0 : spectra - 1;
    EXPECT_EQ(values[s][0], values[like][0]) << s;
  }
  EXPECT_NE(values[0][0], values[spectra - 1][0]);
}

TEST_F(ComponentsCommand, TablesAndFaultsAreSentences) {
  EXPECT_NE(run("--algorithm pca --count 2").out.find("component"), std::string::npos);
  EXPECT_NE(run("--algorithm pca --count 2 --format csv").out.find("component_2"),
            std::string::npos);
  const auto many = run("--count 50");
  EXPECT_EQ(many.code, 2);
  EXPECT_NE(many.out.find("between 1 and 24"), std::string::npos) << many.out;
  EXPECT_EQ(run_program("components raman_lesion.csv").code, 2);
  EXPECT_EQ(run_program("components").code, 2);
}

}  // namespace
}  // namespace calcispec
