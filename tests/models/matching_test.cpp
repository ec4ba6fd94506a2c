// Spectra made here from lines of our own; the built-in tables are what is compared with.
#include "models/matching.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace calcispec::models {
namespace {

struct MatchingLine {
  double position;
  double width;
  double height;
};

struct MatchingCase {
  AxisPtr axis;
  std::vector<double> y;

  [[nodiscard]] CompositionInput input(SamplingMode mode = SamplingMode::none) const {
    return {*axis, y, Technique::raman, mode};
  }
};

MatchingCase make_case_matching(const std::vector<MatchingLine>& lines,
                                double noise,
                                double shift = 0) {
  MatchingCase out;
  std::vector<double> x;
  std::mt19937_64 random(3);
  std::normal_distribution<double> normal(0, noise);
  for (int i = 0; i < 1100; ++i) {
    const double v = 150 + 1.5 * i;
    x.push_back(v);
    double y = 500 + 300 * std::exp(-std::pow((v - 900) / 500, 2)) + normal(random);
    for (const auto& line : lines) {
      const double u = 2 * (v - line.position - shift) / line.width;
      y += line.height / (1 + u * u);
    }
    out.y.push_back(y);
  }
  out.axis = Axis::make(std::move(x), AxisKind::raman_shift, "1/cm");
  return out;
}

// Both carbonates have their strongest line at the same place; the others tell them apart.
const std::vector<MatchingLine> matching_calcite{
    {155,  10, 150 },
    {281,  13, 400 },
    {712,  6,  110 },
    {1086, 5,  1000}
};
const std::vector<MatchingLine> aragonite{
    {153,  7, 400 },
    {206,  8, 350 },
    {701,  5, 90  },
    {705,  5, 130 },
    {1085, 4, 1000}
};
const std::vector<MatchingLine> stranger{
    {333,  12, 700 },
    {777,  14, 1000},
    {1222, 15, 500 }
};

TEST(Matching, TellsCalciteFromAragoniteOffAxis) {
  const auto library = builtin_library();
  for (const double shift : {-1.5, 0.0, 1.5}) {
    const auto first =
        match_spectrum(make_case_matching(matching_calcite, 4, shift).input(), library, {});
    EXPECT_EQ(first.hits.front().id, "calcite");
    EXPECT_FALSE(first.is_none);
    const auto second =
        match_spectrum(make_case_matching(aragonite, 4, shift).input(), library, {});
    EXPECT_EQ(second.hits.front().id, "aragonite");
    EXPECT_GT(second.hits.front().slope_correlation, 0.9);
  }
}

TEST(Matching, SaysNoneOfTheseForAStranger) {
  const auto result =
      match_spectrum(make_case_matching(stranger, 4).input(), builtin_library(), {});
  EXPECT_TRUE(result.is_none);
  EXPECT_FALSE(result.hits.empty());
}

TEST(Matching, ScoresHaveTheirMeaning) {
  const auto spectrum = make_case_matching(matching_calcite, 0.5);
  MeasuredLibrary library;
  for (const auto* lines : {&matching_calcite, &stranger}) {
    MeasuredReference reference;
    reference.id = lines == &matching_calcite ? "own" : "other";
    reference.technique = Technique::raman;
    const auto pure = make_case_matching(*lines, 0.5);
    reference.axis = pure.axis;
    reference.y = pure.y;
    library.references.push_back(std::move(reference));
  }
  const auto result = match_spectrum(spectrum.input(), library, {});
  ASSERT_EQ(result.hits.size(), 2U);
  EXPECT_EQ(result.hits[0].id, "own");
  EXPECT_GT(result.hits[0].correlation, 0.999);
  EXPECT_GT(result.hits[0].slope_correlation, 0.99);
  EXPECT_LT(result.hits[0].angle_deg, 2);
  EXPECT_LT(result.hits[1].slope_correlation, 0.2);
  EXPECT_FALSE(result.hits[1].is_named);
}

TEST(Matching, PoorInputGivesAReason) {
  auto flat = make_case_matching({}, 0);
  std::fill(flat.y.begin(), flat.y.end(), 1.0);
  const auto result = match_spectrum(flat.input(), builtin_library(), {});
  EXPECT_NE(result.reason, "");
  EXPECT_TRUE(result.is_none);
}

}  // namespace
}  // namespace calcispec::models
