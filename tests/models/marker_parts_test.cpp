// Markers that are parts of the mineral, widths without the instrument, sites of carbonate.
#include "models/marker.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

namespace calcispec::models {
namespace {

PhaseShare phase(const std::string& id, double share, double u, PhaseStatus status) {
  PhaseShare out;
  out.phase = id;
  out.name = id;
  out.share = {share, u, share - 2 * u, share + 2 * u, EstimateStatus::ok, ""};
  out.status = status;
  return out;
}

Composition apatite(double share) {
  Composition out;
  out.total.status = EstimateStatus::ok;
  out.from_cm1 = 400;
  out.to_cm1 = 1800;
  out.phases.push_back(phase("hydroxyapatite", share, 0.02, PhaseStatus::quantified));
  FittedBand nu1;
  nu1.phase = "hydroxyapatite";
  nu1.assignment = "v1 PO4";
  nu1.center_cm1 = 961;
  nu1.height = 10;
  nu1.height_u = 0.1;
  nu1.fwhm_cm1 = 15;
  nu1.fwhm_u = 0.3;
  nu1.area = 200;
  nu1.area_u = 3;
  nu1.area_fit_u = 3;
  out.bands.push_back(nu1);
  return out;
}

Marker find_marker_parts(const std::vector<Marker>& markers, const std::string& id) {
  return *std::find_if(
      markers.begin(), markers.end(), [&](const Marker& marker) { return marker.id == id; });
}

std::vector<Marker> evaluate_raman(const Composition& composition,
                                   const MarkerOptions& options = {}) {
  std::vector<double> x;
  x.reserve(700);
  for (int i = 0; i < 700; ++i) {
    x.push_back(400 + 2.0 * i);
  }
  const auto axis = Axis::make(std::move(x), AxisKind::raman_shift, "1/cm");
  const std::vector<double> y(700, 1.0);
  return evaluate_markers({*axis, y, Technique::raman, SamplingMode::none}, composition, options);
}

TEST(MarkerParts, SharesAreOfThePhosphateOrOfTheMineral) {
  auto composition = apatite(0.5);
  composition.phases.push_back(
      phase("octacalcium_phosphate", 0.125, 0.01, PhaseStatus::quantified));
  composition.phases.push_back(phase("calcite", 0.125, 0.01, PhaseStatus::quantified));
  const auto markers = evaluate_raman(composition);
  EXPECT_NEAR(find_marker_parts(markers, "precursor_index").value.value, 0.2, 1e-12);
  EXPECT_NEAR(find_marker_parts(markers, "non_phosphate_share").value.value, 1.0 / 6, 1e-12);
  EXPECT_EQ(find_marker_parts(markers, "whitlockite_share").status, MarkerStatus::below_lod);
  EXPECT_EQ(find_marker_parts(markers, "precursor_index").status, MarkerStatus::ok);
}

// Two bands of nu4 PO4 on a slope.
double nu4_at(double x) {
  const auto band = [&](double center, double fwhm) {
    return std::exp(-4 * std::log(2.0) * std::pow((x - center) / fwhm, 2));
  };
  return 0.1 + 1e-4 * x + 0.9 * band(563, 32) + band(604, 26);
}

Marker splitting_factor(double step, double offset, double noise, unsigned seed) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal;
  std::vector<double> x;
  std::vector<double> y;
  const double first = 480 + offset;
  for (int i = 0; first + i * step < 1300; ++i) {
    const double at = first + i * step;
    x.push_back(at);
    y.push_back(nu4_at(at) + noise * normal(random));
  }
  auto composition = apatite(0.9);
  composition.axis.checked = true;
  composition.axis.shift_cm1 = 0;
  composition.axis.u = 0.05;
  const auto axis = Axis::make(std::move(x), AxisKind::wavenumber, "1/cm");
  return find_marker_parts(
      evaluate_markers({*axis, y, Technique::ftir, SamplingMode::transmission}, composition, {}),
      "irsf");
}

// Neither by where the points stand nor, within reason, by how close they are.
TEST(MarkerParts, TheSplittingFactorIsNotReadOffByPoints) {
  const auto above = [](double x) {
    return nu4_at(x) - (nu4_at(495) + (nu4_at(750) - nu4_at(495)) * (x - 495) / 255);
  };
  const double truth = (above(565) + above(605)) / above(590);
  for (const double step : {0.5, 1.0, 1.93, 2.7, 3.86}) {
    for (const double offset : {0.0, 0.3 * step, 0.7 * step}) {
      EXPECT_NEAR(splitting_factor(step, offset, 0, 1).value.value, truth, 0.03 * truth)
          << step << " " << offset;
    }
  }
  EXPECT_EQ(splitting_factor(8, 0, 0, 1).status, MarkerStatus::not_determinable);
  for (const double step : {0.5, 1.93, 3.86}) {
    int covered = 0;
    constexpr int draws = 200;
    for (unsigned seed = 1; seed <= draws; ++seed) {
      const auto marker = splitting_factor(step, 0.01 * seed, 0.01, seed);
      ASSERT_EQ(marker.status, MarkerStatus::ok);
      covered += marker.value.lo95 <= truth && truth <= marker.value.hi95 ? 1 : 0;
    }
    EXPECT_GE(covered, 0.9 * draws) << step;
  }
}

TEST(MarkerParts, WhatWasNotNamedHasAnUpperEnd) {
  auto composition = apatite(0.8);
  composition.phases.push_back(
      phase("amorphous_calcium_phosphate", 0, 0.04, PhaseStatus::below_lod));
  const auto marker = find_marker_parts(evaluate_raman(composition), "precursor_index");
  EXPECT_EQ(marker.status, MarkerStatus::below_lod);
  EXPECT_DOUBLE_EQ(marker.value.value, 0);
  EXPECT_NEAR(marker.value.hi95, normal_95 * 0.04 / 0.8, 1e-9);
}

TEST(MarkerParts, OneBandOnlyOrARivalIsNoAnswer) {
  auto composition = apatite(0.8);
  composition.phases.push_back(phase("brushite", 0.1, 0.02, PhaseStatus::ambiguous));
  composition.phases.push_back(phase("beta_tcp", 0.1, 0.02, PhaseStatus::quantified));
  composition.phases.push_back(phase("mg_whitlockite", 0.1, 0.02, PhaseStatus::quantified));
  const auto markers = evaluate_raman(composition);
  for (const char* id : {"precursor_index", "whitlockite_share"}) {
    EXPECT_EQ(find_marker_parts(markers, id).status, MarkerStatus::not_determinable) << id;
    EXPECT_FALSE(find_marker_parts(markers, id).value.reason.empty());
  }
}

TEST(MarkerParts, UncalibratedCarbonateSaysSo) {
  EXPECT_EQ(find_marker_parts(evaluate_raman(apatite(0.8)), "carbonate_wt").status,
            MarkerStatus::uncalibrated);
}

TEST(MarkerParts, TheInstrumentIsTakenOffTheWidth) {
  EXPECT_EQ(find_marker_parts(evaluate_raman(apatite(0.8)), "nu1_width_corrected").status,
            MarkerStatus::not_determinable);
  const auto marker = find_marker_parts(evaluate_raman(apatite(0.8), {6}), "nu1_width_corrected");
  ASSERT_EQ(marker.status, MarkerStatus::ok);
  // A Gaussian band of 13.75 or a Lorentzian one of 12.5 is seen 15 wide.
  EXPECT_GT(marker.value.value, 12.4);
  EXPECT_LT(marker.value.value, 13.8);
  EXPECT_LT(marker.value.lo95, 12.6);
  EXPECT_GT(marker.value.hi95, 13.7);
  EXPECT_EQ(find_marker_parts(evaluate_raman(apatite(0.8), {14.8}), "nu1_width_corrected").status,
            MarkerStatus::not_determinable);
}

struct Sites {
  double labile = 0;
  double b = 0;
  double a = 0;
};

// nu2 CO3 with places off by up to 1 1/cm, a width of its own, a sloping ground and noise.
std::vector<Marker> evaluate_sites(const Sites& sites,
                                   double noise,
                                   std::uint64_t seed,
                                   double step = 1,
                                   SamplingMode mode = SamplingMode::transmission) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> uniform(-1, 1);
  const double width = 8.5 + 1.5 * uniform(random);
  const double places[3] = {866 + uniform(random), 871 + uniform(random), 878 + uniform(random)};
  const double heights[3] = {sites.labile, sites.b, sites.a};
  std::vector<double> x;
  std::vector<double> y;
  double at = 600;
  while (at < 1700) {
    double sum = 0.02 + 2e-5 * at + noise * normal(random);
    for (int k = 0; k < 3; ++k) {
      sum += heights[k] * std::exp(-2.7726 * std::pow((at - places[k]) / width, 2));
    }
    x.push_back(at);
    y.push_back(sum);
    at += step;
  }
  const auto axis = Axis::make(std::move(x), AxisKind::wavenumber, "1/cm");
  auto composition = apatite(0.8);
  composition.axis = {0, 0.3, 0, true};
  return evaluate_markers({*axis, y, Technique::ftir, mode}, composition);
}

TEST(MarkerParts, SitesOfCarbonateAreCovered) {
  for (const double noise : {0.0002, 0.001}) {
    int covered = 0;
    int answers = 0;
    double width = 0;
    double bias = 0;
    for (std::uint64_t seed = 1; seed <= 100; ++seed) {
      std::mt19937_64 random(100 + seed);
      std::uniform_real_distribution<double> uniform(0.1, 0.4);
      const Sites sites{0.05 * uniform(random), 0.02, 0.05 * uniform(random)};
      const auto markers = evaluate_sites(sites, noise, seed);
      const double sum = sites.labile + sites.b + sites.a;
      for (const auto& [id, truth] : {std::pair("carbonate_a_share", sites.a / sum),
                                      std::pair("carbonate_labile_share", sites.labile / sum)}) {
        const auto marker = find_marker_parts(markers, id);
        if (!std::isfinite(marker.value.value)) {
          continue;
        }
        ++answers;
        covered += marker.value.lo95 <= truth && truth <= marker.value.hi95 ? 1 : 0;
        width += marker.value.hi95 - marker.value.lo95;
        bias += marker.value.value - truth;
      }
    }
    std::printf("noise %.4f: %d answers, covered %.1f %%, mean width %.3f, bias %.3f\n",
                noise,
                answers,
                100.0 * covered / answers,
                width / answers,
                bias / answers);
    EXPECT_GT(answers, 100);
    EXPECT_GE(covered, 0.88 * answers);
  }
}

TEST(MarkerParts, SitesAreRefusedOutsideTheirGround) {
  const Sites sites{0.01, 0.02, 0.01};
  for (const char* id : {"carbonate_a_share", "carbonate_labile_share"}) {
    const auto atr = evaluate_sites(sites, 0.0002, 1, 1, SamplingMode::atr);
    EXPECT_NE(find_marker_parts(atr, id).value.reason.find("ATR"), std::string::npos);
    EXPECT_EQ(find_marker_parts(evaluate_sites(sites, 0.0002, 1, 4), id).status,
              MarkerStatus::not_determinable);
    EXPECT_EQ(find_marker_parts(evaluate_sites({}, 0.001, 1), id).status,
              MarkerStatus::not_determinable);
  }
}

TEST(MarkerParts, CollagenIsNotReadWhereKeratinMayBe) {
  auto composition = apatite(0.5);
  composition.groups.push_back({
      "protein", {"collagen_I",        "keratin"},
       { 0.4, 0.02, 0.36, 0.44, EstimateStatus::ok, ""}
  });
  std::vector<double> x;
  x.reserve(700);
  for (int i = 0; i < 700; ++i) {
    x.push_back(400 + 2.0 * i);
  }
  const auto axis = Axis::make(std::move(x), AxisKind::wavenumber, "1/cm");
  const std::vector<double> y(700, 1.0);
  const auto evaluate = [&] {
    return find_marker_parts(
        evaluate_markers({*axis, y, Technique::ftir, SamplingMode::transmission}, composition),
        "collagen_1660_1690");
  };
  EXPECT_NE(evaluate().value.reason.find("keratin"), std::string::npos);
  composition.groups.clear();
  composition.matrix.push_back(phase("collagen_I", 0.4, 0.02, PhaseStatus::quantified));
  FittedBand amide;
  amide.phase = "collagen_I";
  amide.center_cm1 = 1658;
  amide.height = 10;
  amide.height_u = 0.1;
  amide.area = 300;
  amide.area_u = 10;
  amide.area_fit_u = 10;
  composition.bands.push_back(amide);
  amide.center_cm1 = 1690;
  amide.area = 100;
  composition.bands.push_back(amide);
  EXPECT_NEAR(evaluate().value.value, 3, 1e-12);
}

}  // namespace
}  // namespace calcispec::models
