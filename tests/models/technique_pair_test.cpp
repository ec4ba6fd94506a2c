// One composition from two techniques: precision where they agree, doubt where they do not.
#include "models/technique_pair.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace calcispec::models {
namespace {

Estimate estimate(double value, double u) {
  return {value, u, value - 1.96 * u, value + 1.96 * u, EstimateStatus::ok, ""};
}

Composition mixture(double apatite, double u) {
  Composition out;
  out.basis = CompositionBasis::weight_fraction;
  out.total.status = EstimateStatus::ok;
  out.groups.push_back({
      "apatite",
      {"hydroxyapatite", "carbonated_apatite_B"},
      estimate(apatite, u),
      PhaseStatus::quantified
  });
  PhaseShare collagen;
  collagen.phase = "collagen_I";
  collagen.share = estimate(1 - apatite, u);
  collagen.status = PhaseStatus::quantified;
  out.matrix.push_back(collagen);
  return out;
}

CombinedComposition combine(const Composition& raman, const Composition& ftir) {
  const std::vector<SpecimenSpectrum> spectra{
      {"a", Technique::raman, &raman},
      {"b", Technique::ftir,  &ftir }
  };
  return combine_spectra("lesion", spectra);
}

TEST(TechniquePair, TheBetterKnownCountsMore) {
  const auto out = combine(mixture(0.7, 0.02), mixture(0.76, 0.04));
  ASSERT_TRUE(out.reason.empty()) << out.reason;
  ASSERT_EQ(out.phases.size(), 2U);
  EXPECT_NEAR(out.phases[0].combined.value, 0.712, 1e-9);
  EXPECT_NEAR(out.phases[0].combined.u, 0.0179, 1e-4);
  EXPECT_NEAR(out.phases[0].combined.value + out.phases[1].combined.value, 1, 1e-12);
  EXPECT_FALSE(out.disagrees);
  EXPECT_NEAR(out.phases[0].contradiction, 0.06 / std::hypot(0.02, 0.04), 1e-9);
}

TEST(TechniquePair, ContradictionIsShownAndWidens) {
  const auto out = combine(mixture(0.5, 0.02), mixture(0.8, 0.02));
  EXPECT_TRUE(out.disagrees);
  EXPECT_NEAR(out.phases[0].combined.value, 0.65, 1e-9);
  // The interval holds both.
  EXPECT_LT(out.phases[0].combined.lo95, 0.5);
  EXPECT_GT(out.phases[0].combined.hi95, 0.8);
}

TEST(TechniquePair, SharesOfTheSignalOnlyStandSideBySide) {
  auto raman = mixture(0.7, 0.02);
  raman.basis = CompositionBasis::signal_share;
  const auto out = combine(raman, mixture(0.72, 0.02));
  EXPECT_FALSE(out.reason.empty());
  ASSERT_EQ(out.phases.size(), 2U);
  EXPECT_FALSE(std::isfinite(out.phases[0].combined.value));
  EXPECT_DOUBLE_EQ(out.phases[0].by_spectrum[0].value, 0.7);
}

TEST(TechniquePair, IntervalsHoldTheTruthAndDoubtIsRare) {
  std::mt19937_64 random(7);
  std::normal_distribution<double> normal;
  int covered = 0;
  int doubted = 0;
  constexpr int runs = 2000;
  for (int run = 0; run < runs; ++run) {
    const auto out = combine(mixture(0.6 + 0.03 * normal(random), 0.03),
                             mixture(0.6 + 0.05 * normal(random), 0.05));
    const auto& share = out.phases[0].combined;
    covered += share.lo95 <= 0.6 && 0.6 <= share.hi95 ? 1 : 0;
    doubted += out.disagrees ? 1 : 0;
  }
  EXPECT_NEAR(static_cast<double>(covered) / runs, 0.95, 0.02);
  EXPECT_LT(static_cast<double>(doubted) / runs, 0.02);
}

TEST(TechniquePair, WhatOneTechniqueCannotSeeIsTheOthers) {
  auto raman = mixture(0.6, 0.02);
  raman.matrix.front().share = estimate(0.3, 0.02);
  PhaseShare calcite;
  calcite.phase = "calcite";
  calcite.share = estimate(0.1, 0.01);
  calcite.status = PhaseStatus::quantified;
  raman.phases.push_back(calcite);
  const auto out = combine(raman, mixture(0.65, 0.05));
  const auto found = std::find_if(out.phases.begin(), out.phases.end(), [](const auto& phase) {
    return phase.phase == "calcite";
  });
  ASSERT_NE(found, out.phases.end());
  EXPECT_NEAR(found->combined.value, 0.1, 0.02);
  EXPECT_EQ(found->by_spectrum[1].reason, "not named");
}

}  // namespace
}  // namespace calcispec::models
