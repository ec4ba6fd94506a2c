// JSON, CSV and tables of band fits, on results made by hand.
#include "pipelines/report/fit_report.hpp"

#include "pipelines/report/fit_figure.hpp"

#include <gtest/gtest.h>
#include <nlohmann/json.hpp>

#include <algorithm>
#include <cmath>

namespace calcispec {
namespace {

using Json = nlohmann::json;

FittedValue value(double number, double error) {
  return {number, error, false, NoErrorReason::none};
}

FittedValue missing(double number, NoErrorReason reason) {
  return {number, std::nan(""), reason == NoErrorReason::at_bound, reason};
}

// One spectrum with a fitted band and one at a bound, one spectrum that could not be read.
FitRun hand_made() {
  FitRun run;
  run.bands = parse_band_set(
      "[[band]]\nid = \"one\"\nshape = \"pseudo_voigt\"\n"
      "[[band]]\nid = \"two, too\"\nshape = \"gauss\"\n",
      "hand.toml");
  auto recording = std::make_shared<io::Recording>();
  recording->spectra =
      SpectraMatrix::make(Axis::make({900, 950, 1000}, AxisKind::raman_shift, "1/cm"), 1);
  recording->technique = Technique::raman;
  recording->ordinate = OrdinateKind::counts;
  SpectrumFit entry;
  entry.input = "a.csv";
  entry.id = "=a";
  entry.recording = recording;
  auto& result = entry.result;
  result.status = FitStatus::at_bounds;
  result.message = "a minimum with at least one parameter at its bound";
  result.chi_square = 120;
  result.reduced_chi_square = 1.25;
  result.aic = 130;
  result.bic = 140;
  result.noise_sigma = 2;
  result.points = 101;
  result.n_free = 5;
  result.bands.resize(2);
  result.bands[0].parameters = {
      value(1234.5, 12), value(960.123, 0.034), value(17.2, 0.4), value(0.6, 0.1)};
  result.bands[0].height = result.bands[0].parameters[0];
  result.bands[0].fwhm = result.bands[0].parameters[2];
  result.bands[0].area = value(28000, 900);
  result.bands[1].parameters = {missing(0, NoErrorReason::at_bound),
                                missing(1070, NoErrorReason::not_identifiable),
                                missing(12, NoErrorReason::fixed)};
  result.bands[1].height = result.bands[1].parameters[0];
  result.bands[1].fwhm = result.bands[1].parameters[2];
  result.bands[1].area = missing(0, NoErrorReason::at_bound);
  result.background = {value(100, 1), value(-3, 2)};
  result.free = {
      {0,  0},
      {0,  1},
      {0,  2},
      {0,  3},
      {-1, 0}
  };
  result.covariance.assign(25, 0.5);
  entry.extras.resize(2);
  entry.extras[0].area_share = missing(1, NoErrorReason::at_bound);
  entry.extras[1].area_share = missing(0, NoErrorReason::at_bound);
  entry.residual = {-4.2, 944.4, 0.4, true};
  run.spectra.push_back(entry);
  SpectrumFit unread;
  unread.input = "b.csv";
  unread.id = "b.csv";
  unread.result.message = "there is no such file";
  run.spectra.push_back(unread);
  return run;
}

TEST(FitJson, EveryMissingNumberHasAReasonBesideIt) {
  const auto json = Json::parse(fit_json(hand_made(), true));
  EXPECT_EQ(json["schema"], 1);
  const auto& fit = json["spectra"][0];
  EXPECT_EQ(fit["status"], "at_bounds");
  EXPECT_EQ(fit["n_points"], 101);
  EXPECT_EQ(fit["bands"][0]["lorentz_share_height"]["value"], 0.6);
  EXPECT_EQ(fit["bands"][0]["center"]["stderr"], 0.034);
  EXPECT_FALSE(fit["bands"][0]["center"].contains("reason"));
  const auto& height = fit["bands"][1]["height"];
  EXPECT_EQ(height["value"], 0);
  EXPECT_TRUE(height["stderr"].is_null());
  EXPECT_TRUE(height["at_bound"].get<bool>());
  EXPECT_EQ(height["reason"], no_error_text(NoErrorReason::at_bound));
  EXPECT_EQ(fit["bands"][1]["center"]["reason"], no_error_text(NoErrorReason::not_identifiable));
  EXPECT_EQ(fit["covariance"]["parameters"][3], "one.lorentz_share_height");
  EXPECT_EQ(fit["covariance"]["parameters"][4], "background.0");
  EXPECT_EQ(fit["covariance"]["matrix"][4][4], 0.5);
  EXPECT_TRUE(fit["residual"]["structured"].get<bool>());
  EXPECT_EQ(json["spectra"][1]["status"], "failed");
  EXPECT_EQ(json["spectra"][1]["reason"], "there is no such file");
  EXPECT_TRUE(json["spectra"][1]["bands"].empty());
  EXPECT_FALSE(Json::parse(fit_json(hand_made(), false))["spectra"][0].contains("covariance"));
}

TEST(FitCsv, RowsHaveAllColumnsAndGuardedNames) {
  for (const auto rows : {CsvRows::by_band, CsvRows::by_spectrum}) {
    const auto csv = fit_csv(hand_made(), rows);
    EXPECT_NE(csv.find("center_1/cm"), std::string::npos);
    EXPECT_NE(csv.find("area_counts_1/cm"), std::string::npos);
    EXPECT_NE(csv.find(",'=a,"), std::string::npos);
    // The comma of an id stands in quotes; without those every line has as many cells.
    std::ptrdiff_t columns = -1;
    bool is_quoted = false;
    std::ptrdiff_t commas = 0;
    for (const char c : csv) {
      is_quoted = is_quoted != (c == '"');
      commas += c == ',' && !is_quoted ? 1 : 0;
      if (c == '\n') {
        EXPECT_TRUE(columns < 0 || columns == commas) << csv;
        columns = commas;
        commas = 0;
      }
    }
  }
  const auto csv = fit_csv(hand_made(), CsvRows::by_band);
  EXPECT_EQ(std::count(csv.begin(), csv.end(), '\n'), 4);  // head, two bands, one that failed
  EXPECT_NE(csv.find(",height,120,"), std::string::npos);  // at_bound of the second band
}

TEST(FitText, ErrorsSetTheDigits) {
  const auto text = fit_text(hand_made());
  EXPECT_NE(text.find("960.123 ± 0.034"), std::string::npos) << text;
  EXPECT_NE(text.find("1234 ± 12"), std::string::npos) << text;
  EXPECT_NE(text.find("28000 ± 900"), std::string::npos) << text;
  EXPECT_NE(text.find("1070 ± ?"), std::string::npos) << text;
  EXPECT_NE(text.find("12 (held)"), std::string::npos) << text;
  EXPECT_NE(text.find("0 (bound)"), std::string::npos) << text;
  EXPECT_NE(text.find("largest -4.2 sigma at 944.4"), std::string::npos) << text;
  EXPECT_NE(text.find("the model misses something"), std::string::npos) << text;
  EXPECT_NE(text.find("failed: there is no such file"), std::string::npos) << text;
}

TEST(FitColumns, EveryShapeHasTheCommonOnesAndItsOwnOnce) {
  for (const auto& shape : band_shapes()) {
    const auto columns = band_columns(shape);
    for (const auto* name : {"center", "height", "fwhm", "area", "area_share", "asymmetry"}) {
      EXPECT_EQ(std::count_if(columns.begin(),
                              columns.end(),
                              [&](const auto& column) { return column.name == name; }),
                1)
          << shape.name << " " << name;
    }
    for (std::size_t j = 0; j < shape.parameters.size(); ++j) {
      EXPECT_EQ(std::count_if(
                    columns.begin(),
                    columns.end(),
                    [&](const auto& column) { return column.parameter == static_cast<Index>(j); }),
                1)
          << shape.name << " " << j;
    }
  }
}

TEST(FitFigure, DrawsWithoutAFitAndEscapesNames) {
  auto run = hand_made();
  run.spectra[0].id = "<script>&";
  run.spectra[0].result = {};
  const auto picture = fit_figure_svg(run, run.spectra[0]);
  EXPECT_NE(picture.find("<svg"), std::string::npos);
  EXPECT_NE(picture.find("failed"), std::string::npos);
  EXPECT_EQ(picture.find("<script>"), std::string::npos);
  EXPECT_TRUE(fit_figure_svg(run, run.spectra[1]).empty());
}

}  // namespace
}  // namespace calcispec
