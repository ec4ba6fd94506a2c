#include "models/quality.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>

namespace calcispec::models {
namespace {

struct Made {
  AxisPtr axis;
  std::vector<double> y;
};

Made made_spectrum(double noise) {
  Made out;
  std::vector<double> x;
  std::mt19937_64 random(3);
  std::normal_distribution<double> normal;
  for (int i = 0; 400 + 1.5 * i < 1800; ++i) {
    const double v = 400 + 1.5 * i;
    x.push_back(v);
    const double u = (v - 960) / 8;
    out.y.push_back(500 + 1000 / (1 + u * u) + noise * normal(random));
  }
  out.axis = Axis::make(std::move(x), AxisKind::raman_shift, "1/cm");
  return out;
}

QualityReport check(const Made& made,
                    Technique technique = Technique::raman,
                    OrdinateKind ordinate = OrdinateKind::counts) {
  return check_quality({*made.axis, made.y, ordinate, technique, SamplingMode::none});
}

CheckVerdict verdict_of(const QualityReport& report, const std::string& code) {
  for (const auto& row : report.checks) {
    if (row.code == code) {
      return row.verdict;
    }
  }
  return CheckVerdict::pass;
}

TEST(Quality, AGoodSpectrumPassesEveryCheck) {
  const auto report = check(made_spectrum(5));
  EXPECT_EQ(report.verdict, QualityVerdict::good);
  for (const auto& row : report.checks) {
    EXPECT_EQ(row.verdict, CheckVerdict::pass) << row.code;
    EXPECT_TRUE(row.cause.empty());
  }
}

TEST(Quality, AClippedSpectrumIsRefusedWithCauseAndFix) {
  auto made = made_spectrum(5);
  for (double& y : made.y) {
    y = std::min(y, 1200.0);
  }
  const auto report = check(made);
  EXPECT_EQ(report.verdict, QualityVerdict::refused);
  EXPECT_EQ(verdict_of(report, "saturation"), CheckVerdict::refuse);
}

TEST(Quality, AConstantOrUndefinedSpectrumIsRefused) {
  auto made = made_spectrum(5);
  std::fill(made.y.begin(), made.y.end(), 2.0);
  EXPECT_EQ(check(made).verdict, QualityVerdict::refused);
  made.y[3] = std::nan("");
  EXPECT_EQ(check(made).verdict, QualityVerdict::refused);
}

TEST(Quality, NoiseAndSpikesAreSaid) {
  EXPECT_EQ(verdict_of(check(made_spectrum(150)), "signal_to_noise"), CheckVerdict::warn);
  auto made = made_spectrum(5);
  for (std::size_t i = 50; i < made.y.size(); i += 200) {
    made.y[i] += 4000;
  }
  EXPECT_EQ(verdict_of(check(made), "spikes"), CheckVerdict::warn);
}

TEST(Quality, WaterVapourIsSeenInTheInfraredOnly) {
  auto made = made_spectrum(0.5);
  for (std::size_t i = 0; i < made.y.size(); ++i) {
    for (const double line : {1653.3, 1684.8, 1699.9, 1717.4, 1734.6, 1558.5, 1540.0, 1507.0}) {
      const double u = (made.axis->values()[i] - line) / 2;
      made.y[i] += 60 / (1 + u * u);
    }
  }
  EXPECT_EQ(verdict_of(check(made, Technique::ftir, OrdinateKind::other), "water_vapour"),
            CheckVerdict::warn);
  EXPECT_EQ(verdict_of(check(made), "water_vapour"), CheckVerdict::pass);
}

}  // namespace
}  // namespace calcispec::models
