// calcispec fit as a user runs it: formats, figures, maps, exit codes, messages.
#include "tests/support/paths.hpp"
#include "tests/support/program.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>
#include <filesystem>
#include <fstream>
#include <iterator>

namespace calcispec {
namespace {

namespace fs = std::filesystem;
using Json = nlohmann::json;
using test::run_program;

std::vector<std::string> split(const std::string& text, char separator) {
  std::vector<std::string> out;
  std::string word;
  for (const char c : text) {
    if (c == separator) {
      out.push_back(word);
      word.clear();
    } else {
      word += c;
    }
  }
  if (!word.empty()) {
    out.push_back(word);
  }
  return out;
}

class FitCommand : public ::testing::Test {
 protected:
  void SetUp() override {
    const auto* info = ::testing::UnitTest::GetInstance()->current_test_info();
    folder = fs::path(::testing::TempDir()) / ("fit_" + std::string(info->name()));
    fs::remove_all(folder);
    fs::create_directories(folder);
  }
  void TearDown() override { fs::remove_all(folder); }
  [[nodiscard]] std::string path(const std::string& name) const { return (folder / name).string(); }
  void write(const std::string& name, const std::string& text) const {
    std::ofstream(folder / name, std::ios::binary) << text;
  }
  fs::path folder;
};

TEST_F(FitCommand, HelpNamesTheSetsAndListTheirTitles) {
  const auto help = run_program("fit --help");
  EXPECT_EQ(help.code, 0);
  EXPECT_NE(help.out.find("raman_phosphate_nu1"), std::string::npos);
  EXPECT_NE(help.out.find("not_fitted"), std::string::npos);
  const auto list = run_program("fit --bands list");
  EXPECT_EQ(list.code, 0);
  EXPECT_NE(list.out.find("ftir_carbonate_nu2"), std::string::npos);
  const auto shown =
      run_program("fit --bands raman_amide --show-bands > '" + path("own.toml") + "'");
  EXPECT_EQ(shown.code, 0);
  EXPECT_EQ(run_program("fit --bands '" + path("own.toml") + "' raman_lesion.csv").code, 0);
}

TEST_F(FitCommand, OptionsOfAutomaticBandsNeedAutomaticBands) {
  for (const std::string option : {"--shape gauss", "--max-bands 3", "--finder derivative"}) {
    const auto run =
        run_program("fit --bands raman_phosphate_nu1 " + option + " raman_lesion.csv 2>&1");
    EXPECT_EQ(run.code, 2);
    EXPECT_NE(run.out.find("--bands auto"), std::string::npos);
  }
}

TEST_F(FitCommand, JsonHoldsWhatTheContractSays) {
  const auto outcome = run_program(
      "fit --bands raman_phosphate_nu1 --format json --covariance raman_lesion.csv missing.csv");
  EXPECT_EQ(outcome.code, 1);  // one of two could not be read
  const auto json = Json::parse(outcome.out);
  EXPECT_EQ(json["schema"], 1);
  ASSERT_EQ(json["spectra"].size(), 2U);
  const auto& fit = json["spectra"][0];
  EXPECT_EQ(fit["status"], "converged");
  for (const auto* key : {"chi_square", "reduced_chi_square", "aic", "bic", "noise_sigma"}) {
    EXPECT_TRUE(fit[key].is_number()) << key;
  }
  EXPECT_EQ(fit["noise_source"], "estimated");
  EXPECT_EQ(fit["stderr_kind"], "absolute");
  ASSERT_EQ(fit["bands"].size(), 2U);
  const auto& band = fit["bands"][0];
  EXPECT_EQ(band["id"], "nu1_po4");
  EXPECT_EQ(band["shape"], "pseudo_voigt");
  for (const auto* key : {"center", "height", "fwhm", "area", "lorentz_share_height"}) {
    EXPECT_GT(band[key]["stderr"].get<double>(), 0) << key;
    EXPECT_FALSE(band[key]["at_bound"].get<bool>()) << key;
  }
  EXPECT_NEAR(band["center"]["value"].get<double>(), 960.2, 2);  // what the sample was made with
  const auto& held = fit["bands"][1]["center"];
  EXPECT_TRUE(held["stderr"].is_null());
  EXPECT_EQ(held["reason"], "held fixed");
  const auto count = fit["n_free"].get<std::size_t>();
  EXPECT_EQ(fit["covariance"]["matrix"].size(), count);
  EXPECT_EQ(fit["covariance"]["matrix"][0].size(), count);
  EXPECT_EQ(fit["covariance"]["parameters"].size(), count);
  const auto variance = fit["covariance"]["matrix"][0][0].get<double>();
  EXPECT_NEAR(std::sqrt(variance), band["height"]["stderr"].get<double>(), 1e-6 * variance);
  EXPECT_EQ(json["spectra"][1]["status"], "failed");
  EXPECT_TRUE(json["spectra"][1]["chi_square"].is_null());
  EXPECT_FALSE(json["spectra"][1]["reason"].get<std::string>().empty());
}

TEST_F(FitCommand, IntervalsStandBesideTheValues) {
  for (const std::string kind : {"profile", "bootstrap --draws 200"}) {
    const auto outcome = run_program("fit --bands raman_phosphate_nu1 --format json --intervals " +
                                     kind + " raman_lesion.csv");
    ASSERT_EQ(outcome.code, 0);
    const auto fit = Json::parse(outcome.out)["spectra"][0];
    const auto& center = fit["bands"][0]["center"];
    const double half = 1.96 * center["stderr"].get<double>();
    const double width = center["hi95"].get<double>() - center["lo95"].get<double>();
    EXPECT_NEAR(width, 2 * half, 0.5 * half) << kind;
    EXPECT_TRUE(fit["bands"][1]["center"]["lo95"].is_null());
    EXPECT_EQ(fit["bands"][1]["center"]["interval_reason"], "held fixed");
    const auto& share = fit["bands"][0]["area_share"];
    EXPECT_LE(share["lo95"].get<double>(), share["value"].get<double>());
    EXPECT_GE(share["hi95"].get<double>(), share["value"].get<double>());
    EXPECT_LT(share["lo95"].get<double>(), share["hi95"].get<double>());
  }
  const auto csv = run_program(
      "fit --bands raman_phosphate_nu1 --format csv --intervals profile raman_lesion.csv");
  EXPECT_NE(csv.out.find("center_lo95_1/cm,center_hi95_1/cm"), std::string::npos);
  const auto table =
      run_program("fit --bands raman_phosphate_nu1 --intervals profile raman_lesion.csv");
  EXPECT_NE(table.out.find("95 % intervals, profile"), std::string::npos);
  const auto refused = run_program(
      "fit --bands raman_phosphate_nu1 --intervals profile --loss huber raman_lesion.csv 2>&1");
  EXPECT_EQ(refused.code, 2);
  EXPECT_NE(refused.out.find("--intervals bootstrap"), std::string::npos);
}

TEST_F(FitCommand, CsvHasUnitsAndOneRowPerSpectrumAndBand) {
  const auto outcome = run_program(
      "fit --bands raman_phosphate_nu1 --format csv raman_lesion.csv dialect_rruff.txt");
  EXPECT_EQ(outcome.code, 0);
  const auto lines = split(outcome.out, '\n');
  ASSERT_EQ(lines.size(), 5U);
  EXPECT_NE(lines[0].find(",center_1/cm,center_stderr_1/cm,height"), std::string::npos);
  const auto columns = split(lines[0], ',').size();
  for (const auto& line : lines) {
    EXPECT_EQ(std::count(line.begin(), line.end(), ','), static_cast<std::ptrdiff_t>(columns - 1));
  }
  const auto wide = split(
      run_program("fit --bands raman_phosphate_nu1 --format csv --rows spectrum raman_lesion.csv")
          .out,
      '\n');
  ASSERT_EQ(wide.size(), 2U);
  EXPECT_NE(wide[0].find("nu1_po4_center_1/cm"), std::string::npos);
  EXPECT_NE(wide[0].find("collagen_938_area"), std::string::npos);
}

TEST_F(FitCommand, MapsGiveARowPerPixelAndPicturesOfTheirValues) {
  const auto outcome = run_program("fit --bands raman_phosphate_nu1 map_4x3.txt -o '" +
                                   path("map.csv") + "' --figures '" + path("maps") + "'");
  EXPECT_EQ(outcome.code, 0);
  const auto lines = split(test::content_of(folder / "map.csv"), '\n');
  ASSERT_EQ(lines.size(), 13U);
  EXPECT_NE(lines[0].find("map_column,map_row,x_um,y_um"), std::string::npos);
  std::size_t pictures = 0;
  bool has_width = false;
  for (const auto& file : fs::directory_iterator(folder / "maps")) {
    ++pictures;
    has_width = has_width || file.path().string().find("nu1_po4_fwhm") != std::string::npos;
    EXPECT_NE(test::content_of(file.path()).find("<svg"), std::string::npos);
  }
  EXPECT_TRUE(has_width);
  EXPECT_GE(pictures, 6U);
  EXPECT_LE(pictures, 12U);  // no picture per pixel
  const auto json =
      Json::parse(run_program("fit --bands raman_phosphate_nu1 --format json map_4x3.txt").out);
  EXPECT_EQ(json["spectra"].size(), 12U);
  EXPECT_FALSE(json["spectra"][0].contains("covariance"));
  EXPECT_EQ(json["spectra"][5]["map"]["column"], 1);
  EXPECT_EQ(json["spectra"][5]["map"]["row"], 1);
}

TEST_F(FitCommand, LossesAreNamedAndRefusedWhereTheyCannotBeUsed) {
  for (const std::string loss : {"huber", "cauchy", "poisson"}) {
    const auto run = run_program("fit --bands raman_phosphate_nu1 --loss " + loss +
                                 " --format json raman_lesion.csv");
    ASSERT_EQ(run.code, 0) << loss;
    const auto spectrum = Json::parse(run.out)["spectra"][0];
    EXPECT_EQ(spectrum["loss"], loss);
    EXPECT_NEAR(spectrum["bands"][0]["center"]["value"].get<double>(), 960, 4);
  }
  write("below.csv", "raman_shift_1/cm,intensity\n900,1\n930,-2\n960,9\n990,1\n1000,2\n1010,1\n");
  const auto counts = run_program("fit --bands raman_phosphate_nu1 --loss poisson --format json '" +
                                  path("below.csv") + "'");
  EXPECT_NE(counts.out.find("not below 0"), std::string::npos);
}

TEST_F(FitCommand, EmptyRangesAreLeftOutByTheGate) {
  std::string flat = "raman_shift_1/cm,intensity\n";
  for (int i = 0; i < 400; ++i) {
    // Noise of one digit without a pattern; no band anywhere.
    const double noise = std::sin(12.9898 * i + 78.233) * 43758.5453;
    flat += std::to_string(850 + i) + "," + std::to_string(100 + noise - std::floor(noise)) + "\n";
  }
  write("flat.csv", flat);
  const std::string command =
      "fit --bands raman_phosphate_nu1 --format json '" + path("flat.csv") + "'";
  const auto gated = Json::parse(run_program(command + " --gate 3").out)["spectra"][0];
  EXPECT_EQ(gated["status"], "not_fitted");
  EXPECT_TRUE(gated["bands"][0]["center"]["value"].is_null());
  EXPECT_NE(gated["message"].get<std::string>().find("no signal above noise"), std::string::npos);
  EXPECT_EQ(run_program(command + " --gate 3").code, 0);
  EXPECT_NE(Json::parse(run_program(command).out)["spectra"][0]["status"], "not_fitted");
  const auto kept =
      run_program("fit --bands raman_phosphate_nu1 --gate 3 --format json raman_lesion.csv");
  EXPECT_EQ(Json::parse(kept.out)["spectra"][0]["status"], "converged");
}

TEST_F(FitCommand, ExitCodesAndMessages) {
  EXPECT_EQ(run_program("fit raman_lesion.csv").code, 2);
  EXPECT_EQ(run_program("fit --bands raman_phosphat_nu1 raman_lesion.csv").code, 2);
  EXPECT_EQ(run_program("fit --bands raman_phosphate_nu1 missing.csv").code, 3);
  EXPECT_EQ(run_program("fit --bands ftir_oxalate_780 --range 3000-3100 raman_lesion.csv").code, 3);
  write("bad.toml", "[[band]]\nid = \"a\"\nshape = \"gaus\"\ncentre = 1\n");
  const auto bad = run_program("fit --bands '" + path("bad.toml") + "' raman_lesion.csv 2>&1");
  EXPECT_EQ(bad.code, 2);
  EXPECT_NE(bad.out.find("bad.toml:3:9: there is no shape 'gaus'; did you mean gauss?"),
            std::string::npos)
      << bad.out;
  write("there.csv", "keep me");
  const auto arguments =
      "fit --bands raman_phosphate_nu1 raman_lesion.csv -o '" + path("there.csv");
  EXPECT_EQ(run_program(arguments + "'").code, 2);
  EXPECT_EQ(test::content_of(folder / "there.csv"), "keep me");
  EXPECT_EQ(run_program(arguments + "' --force").code, 0);
  EXPECT_EQ(test::content_of(folder / "there.csv").rfind("input,index,id,status", 0), 0U);
  EXPECT_EQ(run_program("fit --bands raman_phosphate_nu1 --dry-run raman_lesion.csv -o '" +
                        path("dry.csv") + "'")
                .code,
            0);
  EXPECT_FALSE(fs::exists(folder / "dry.csv"));
}

TEST_F(FitCommand, AFolderTakesOneFilePerInput) {
  EXPECT_EQ(run_program("fit --bands raman_phosphate_nu1 --format csv raman_lesion.csv "
                        "dialect_rruff.txt -o '" +
                        path("out") + "/'")
                .code,
            0);
  EXPECT_EQ(split(test::content_of(folder / "out" / "raman_lesion.csv"), '\n').size(), 3U);
  EXPECT_EQ(split(test::content_of(folder / "out" / "dialect_rruff.csv"), '\n').size(), 3U);
}

TEST_F(FitCommand, SameBytesForAnyNumberOfThreads) {
  const std::string command =
      "fit --bands raman_phosphate_carbonate --format json map_4x3.txt "
      "raman_lesion.csv raman_calcite_axis_off.csv -j ";
  EXPECT_EQ(run_program(command + "1").out, run_program(command + "3").out);
}

TEST_F(FitCommand, ASeriesSharesPositionsAndWidths) {
  const std::string files =
      "series/left_2026-01-12.csv series/left_2026-02-16.csv "
      "series/left_2026-03-23.csv";
  const auto outcome =
      run_program("fit --bands raman_phosphate_nu1 --share position,width --format json " + files);
  ASSERT_EQ(outcome.code, 0);
  const auto json = Json::parse(outcome.out);
  EXPECT_EQ(json["joint"]["n_spectra"], 3);
  EXPECT_EQ(json["joint"]["shared"][0], "nu1_po4.center");
  ASSERT_EQ(json["spectra"].size(), 3U);
  for (const auto& own : json["spectra"]) {
    EXPECT_EQ(own["bands"][0]["fwhm"]["value"], json["spectra"][0]["bands"][0]["fwhm"]["value"]);
  }
  const auto drawn = Json::parse(run_program("fit --bands raman_phosphate_nu1 --share width "
                                             "--intervals bootstrap --draws 40 --format json " +
                                             files)
                                     .out);
  for (const auto& own : drawn["spectra"]) {
    EXPECT_EQ(own["bands"][0]["fwhm"]["lo95"], drawn["spectra"][0]["bands"][0]["fwhm"]["lo95"]);
    EXPECT_TRUE(own["bands"][0]["area"]["hi95"].is_number());
  }
  const auto table = run_program("fit --bands raman_phosphate_nu1 --share position,ratio " + files);
  EXPECT_NE(table.out.find("3 spectra fitted jointly"), std::string::npos);
  EXPECT_NE(table.out.find("ratios"), std::string::npos);
  for (const std::string wrong : {"--share hight",
                                  "--share width --intervals profile",
                                  "--share width --loss huber",
                                  "--background cubic",
                                  "--broadening slit"}) {
    EXPECT_EQ(run_program("fit --bands raman_phosphate_nu1 " + wrong + " " + files).code, 2)
        << wrong;
  }
}

TEST_F(FitCommand, BroadeningNarrowsTheBandBehind) {
  const std::string command = "fit --bands raman_phosphate_nu1 --format json raman_lesion.csv";
  const auto plain = Json::parse(run_program(command).out);
  const auto outcome = run_program(command + " --broadening gauss:6 --background spline:2");
  ASSERT_EQ(outcome.code, 0);
  const auto json = Json::parse(outcome.out);
  EXPECT_EQ(json["broadening"], "gauss, fwhm 6");
  EXPECT_EQ(json["spectra"][0]["background"]["kind"], "spline");
  EXPECT_EQ(json["spectra"][0]["background"]["coefficients"].size(), 5U);
  const auto width = [](const Json& document) {
    return document["spectra"][0]["bands"][0]["fwhm"]["value"].get<double>();
  };
  EXPECT_LT(width(json), width(plain) - 0.5);
  EXPECT_GT(width(json), width(plain) - 3);
}

TEST_F(FitCommand, AGivenSigmaScalesTheErrorsAsAsked) {
  write("own.toml",
        "[range]\nfrom = 925\nto = 995\n[noise]\nsigma = 1\n[[band]]\nid = \"a\"\n"
        "shape = \"pseudo_voigt\"\ncenter = 960\n");
  const std::string command =
      "fit --bands '" + path("own.toml") + "' --format json raman_lesion.csv";
  const auto plain = Json::parse(run_program(command).out)["spectra"][0];
  EXPECT_EQ(plain["noise_source"], "given");
  EXPECT_EQ(plain["stderr_kind"], "absolute");  // what the user states is believed
  EXPECT_GT(plain["reduced_chi_square"].get<double>(), 100);
  const auto scaled =
      Json::parse(run_program(command + " --standard-errors scaled").out)["spectra"][0];
  EXPECT_EQ(scaled["stderr_kind"], "scaled");
  const auto error = [](const Json& fit) {
    return fit["bands"][0]["center"]["stderr"].get<double>();
  };
  EXPECT_NEAR(error(scaled) / error(plain),
              std::sqrt(plain["reduced_chi_square"].get<double>()),
              1e-6 * error(scaled) / error(plain));
}

}  // namespace
}  // namespace calcispec
