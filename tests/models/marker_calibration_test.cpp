// Marker lines: what is learnt from standards of known truth, how predictions cover it, and what is
// refused.
#include "models/marker_calibration.hpp"

#include "core/error.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <string>
#include <vector>

namespace calcispec::models {
namespace {

struct Truth {
  double p = 0;
  double q = 0;
  double marker_u = 0;
  double value_sd = 0;
  double scatter = 0;
};

double value_of(CalibrationForm form, const Truth& truth, double marker) {
  const double below = 1 + truth.q * marker;
  return form == CalibrationForm::falling  ? truth.p / below
         : form == CalibrationForm::rising ? truth.p * truth.q * marker / below
                                           : truth.p + truth.q * marker;
}

std::vector<MarkerStandard> standards_of(CalibrationForm form,
                                         const Truth& truth,
                                         int count,
                                         std::mt19937_64& random) {
  std::normal_distribution<double> normal;
  std::vector<MarkerStandard> out;
  for (int k = 0; k < count; ++k) {
    const double marker = 0.2 + 3.0 * k / (count - 1);
    MarkerStandard row;
    row.file = "standard_" + std::to_string(k);
    row.group = std::string(1, static_cast<char>('a' + k % 3));
    row.marker = marker + truth.marker_u * normal(random);
    row.marker_u = truth.marker_u;
    row.value_sd = truth.value_sd;
    row.value = value_of(form, truth, marker) + truth.scatter * normal(random) +
                truth.value_sd * normal(random);
    out.push_back(row);
  }
  return out;
}

TEST(MarkerCalibration, ExactStandardsGiveTheirCurve) {
  std::mt19937_64 random(1);
  for (const auto form :
       {CalibrationForm::line, CalibrationForm::falling, CalibrationForm::rising}) {
    const auto learnt = learn_marker(standards_of(form, {15, 0.63, 0, 0, 0}, 8, random), form);
    EXPECT_NEAR(learnt.calibration.parameters[0], 15, 1e-6) << name_of(form);
    EXPECT_NEAR(learnt.calibration.parameters[1], 0.63, 1e-6) << name_of(form);
    EXPECT_LT(learnt.calibration.left_out_error, 1e-5);
    EXPECT_EQ(learnt.left_out.size(), 8U);
  }
}

TEST(MarkerCalibration, TheFormIsTheOneThatPredictsBest) {
  std::mt19937_64 random(2);
  for (const auto form :
       {CalibrationForm::line, CalibrationForm::falling, CalibrationForm::rising}) {
    const auto learnt =
        learn_marker(standards_of(form, {15, 1.5, 0.01, 0, 0.05}, 12, random), std::nullopt);
    EXPECT_EQ(learnt.calibration.form, form);
    EXPECT_GT(learnt.calibration.group_error, 0);
  }
}

// 95 % intervals of a new sample, whichever of the three errors rules.
TEST(MarkerCalibration, PredictionsCoverTheTruth) {
  for (const auto& truth : {
           Truth{2, 20, 0.05, 0, 0  },
           Truth{2, 20, 0,    0, 1.5},
           Truth{2, 20, 0.03, 2, 1  },
           Truth{2, 20, 0.1,  1, 0.5}
  }) {
    for (const int count : {6, 20}) {
      int covered = 0;
      double width = 0;
      constexpr int runs = 400;
      std::mt19937_64 random(static_cast<std::uint64_t>(count));
      std::normal_distribution<double> normal;
      std::uniform_real_distribution<double> place(0.4, 3);
      for (int run = 0; run < runs; ++run) {
        const auto learnt = learn_marker(standards_of(CalibrationForm::line, truth, count, random),
                                         CalibrationForm::line);
        const double marker = place(random);
        const double known =
            value_of(CalibrationForm::line, truth, marker) + truth.scatter * normal(random);
        const auto answer =
            predict(learnt.calibration, marker + truth.marker_u * normal(random), truth.marker_u);
        ASSERT_EQ(answer.status, EstimateStatus::ok);
        covered += answer.lo95 <= known && known <= answer.hi95 ? 1 : 0;
        width += (answer.hi95 - answer.lo95) / runs;
      }
      const double rate = static_cast<double>(covered) / runs;
      std::printf(
          "marker_u %.2f value_sd %.1f scatter %.1f, %2d standards: covered %.1f %%, mean "
          "width %.2f\n",
          truth.marker_u,
          truth.value_sd,
          truth.scatter,
          count,
          100 * rate,
          width);
      // Known sds leave nothing to learn but the line: few standards then cover more than stated.
      EXPECT_GE(rate, 0.915);  // 95 % less the scatter of 400
      EXPECT_LE(rate, truth.value_sd > 0 ? 1 : 0.985);
    }
  }
}

TEST(MarkerCalibration, BeyondTheStandardsIsFlaggedThenRefused) {
  std::mt19937_64 random(3);
  const auto calibration =
      learn_marker(standards_of(CalibrationForm::line, {2, 20, 0.02, 0, 0.5}, 10, random),
                   CalibrationForm::line)
          .calibration;
  EXPECT_TRUE(predict(calibration, 2, 0.02).reason.empty());
  const auto near = predict(calibration, calibration.highest + 0.2, 0.02);
  EXPECT_EQ(near.status, EstimateStatus::ok);
  EXPECT_NE(near.reason.find("extrapolated"), std::string::npos);
  const auto far = predict(calibration, calibration.highest + 1, 0.02);
  EXPECT_EQ(far.status, EstimateStatus::outside_range);
  EXPECT_FALSE(std::isfinite(far.value));
  EXPECT_NE(far.reason.find("holds from"), std::string::npos);
  EXPECT_GT(near.u, predict(calibration, 1.7, 0.02).u);
}

TEST(MarkerCalibration, TooFewOrEqualStandardsAreRefused) {
  std::mt19937_64 random(4);
  auto rows = standards_of(CalibrationForm::line, {2, 20, 0, 0, 0}, 3, random);
  EXPECT_THROW(learn_marker(rows, std::nullopt), Error);
  rows = standards_of(CalibrationForm::line, {2, 20, 0, 0, 0}, 6, random);
  for (auto& row : rows) {
    row.marker = 1;
  }
  EXPECT_THROW(learn_marker(rows, std::nullopt), Error);
  rows = standards_of(CalibrationForm::line, {2, 20, 0, 0, 0}, 6, random);
  EXPECT_THROW(learn_marker(rows, CalibrationForm::falling), Error);
}

TEST(MarkerCalibration, AnotherTechniqueModeOrMaterialIsRefused) {
  std::mt19937_64 random(5);
  auto calibration =
      learn_marker(standards_of(CalibrationForm::line, {2, 20, 0.02, 0, 0.5}, 10, random),
                   CalibrationForm::line)
          .calibration;
  calibration.id = "mine";
  calibration.marker = "carbonate_wt";
  calibration.unit = "wt%";
  calibration.technique = Technique::ftir;
  calibration.mode = SamplingMode::transmission;
  calibration.material = "bone";
  const auto axis = Axis::make({400, 500, 600}, AxisKind::wavenumber, "1/cm");
  const std::vector<double> y{1, 1, 1};
  Marker raw;
  raw.id = "carbonate_phosphate_ratio";
  raw.value = Estimate{1, 0.02, 0.96, 1.04, EstimateStatus::ok, ""};
  raw.status = MarkerStatus::ok;
  const std::vector<Marker> markers{raw};
  const auto apply = [&](Technique technique, SamplingMode mode, const std::string& material) {
    return apply_calibration(calibration, {*axis, y, technique, mode}, {}, markers, material);
  };
  const auto good = apply(Technique::ftir, SamplingMode::transmission, "bone");
  EXPECT_EQ(good.status, MarkerStatus::ok);
  EXPECT_EQ(good.id, "carbonate_wt");
  EXPECT_EQ(good.calibration, "mine");
  EXPECT_NEAR(good.value.value, 22, 1.5);
  EXPECT_DOUBLE_EQ(good.raw.value, 1);
  EXPECT_EQ(apply(Technique::ftir, SamplingMode::transmission, "").status, MarkerStatus::ok);
  for (const auto& bad : {apply(Technique::ftir, SamplingMode::atr, "bone"),
                          apply(Technique::raman, SamplingMode::none, "bone"),
                          apply(Technique::ftir, SamplingMode::transmission, "enamel")}) {
    EXPECT_EQ(bad.status, MarkerStatus::not_determinable);
    EXPECT_FALSE(std::isfinite(bad.value.value));
    EXPECT_NE(bad.value.reason.find("mine"), std::string::npos) << bad.value.reason;
  }
}

TEST(MarkerCalibration, LiteratureLinesSayThatTheyAreUncalibrated) {
  const auto axis = Axis::make({400, 500, 600}, AxisKind::raman_shift, "1/cm");
  const std::vector<double> y{1, 1, 1};
  Marker ratio;
  ratio.id = "carbonate_phosphate_ratio";
  ratio.value = Estimate{0.12, 0.01, 0.1, 0.14, EstimateStatus::ok, ""};
  ratio.status = MarkerStatus::ok;
  Marker carbonate;
  carbonate.id = "carbonate_wt";
  carbonate.status = MarkerStatus::uncalibrated;
  std::vector<Marker> markers{ratio, carbonate};
  calibrate_markers({}, {*axis, y, Technique::raman, SamplingMode::none}, {}, "", markers);
  ASSERT_EQ(markers.size(), 2U);
  EXPECT_EQ(markers[1].status, MarkerStatus::uncalibrated);
  EXPECT_NE(markers[1].calibration.find("placeholder"), std::string::npos);
  // Bone of this ratio holds about 8 wt%; the line is good to 30 %.
  EXPECT_LT(markers[1].value.lo95, 5.5);
  EXPECT_GT(markers[1].value.hi95, 10.5);
  // Transmission lines are wrong by 30 to 75 % on ATR spectra: none is offered.
  markers = {ratio, carbonate};
  calibrate_markers({}, {*axis, y, Technique::ftir, SamplingMode::atr}, {}, "", markers);
  EXPECT_FALSE(std::isfinite(markers[1].value.value));
}

}  // namespace
}  // namespace calcispec::models
