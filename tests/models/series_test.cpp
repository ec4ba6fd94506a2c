// Simulated series: no false alarms beyond the stated rate, true slopes covered.
#include "models/series.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <random>

namespace calcispec::models {
namespace {

struct Design {
  int times = 6;
  int specimens = 1;
  int spots = 3;
  int repeats = 2;
  double specimen_sd = 0.05;
  double spot_sd = 0.04;
  double repeat_sd = 0.02;
};

std::vector<DatedValue> simulate_series(const Design& design,
                                        double per_month,
                                        std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  std::vector<DatedValue> out;
  double day = 0;
  for (int t = 0; t < design.times; ++t) {
    day += 20 + std::uniform_real_distribution<double>(0, 40)(random);
    for (int s = 0; s < design.specimens; ++s) {
      const double specimen = design.specimen_sd * normal(random);
      for (int p = 0; p < design.spots; ++p) {
        const double spot = design.spot_sd * normal(random);
        for (int r = 0; r < design.repeats; ++r) {
          out.push_back(
              {std::round(day),
               "specimen " + std::to_string(t) + "/" + std::to_string(s),
               std::to_string(p),
               0.2 + per_month * day / 30 + specimen + spot + design.repeat_sd * normal(random)});
        }
      }
    }
  }
  return out;
}

TEST(Series, ZeroSlopesGiveFewFalseAlarms) {
  constexpr int series = 4000;
  for (const Design& design : {
           Design{ },
           Design{  4, 1, 1, 1},
           Design{ 8, 2, 2, 1}
  }) {
    int alarms = 0;
    int left_out_0 = 0;
    for (std::uint64_t seed = 0; seed < series; ++seed) {
      const auto trend = find_trend(simulate_series(design, 0, seed));
      alarms += trend.status == TrendStatus::change_shown ? 1 : 0;
      left_out_0 += trend.slope.lo95 > 0 || trend.slope.hi95 < 0 ? 1 : 0;
    }
    std::printf("%d times: change shown in %.2f %%, interval without 0 in %.2f %%\n",
                design.times,
                100.0 * alarms / series,
                100.0 * left_out_0 / series);
    EXPECT_LE(alarms, 0.05 * series);
    EXPECT_LE(left_out_0, 0.06 * series);
  }
}

TEST(Series, TrueSlopesAreCoveredAndShown) {
  constexpr int series = 2000;
  constexpr double per_month = 0.05;
  int covered = 0;
  int robust = 0;
  int shown = 0;
  for (std::uint64_t seed = 0; seed < series; ++seed) {
    const auto trend = find_trend(simulate_series({}, per_month, seed));
    covered += per_month >= trend.slope.lo95 && per_month <= trend.slope.hi95 ? 1 : 0;
    robust += per_month >= trend.robust_slope.lo95 && per_month <= trend.robust_slope.hi95 ? 1 : 0;
    shown += trend.status == TrendStatus::change_shown ? 1 : 0;
  }
  std::printf("slope covered %.1f %% (Theil-Sen %.1f %%), shown %.1f %%\n",
              100.0 * covered / series,
              100.0 * robust / series,
              100.0 * shown / series);
  EXPECT_NEAR(covered, 0.95 * series, 0.015 * series);
  EXPECT_GE(robust, 0.93 * series);
  EXPECT_GE(shown, 0.6 * series);
}

TEST(Series, FindsTheVarianceParts) {
  const auto trend = find_trend(simulate_series({40, 4, 3, 3}, 0.01, 5));
  EXPECT_NEAR(trend.spread.repeat, 0.02, 0.002);
  EXPECT_NEAR(trend.spread.spot, 0.04, 0.006);
  EXPECT_NEAR(
      trend.spread.specimen, std::sqrt(0.05 * 0.05 + (0.04 * 0.04 + 0.02 * 0.02 / 3) / 3), 0.006);
  EXPECT_NEAR(trend.detectable, 1.96 * std::sqrt(2) * trend.spread.specimen, 1e-4);
}

TEST(Series, TooFewTimesGiveNoStatement) {
  const auto trend = find_trend(simulate_series({3, 4, 2, 1}, 0.5, 1));
  EXPECT_EQ(trend.status, TrendStatus::not_determinable);
  EXPECT_NE(trend.reason.find("no change can be shown"), std::string::npos);
  EXPECT_TRUE(std::isnan(trend.slope.value));
  EXPECT_EQ(find_trend({}).status, TrendStatus::not_determinable);
}

TEST(Series, StudentsFactorAgreesWithTables) {
  EXPECT_NEAR(1.959964 * student_factor(3), 3.182, 0.03);
  EXPECT_NEAR(1.959964 * student_factor(5), 2.571, 0.005);
  EXPECT_NEAR(1.959964 * student_factor(10), 2.228, 0.001);
  EXPECT_NEAR(1.959964 * student_factor(60), 2.000, 0.001);
}

TEST(Series, GroupMeansHaveIntervals) {
  const auto mean = group_mean({1, 2, 3, 4, 5});
  EXPECT_NEAR(mean.value, 3, 1e-12);
  EXPECT_NEAR(mean.hi95 - mean.value, 2.776 * std::sqrt(2.5 / 5), 0.02);
  EXPECT_TRUE(std::isnan(group_mean({1, 2}).value));
}

}  // namespace
}  // namespace calcispec::models
