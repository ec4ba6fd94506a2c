// Shares of the signal into weights: by factors learnt, and by assumed ones with honest width.
#include "models/weight_fractions.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

namespace calcispec::models {
namespace {

PhaseShare named(const std::string& id, double share, double u) {
  PhaseShare out;
  out.phase = id;
  out.share = {share, u, share - 1.96 * u, share + 1.96 * u, EstimateStatus::ok, ""};
  out.status = PhaseStatus::quantified;
  return out;
}

FittedBand band_weight_fractions(const std::string& phase, double height, double fwhm = 10) {
  FittedBand out;
  out.phase = phase;
  out.height = height;
  out.fwhm_cm1 = fwhm;
  out.area = height * fwhm;
  return out;
}

// Apatite and calcite whose bands are equally wide: heights go as shares; or apatite of another
// width, the areas going as shares.
Composition two(double calcite, double u, double apatite_fwhm = 10) {
  Composition out;
  out.total.status = EstimateStatus::ok;
  out.phases = {named("hydroxyapatite", 1 - calcite, u), named("calcite", calcite, u)};
  out.bands = {
      band_weight_fractions("hydroxyapatite", (1 - calcite) * 10 / apatite_fwhm, apatite_fwhm),
      band_weight_fractions("calcite", calcite)};
  return out;
}

TEST(WeightFractions, AssumedFactorsTurnHeightsIntoWeights) {
  auto composition = two(0.4, 1e-4);
  weigh_by_assumed_response(Technique::raman, composition);
  EXPECT_TRUE(composition.calibration_reason.empty()) << composition.calibration_reason;
  EXPECT_EQ(composition.basis, CompositionBasis::weight_fraction);
  EXPECT_EQ(composition.calibration_status, CalibrationStatus::placeholder);
  // Calcite answers 1.6 times as strongly as apatite.
  const double expected = 0.4 / 1.6 / (0.4 / 1.6 + 0.6);
  EXPECT_NEAR(composition.phases[1].share.value, expected, 1e-12);
  // One factor of log sd 0.35: 95 % of the odds lie within exp(+-0.686).
  const auto odds = [](double part) { return part / (1 - part); };
  EXPECT_NEAR(odds(composition.phases[1].share.hi95) / odds(expected), std::exp(0.686), 0.01);
  EXPECT_NEAR(odds(composition.phases[1].share.lo95) / odds(expected), std::exp(-0.686), 0.01);
}

// True factors scattered as stated: the intervals hold the true weights.
TEST(WeightFractions, AssumedIntervalsCover) {
  std::mt19937_64 random(11);
  std::normal_distribution<double> normal;
  int covered = 0;
  constexpr int runs = 1000;
  for (int run = 0; run < runs; ++run) {
    const double weight = 0.1 + 0.8 * run / runs;
    const double response = 1.6 * std::exp(0.35 * normal(random));
    const double height = weight * response / (weight * response + 1 - weight);
    auto composition = two(std::clamp(height + 0.02 * normal(random), 0.001, 0.999), 0.02);
    weigh_by_assumed_response(Technique::raman, composition);
    const auto& share = composition.phases[1].share;
    covered += share.lo95 <= weight && weight <= share.hi95 ? 1 : 0;
  }
  EXPECT_NEAR(static_cast<double>(covered) / runs, 0.95, 0.025);
}

TEST(WeightFractions, WithoutAFactorTheSharesStay) {
  auto composition = two(0.4, 0.01);
  composition.phases.push_back(named("gypsum", 0.1, 0.01));
  composition.bands.push_back(band_weight_fractions("gypsum", 0.1));
  weigh_by_assumed_response(Technique::raman, composition);
  EXPECT_EQ(composition.basis, CompositionBasis::signal_share);
  EXPECT_NE(composition.calibration_reason.find("gypsum"), std::string::npos);
  auto infrared = two(0.4, 0.01);
  weigh_by_assumed_response(Technique::ftir, infrared);
  EXPECT_EQ(infrared.basis, CompositionBasis::signal_share);
  EXPECT_FALSE(infrared.calibration_reason.empty());
}

// Standards of known weight, calcite twice as strong: learnt from the shares, applied to others.
ResponseCalibration learnt() {
  const std::vector<std::string> phases{"hydroxyapatite", "calcite"};
  std::vector<Standard> standards;
  for (int k = 0; k < 8; ++k) {
    const double weight = 0.1 + 0.1 * k;
    const double wobble = 0.01 * (k % 3 - 1);
    Standard standard;
    standard.fit = amounts_of(two(2 * weight / (2 * weight + 1 - weight) + wobble, 0.01), phases);
    standard.fractions = {1 - weight, weight};
    standards.push_back(standard);
  }
  auto calibration = learn_response(standards).calibration;
  calibration.id = "mine";
  return calibration;
}

TEST(WeightFractions, ResponsesOfBandTablesAreLearntAndApplied) {
  const auto calibration = learnt();
  EXPECT_NEAR(calibration.log_response[1] - calibration.log_response[0], std::log(2.0), 0.05);
  auto composition = two(2 * 0.35 / (2 * 0.35 + 0.65), 0.01);
  weigh(calibration, composition);
  ASSERT_TRUE(composition.calibration_reason.empty()) << composition.calibration_reason;
  EXPECT_EQ(composition.basis, CompositionBasis::weight_fraction);
  EXPECT_NEAR(composition.phases[1].share.value, 0.35, 0.01);
  EXPECT_LT(composition.phases[1].share.lo95, 0.35);
  EXPECT_GT(composition.phases[1].share.hi95, 0.35);
}

// Standards whose apatite answers by the height or by the area of nu1, whatever its width.
std::vector<Standard> standards_of_any_width(bool is_by_height, double step = 3) {
  const std::vector<std::string> phases{"hydroxyapatite", "calcite"};
  std::vector<Standard> out;
  for (int k = 0; k < 12; ++k) {
    const double weight = 0.2 + 0.05 * k;
    const double width = 8.0 + step * (k % 4);
    const double apatite = is_by_height ? (1 - weight) * width / 12 : 1 - weight;
    Standard standard;
    standard.fit = amounts_of(two(weight / (weight + apatite), 0.01, width), phases);
    standard.fractions = {1 - weight, weight};
    out.push_back(standard);
  }
  return out;
}

TEST(WeightFractions, APhaseIsMeasuredByWhatPredictsStandards) {
  EXPECT_TRUE(learn_response(standards_of_any_width(false)).calibration.height_per_area.empty());
  const auto learnt = learn_response(standards_of_any_width(true));
  ASSERT_EQ(learnt.calibration.height_per_area.size(), 2U);
  EXPECT_GT(learnt.calibration.height_per_area[0], 0);
  EXPECT_EQ(learnt.calibration.height_per_area[1], 0);
  EXPECT_LT(learnt.calibration.error, 1e-4);
  // Widths that differ by 4 % already do.
  EXPECT_FALSE(
      learn_response(standards_of_any_width(true, 0.25)).calibration.height_per_area.empty());
  // A width that no standard has: 0.45 of weight, by area more.
  const double apatite = 0.55 * 24 / 12;
  auto composition = two(0.45 / (0.45 + apatite), 0.01, 24);
  weigh(learnt.calibration, composition);
  ASSERT_TRUE(composition.calibration_reason.empty()) << composition.calibration_reason;
  EXPECT_NEAR(composition.phases[1].share.value, 0.45, 0.005);
}

// What was weighed in is there, also where one band alone would be no name.
TEST(WeightFractions, AStandardIsMeasuredByWhatWasWeighedIn) {
  const std::vector<std::string> phases{"hydroxyapatite", "calcite"};
  auto composition = two(0.3, 0.01);
  composition.phases[1].status = PhaseStatus::ambiguous;
  EXPECT_EQ(amounts_of(composition, phases).amounts[1], 0);
  const std::vector<double> fractions{0.8, 0.2};
  const auto known = amounts_of_known(composition, phases, fractions);
  EXPECT_TRUE(known.reason.empty()) << known.reason;
  EXPECT_EQ(known.amounts[1], 0.3);
  const std::vector<double> none{1.0, 0.0};
  EXPECT_EQ(amounts_of_known(composition, phases, none).amounts[1], 0);
  composition.phases[1].status = PhaseStatus::below_lod;
  composition.phases[1].share.value = 0;
  EXPECT_NE(amounts_of_known(composition, phases, fractions).reason.find("calcite was weighed in"),
            std::string::npos);
}

TEST(WeightFractions, WithoutItsHeightAPhaseIsNotWeighedByIt) {
  const auto calibration = learn_response(standards_of_any_width(true)).calibration;
  auto composition = two(0.4, 0.01);
  composition.bands.erase(composition.bands.begin());
  weigh(calibration, composition);
  EXPECT_EQ(composition.basis, CompositionBasis::signal_share);
  EXPECT_NE(composition.calibration_reason.find("hydroxyapatite by the height"), std::string::npos);
}

// What one share holds too much the other lacks: the two errors do not average out.
TEST(WeightFractions, OpposedErrorsOfSharesAddUp) {
  const std::vector<std::string> phases{"hydroxyapatite", "calcite"};
  auto composition = two(0.4, 0.05);
  composition.share_correlation = {
      {"hydroxyapatite", "calcite"},
      { 1, -1,                      -1, 1}
  };
  const auto fit = amounts_of(composition, phases);
  EXPECT_NEAR(fit.covariance[0], 0.0025, 1e-12);
  EXPECT_NEAR(fit.covariance[1], -0.0025, 1e-12);
  auto calibration = learnt();
  calibration.log_response = {0, 0};
  calibration.error = 0;
  calibration.noise = 0;
  weigh(calibration, composition);
  EXPECT_NEAR(composition.phases[1].share.u, 0.05, 1e-9);
}

// What was not named is not there: no correction may put a part of it back.
TEST(WeightFractions, AnUnnamedPhaseOfTheBandTablesStaysAtExactlyNothing) {
  const auto calibration = learnt();
  EXPECT_FALSE(calibration.correction.has_value());
  auto composition = two(0.4, 0.01);
  composition.phases[1].status = PhaseStatus::below_lod;
  weigh(calibration, composition);
  ASSERT_EQ(composition.basis, CompositionBasis::weight_fraction);
  EXPECT_EQ(composition.phases[0].share.value, 1);
  EXPECT_EQ(composition.phases[1].share.value, 0);
}

TEST(WeightFractions, APhaseTheCalibrationDoesNotKnowIsRefused) {
  auto composition = two(0.4, 0.01);
  composition.phases.push_back(named("whewellite", 0.1, 0.01));
  weigh(learnt(), composition);
  EXPECT_EQ(composition.basis, CompositionBasis::signal_share);
  EXPECT_NE(composition.calibration_reason.find("whewellite"), std::string::npos);
  // Glass is no part of the specimen.
  auto on_glass = two(0.4, 0.01);
  on_glass.matrix.push_back(named("glass_soda_lime", 0.2, 0.01));
  weigh(learnt(), on_glass);
  EXPECT_EQ(on_glass.basis, CompositionBasis::weight_fraction);
  EXPECT_FALSE(std::isfinite(on_glass.matrix.front().share.value));
}

TEST(WeightFractions, PhasesOfOneGroupCannotBothBeColumns) {
  auto composition = two(0.4, 0.01);
  composition.groups.push_back({
      "apatite",
      {"hydroxyapatite",    "fluorapatite"},
      { 0.6, 0.01, 0.58, 0.62, EstimateStatus::ok, ""},
      PhaseStatus::quantified
  });
  const std::vector<std::string> phases{"hydroxyapatite", "fluorapatite", "calcite"};
  EXPECT_NE(amounts_of(composition, phases).reason.find("cannot be told"), std::string::npos);
}

}  // namespace
}  // namespace calcispec::models
