// calcispec fit --bands auto as a user runs it.
#include "tests/support/program.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <cmath>
#include <filesystem>

namespace calcispec {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using test::run_program;

TEST(FitAuto, FindsTheLinesOfASample) {
  const auto outcome =
      run_program("fit --bands auto --range 930-1100 --format json raman_lesion.csv");
  ASSERT_EQ(outcome.code, 0);
  const auto json = Json::parse(outcome.out);
  EXPECT_EQ(json["band_set"]["name"], "auto");
  const auto& fit = json["spectra"][0];
  EXPECT_EQ(fit["band_search"]["finder"], "wavelet");
  EXPECT_FALSE(fit["band_search"]["reason"].get<std::string>().empty());
  bool has_phosphate = false;
  bool has_carbonate = false;
  for (const auto& band : fit["bands"]) {
    const auto center = band["center"]["value"].get<double>();
    has_phosphate = has_phosphate || std::abs(center - 960) < 3;
    has_carbonate = has_carbonate || std::abs(center - 1071) < 3;
  }
  EXPECT_TRUE(has_phosphate && has_carbonate) << fit["bands"].dump();
}

TEST(FitAuto, ShownBandsAreABandsFile) {
  const auto file = fs::path(::testing::TempDir()) / "found_bands.toml";
  fs::remove(file);
  const auto shown = run_program(
      "fit --bands auto --range 930-1100 --show-bands raman_lesion.csv > '" + file.string() + "'");
  ASSERT_EQ(shown.code, 0);
  const auto fit = run_program("fit --bands '" + file.string() + "' raman_lesion.csv");
  EXPECT_EQ(fit.code, 0);
  EXPECT_NE(fit.out.find("band_1071"), std::string::npos);
  fs::remove(file);
}

// One set for all pixels, so that they stand side by side; the same with one job and with two.
TEST(FitAuto, PixelsOfAMapHaveTheSameBands) {
  const std::string command = "fit --bands auto --range 930-1100 --format csv map_4x3.txt --jobs ";
  const auto one = run_program(command + "1");
  ASSERT_EQ(one.code, 0);
  EXPECT_EQ(one.out, run_program(command + "2").out);
  EXPECT_NE(one.out.substr(0, one.out.find('\n')).find("band_960_center"), std::string::npos);
}

TEST(FitAuto, DifferentSpectraHaveTheirOwnBands) {
  const std::string command = "fit --bands auto --range 930-1100 raman_lesion.csv ftir_lesion.csv ";
  EXPECT_EQ(run_program(command + "--format csv").code, 0);
  const auto refused = run_program(command + "--format csv --rows spectrum 2>&1");
  EXPECT_EQ(refused.code, 2);
  EXPECT_NE(refused.out.find("--rows band"), std::string::npos);
}

TEST(FitAuto, WrongShapeAndNothingToFind) {
  const auto shape = run_program("fit --bands auto --shape triangle raman_lesion.csv 2>&1");
  EXPECT_EQ(shape.code, 2);
  EXPECT_NE(shape.out.find("pseudo_voigt"), std::string::npos);
  const auto list = run_program("fit --shape list");
  EXPECT_EQ(list.code, 0);
  EXPECT_NE(list.out.find("split_voigt"), std::string::npos);
  EXPECT_NE(list.out.find("lorentz_hwhm_right"), std::string::npos);
  const auto one = run_program(
      "fit --bands auto --range 930-1100 --max-bands 1 --finder derivative --shape lorentz "
      "raman_lesion.csv");
  EXPECT_EQ(one.code, 0);
  EXPECT_NE(one.out.find("--max-bands"), std::string::npos) << one.out;
  EXPECT_NE(run_program("fit --bands auto --show-bands missing.csv").code, 0);
}

}  // namespace
}  // namespace calcispec
