// Spectra made here from shapes of our own (Lorentzians, a bent background, noise), never from the
// code under test.
#include "models/composition.hpp"

#include "models/map_composition.hpp"
#include "tests/support/simulate_mixture.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

namespace calcispec::models {
namespace {

struct CompositionLine {
  double position;
  double width;
  double height;
};

struct CompositionCase {
  AxisPtr axis;
  std::vector<double> y;

  [[nodiscard]] CompositionInput input(Technique technique = Technique::raman,
                                       SamplingMode mode = SamplingMode::none) const {
    return {*axis, y, technique, mode};
  }
};

CompositionCase make_case_composition(const std::vector<CompositionLine>& lines,
                                      double noise,
                                      double shift = 0) {
  CompositionCase out;
  std::vector<double> x;
  std::mt19937_64 random(7);
  std::normal_distribution<double> normal;
  for (int i = 0; i <= 1000; ++i) {
    const double v = 350 + 1.5 * i;
    x.push_back(v);
    double y = 400 + 0.1 * v + 300 * std::exp(-std::pow((v - 1300) / 500, 2));
    for (const auto& line : lines) {
      const double u = 2 * (v - line.position - shift) / line.width;
      y += line.height / (1 + u * u);
    }
    out.y.push_back(y + noise * normal(random));
  }
  out.axis = Axis::make(std::move(x), AxisKind::raman_shift, "1/cm");
  return out;
}

const std::vector<CompositionLine> composition_calcite{
    {712,  7,  90  },
    {1086, 6,  1000},
    {1436, 10, 25  },
    {1749, 11, 18  }
};
const std::vector<CompositionLine> composition_bone{
    {430,  24, 150 },
    {447,  22, 80  },
    {583,  22, 100 },
    {608,  18, 50  },
    {960,  18, 1000},
    {1032, 20, 70  },
    {1045, 20, 70  },
    {1071, 16, 160 },
    {855,  16, 50  },
    {875,  16, 45  },
    {1246, 36, 60  },
    {1271, 36, 65  },
    {1451, 28, 150 },
    {1640, 28, 60  },
    {1667, 30, 110 }
};

bool is_quantified(const Composition& composition, const std::string& id) {
  for (const auto* list : {&composition.phases, &composition.matrix}) {
    for (const auto& entry : *list) {
      if (entry.phase == id && entry.status == PhaseStatus::quantified) {
        return true;
      }
    }
  }
  return std::any_of(composition.groups.begin(), composition.groups.end(), [&](const auto& group) {
    return group.name == id && group.status == PhaseStatus::quantified;
  });
}

double sum_of_shares(const Composition& composition) {
  double sum = composition.unexplained.value;
  for (const auto& group : composition.groups) {
    sum += group.share.value;
  }
  for (const auto* list : {&composition.phases, &composition.matrix}) {
    for (const auto& entry : *list) {
      sum += std::isfinite(entry.share.value) ? entry.share.value : 0;
    }
  }
  return sum;
}

TEST(Composition, NamesCalciteInSpiteOfAnAxisError) {
  const auto library = builtin_library();
  for (const double shift : {-2.0, 0.0, 2.0}) {
    const auto spectrum = make_case_composition(composition_calcite, 5, shift);
    const auto result = estimate_composition(spectrum.input(), library, {});
    EXPECT_EQ(result.total.status, EstimateStatus::ok) << shift;
    EXPECT_TRUE(is_quantified(result, "calcite")) << shift;
    EXPECT_NEAR(sum_of_shares(result), 1, 1e-9);
  }
}

// A spectrometer whose lines have a tail: the lower half is twice as wide as the upper one.
CompositionCase with_tails(const std::vector<CompositionLine>& lines, double noise) {
  auto out = make_case_composition({}, noise);
  const auto x = out.axis->values();
  for (std::size_t i = 0; i < x.size(); ++i) {
    for (const auto& line : lines) {
      const double width = line.width * (x[i] < line.position ? 1.35 : 0.65);
      const double u = 2 * (x[i] - line.position) / width;
      out.y[i] += line.height / (1 + u * u);
    }
  }
  return out;
}

TEST(Composition, TailOfTheSpectrometerIsNoSecondPhase) {
  const auto spectrum = with_tails(composition_calcite, 1);
  const auto result = estimate_composition(spectrum.input(), builtin_library(), {});
  EXPECT_TRUE(is_quantified(result, "calcite"));
  EXPECT_FALSE(result.unexplained_flag);
  for (const auto& entry : result.phases) {
    EXPECT_TRUE(entry.phase == "calcite" || entry.status != PhaseStatus::quantified) << entry.phase;
  }
}

TEST(Composition, BandsInOtherPlacesAreNotNamed) {
  // Two lines as far apart as those of calcite are not, within reach of each by itself.
  const std::vector<CompositionLine> lines{
      {717,  7, 90  },
      {1082, 6, 1000}
  };
  const auto spectrum = make_case_composition(lines, 3);
  const auto result = estimate_composition(spectrum.input(), builtin_library(), {});
  EXPECT_FALSE(is_quantified(result, "calcite"));
  EXPECT_TRUE(result.unexplained_flag);
}

TEST(Composition, BoneIsApatiteAndCollagen) {
  const auto spectrum = make_case_composition(composition_bone, 8);
  const auto result = estimate_composition(spectrum.input(), builtin_library(), {});
  EXPECT_TRUE(is_quantified(result, "apatite"));
  EXPECT_TRUE(is_quantified(result, "collagen_I"));
  EXPECT_NEAR(sum_of_shares(result), 1, 1e-9);
  for (const auto& group : result.groups) {
    EXPECT_LE(group.share.lo95, group.share.value);
    EXPECT_GE(group.share.hi95, group.share.value);
  }
  // Two phases divide one whole: what is not the one is the other.
  const auto& correlation = result.share_correlation;
  ASSERT_EQ(correlation.phases.size(), 2U);
  ASSERT_EQ(correlation.values.size(), 4U);
  EXPECT_EQ(correlation.values[0], 1);
  EXPECT_LT(correlation.values[1], -0.5);
  EXPECT_EQ(correlation.values[1], correlation.values[2]);
}

TEST(Composition, UnknownBandIsFlaggedAndNotNamed) {
  auto lines = composition_calcite;
  lines.push_back({1250, 9, 400});
  const auto spectrum = make_case_composition(lines, 5);
  const auto result = estimate_composition(spectrum.input(), builtin_library(), {});
  EXPECT_TRUE(result.unexplained_flag);
  ASSERT_FALSE(result.unexplained_bands.empty());
  const bool is_found = std::any_of(
      result.unexplained_bands.begin(), result.unexplained_bands.end(), [](const auto& band) {
        return std::abs(band.position_cm1 - 1250) < 3;
      });
  EXPECT_TRUE(is_found);
}

Composition estimate_measured(const test::MeasuredMixture& measured, bool is_raman) {
  const auto kind = is_raman ? AxisKind::raman_shift : AxisKind::wavenumber;
  const auto axis = Axis::make(measured.x, kind, "1/cm");
  return estimate_composition({*axis,
                               measured.y,
                               is_raman ? Technique::raman : Technique::ftir,
                               is_raman ? SamplingMode::none : SamplingMode::transmission},
                              builtin_library(),
                              {});
}

// Apatite, collagen and calcite as a simulated laboratory measures them.
struct ThreeSubstances {
  std::uint64_t laboratory;
  std::uint64_t seed;
  double apatite;
  double collagen;
  double carbonate_wt;
  double order_width;
};

Composition estimate_three(const ThreeSubstances& what) {
  test::Laboratory laboratory;
  laboratory.seed = what.laboratory;
  test::Mixture mixture;
  mixture.weights = {
      {"apatite",    what.apatite                    },
      {"collagen_I", what.collagen                   },
      {"calcite",    1 - what.apatite - what.collagen}
  };
  mixture.carbonate_wt = what.carbonate_wt;
  mixture.order_width = what.order_width;
  test::Measurement how;
  how.seed = what.seed;
  how.snr = 150;
  return estimate_measured(test::measure(mixture, laboratory, how), true);
}

// Aragonite has its strongest band at the same place, takes it first and is then found to be
// elsewhere: calcite comes back.
TEST(Composition, WhatARivalTookComesBack) {
  for (const auto& what : {
           ThreeSubstances{1040, 5008, 0.54234,  0.197605, 6.9461, 16.0857},
           ThreeSubstances{1040, 5010, 0.606321, 0.195841, 4.0239, 16.7633}
  }) {
    const auto result = estimate_three(what);
    EXPECT_TRUE(is_quantified(result, "calcite")) << what.seed;
    EXPECT_FALSE(result.unexplained_flag) << what.seed;
  }
}

// Fixed patterns fit nu1 of apatite best with the axis at one end: from there collagen alone is
// named, and the bands of apatite stand without a name.
TEST(Composition, TheHighestBandAloneDoesNotPlaceTheAxis) {
  const auto result = estimate_three({1042, 5021, 0.497528, 0.273443, 5.56536, 15.5918});
  for (const char* id : {"apatite", "collagen_I", "calcite"}) {
    EXPECT_TRUE(is_quantified(result, id)) << id;
  }
  EXPECT_FALSE(result.unexplained_flag);
}

// A laboratory that strays from the tables, in Raman spectra or in transmission.
test::Laboratory astray(std::uint64_t seed, bool is_raman) {
  test::Laboratory out;
  out.seed = seed;
  out.is_raman = is_raman;
  out.has_table_lines = true;
  return out;
}

test::Mixture with_unlisted(double apatite, double collagen, double carbonate_wt, double width) {
  test::Mixture out;
  out.weights = {
      {"apatite",    apatite               },
      {"collagen_I", collagen              },
      {"unlisted",   1 - apatite - collagen}
  };
  out.carbonate_wt = carbonate_wt;
  out.order_width = width;
  return out;
}

double share_of_collagen(const Composition& composition) {
  for (const auto& entry : composition.matrix) {
    if (entry.phase == "collagen_I") {
      return entry.share.value;
    }
  }
  return 0;
}

// The unlisted substance has its strongest band where collagen has a weak one.
TEST(Composition, CollagenDoesNotTakeTheBandOfAnUnknownSubstance) {
  const auto mixture = with_unlisted(0.7, 0.15, 4, 12);
  test::Measurement how;
  how.snr = 1000;
  for (const std::uint64_t seed : {7004U, 7017U, 7020U}) {
    const auto measured = test::measure(mixture, astray(seed, false), how);
    const auto result = estimate_measured(measured, false);
    EXPECT_TRUE(is_quantified(result, "collagen_I")) << seed;
    EXPECT_NEAR(share_of_collagen(result), measured.truth.shares.at("collagen_I"), 0.01) << seed;
  }
}

// Each phosphate band of the one lies in one of the other; several of them that are as high as they
// should be are no ambiguity.
TEST(Composition, ApatiteIsNamedBesideOctacalciumPhosphate) {
  test::Mixture mixture;
  mixture.weights = {
      {"apatite",               0.56},
      {"collagen_I",            0.3 },
      {"octacalcium_phosphate", 0.14}
  };
  mixture.carbonate_wt = 6.65;
  mixture.order_width = 16.4;
  test::Measurement how;
  how.seed = 738;
  how.snr = 2000;
  how.fluorescence = 0.05;
  how.shift_cm1 = -0.74;
  how.vapour = -0.02;
  how.stray_light = 0.005;
  const auto result = estimate_measured(test::measure(mixture, astray(7007, false), how), false);
  EXPECT_TRUE(is_quantified(result, "apatite"));
  EXPECT_TRUE(is_quantified(result, "octacalcium_phosphate"));
}

// The bands of the unlisted substance lead a coarse look away from collagen, whose own leave no
// peak.
TEST(Composition, CollagenIsFoundBesideAnUnknownSubstance) {
  const auto mixture = with_unlisted(0.69, 0.1, 2.74, 15.6);
  test::Measurement how;
  how.seed = 724;
  how.snr = 200;
  const auto result = estimate_measured(test::measure(mixture, astray(7004, true), how), true);
  EXPECT_TRUE(is_quantified(result, "collagen_I"));
  EXPECT_TRUE(result.unexplained_flag);
}

// Where a row of the table is outgrown, one free band takes its place.
TEST(Composition, AnOutgrownBandIsOneUnexplainedBand) {
  test::Laboratory laboratory;
  laboratory.seed = 7;  // brushite's band at 525 1/cm is far higher than in the table
  AxisPtr axis;
  const auto spectrum = [&](int item) {
    const double mineral = 0.1 + 0.1 * (item % 9);
    test::Mixture mixture;
    mixture.weights = {
        {"apatite",    mineral                  },
        {"collagen_I", 1 - mineral              },
        {"brushite",   item % 7 == 3 ? 0.3 : 0.0}
    };
    test::Measurement how;
    how.seed = 1000 + static_cast<std::uint64_t>(item);
    how.shift_cm1 = 0.4;
    auto measured = test::measure(mixture, laboratory, how);
    axis = Axis::make(std::move(measured.x), AxisKind::raman_shift, "1/cm");
    return measured.y;
  };
  std::vector<std::vector<double>> samples;
  for (int item = 0; item < 11; ++item) {
    samples.push_back(spectrum(item));
  }
  const auto library = builtin_library();
  const MapComposer composer(axis, samples, Technique::raman, SamplingMode::none, library, {}, 0);
  const auto result = composer.estimate(spectrum(38));
  EXPECT_TRUE(is_quantified(result, "brushite"));
  Index free = 0;
  for (const auto& band : result.bands) {
    free += band.phase == "unexplained" && std::abs(band.center_cm1 - 526) < 20 ? 1 : 0;
  }
  EXPECT_EQ(free, 1);
}

TEST(Composition, NothingButBackgroundHasNoIdentifiableBand) {
  const auto spectrum = make_case_composition({}, 5);
  const auto result = estimate_composition(spectrum.input(), builtin_library(), {});
  EXPECT_EQ(result.total.status, EstimateStatus::not_determinable);
  EXPECT_NE(result.total.reason.find("no identifiable band"), std::string::npos);
  EXPECT_FALSE(result.unexplained_flag);
}

TEST(Composition, UnknownTechniqueIsRefusedWithWhatToDo) {
  const auto spectrum = make_case_composition(composition_calcite, 5);
  const auto library = builtin_library();
  const auto technique =
      estimate_composition(spectrum.input(Technique::unknown, SamplingMode::unknown), library, {});
  EXPECT_NE(technique.total.reason.find("--technique"), std::string::npos);
}

TEST(Composition, PoorDataGiveStatusesNotExceptions) {
  const auto library = builtin_library();
  auto spectrum = make_case_composition(composition_calcite, 5);
  std::fill(spectrum.y.begin(), spectrum.y.end(), 3.0);
  EXPECT_EQ(estimate_composition(spectrum.input(), library, {}).total.status,
            EstimateStatus::not_determinable);
  spectrum.y[10] = std::nan("");
  EXPECT_EQ(estimate_composition(spectrum.input(), library, {}).total.status,
            EstimateStatus::not_determinable);
  CompositionOptions narrow;
  narrow.range_cm1 = {1000.0, 1004.0};
  EXPECT_EQ(estimate_composition(spectrum.input(), library, narrow).total.status,
            EstimateStatus::not_determinable);
}

// Bands of an organic crystal, one of them where whitlockite has a part of its doublet: the other
// part is missing, and what stands at its small bands is far too high for it.
TEST(Composition, OnePartOfADoubletAloneIsNoName) {
  const auto organic = make_case_composition(
      {
          {605,  12, 300},
          {629,  12, 300},
          {652,  12, 250},
          {799,  12, 420},
          {860,  12, 400},
          {972,  10, 300},
          {1172, 12, 450},
          {1240, 12, 600},
          {1282, 12, 400},
          {1328, 14, 700},
          {1566, 14, 450},
          {1618, 14, 800},
          {1655, 14, 700}
  },
      4);
  const auto found = estimate_composition(organic.input(), builtin_library(), {});
  EXPECT_FALSE(is_quantified(found, "mg_whitlockite"));
  EXPECT_TRUE(found.unexplained_flag);
}

// One wide band stands where apatite has its strongest, and much beside it: the misfit that several
// missed bands make together must not hide each of them.
TEST(Composition, LargeBandsAreFlaggedHoweverBadTheFit) {
  std::vector<double> x;
  CompositionCase polymer;
  std::mt19937_64 random(7);
  std::normal_distribution<double> normal(0, 1e-4);
  for (int i = 0; i <= 575; ++i) {
    const double v = 650 + 2.0 * i;
    x.push_back(v);
    double y = 0.01;
    for (const auto& line : std::vector<CompositionLine>{
             {1018, 60, 0.075},
             {1100, 50, 0.018},
             {914,  50, 0.032},
             {1240, 45, 0.014},
             {1736, 35, 0.020}
    }) {
      y += line.height * std::exp(-2.7726 * std::pow((v - line.position) / line.width, 2));
    }
    polymer.y.push_back(y + normal(random));
  }
  polymer.axis = Axis::make(std::move(x), AxisKind::wavenumber, "1/cm");
  const auto found = estimate_composition(
      polymer.input(Technique::ftir, SamplingMode::atr), builtin_library(), {});
  EXPECT_FALSE(is_quantified(found, "apatite"));
  ASSERT_TRUE(found.unexplained_flag);
  for (const double position : {914.0, 1240.0, 1736.0}) {
    EXPECT_TRUE(std::any_of(found.unexplained_bands.begin(),
                            found.unexplained_bands.end(),
                            [&](const auto& band) {
                              return std::abs(band.position_cm1 - position) < 10 &&
                                     band.height_sigma > 5;
                            }))
        << position;
  }
  EXPECT_GT(found.unexplained.value, 0.05);
  EXPECT_NEAR(sum_of_shares(found), 1, 1e-9);
}

}  // namespace
}  // namespace calcispec::models
