// find_peaks: false alarms, detection, shoulders, positions, odd axes and inputs.
#include "core/peak_finding.hpp"

#include "tests/support/simulate_bands.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <memory>
#include <random>
#include <string_view>

namespace calcispec {
namespace {

constexpr double noise_of_one = 1;

int repeats_peak_finding(int fast, int slow) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): one thread reads it
  const auto* wish = std::getenv("CALCISPEC_SLOW");
  return wish != nullptr && std::string_view(wish) == "1" ? slow : fast;
}

std::vector<double> even_axis_peak_finding(std::size_t n) {
  std::vector<double> x(n);
  for (std::size_t i = 0; i < n; ++i) {
    x[i] = 400 + 1.0 * static_cast<double>(i);
  }
  return x;
}

struct Trial {
  std::vector<double> x;
  std::vector<double> y;
};

// Bands with sigma 1 noise on a line.
Trial make_trial(const std::vector<test::SimulatedBand>& bands,
                 std::mt19937_64& random,
                 std::size_t n = 1000) {
  Trial trial{even_axis_peak_finding(n), std::vector<double>(n)};
  std::normal_distribution<double> normal(0, noise_of_one);
  for (std::size_t i = 0; i < n; ++i) {
    trial.y[i] = 200 + 0.05 * trial.x[i] + normal(random);
    for (const auto& band : bands) {
      trial.y[i] += test::true_profile(trial.x[i], band);
    }
  }
  return trial;
}

class PeakFinding : public ::testing::TestWithParam<PeakFinder> {
 protected:
  [[nodiscard]] PeakList find(const Trial& trial, std::span<const double> noise = {}) const {
    PeakOptions options;
    options.finder = GetParam();
    return find_peaks(trial.x, trial.y, noise, options);
  }
};

TEST_P(PeakFinding, NoiseAloneShowsPeaksNoMoreOftenThanStated) {
  std::mt19937_64 random(11);
  const int count = repeats_peak_finding(1000, 20000);
  for (const std::size_t n : {std::size_t{200}, std::size_t{1000}}) {
    int alarms = 0;
    for (int t = 0; t < count; ++t) {
      alarms += find(make_trial({}, random, n)).peaks.empty() ? 0 : 1;
    }
    const double expected = 0.01 * count;
    std::printf("%zu points: %d of %d spectra of noise with a peak\n", n, alarms, count);
    EXPECT_LE(alarms, expected + 3 * std::sqrt(expected));
  }
}

TEST_P(PeakFinding, DetectionRisesWithHeightOverNoise) {
  std::mt19937_64 random(12);
  const int count = repeats_peak_finding(60, 2000);
  double before = -1;
  for (const double height : {1.0, 1.5, 2.0, 3.0, 5.0}) {
    int hits = 0;
    for (int t = 0; t < count; ++t) {
      const double center = 600 + std::uniform_real_distribution<double>(0, 400)(random);
      const auto found = find(make_trial(
          {
              {height, center, 16, 0.5}
      },
          random));
      hits += std::any_of(found.peaks.begin(),
                          found.peaks.end(),
                          [&](const auto& peak) { return std::abs(peak.position - center) < 8; })
                  ? 1
                  : 0;
    }
    const double rate = static_cast<double>(hits) / count;
    std::printf("height %.1f sigma, fwhm 16 points: found %.1f %%\n", height, 100 * rate);
    EXPECT_GE(rate, before - 0.05);
    before = rate;
  }
  EXPECT_GE(before, 0.97);
}

// Errors of position and height against their scatter, at Gaussian bands.
TEST_P(PeakFinding, PositionAndHeightScatterAsStated) {
  std::mt19937_64 random(13);
  const int count = repeats_peak_finding(150, 3000);
  std::vector<double> pulls;
  double width_error = 0;
  int shoulders = 0;
  double height = 0;
  for (int t = 0; t < count; ++t) {
    const double center = 800 + std::uniform_real_distribution<double>(0, 1)(random);
    for (const auto& peak : find(make_trial(
                                     {
                                         {15, center, 18, 0}
    },
                                     random))
                                .peaks) {
      if (std::abs(peak.position - center) < 9) {
        pulls.push_back(std::abs(peak.position - center) / peak.position_error);
        height += peak.height;
        width_error += std::pow(peak.fwhm / 18 - 1, 2);
        shoulders += peak.kind == PeakKind::shoulder ? 1 : 0;
      }
    }
  }
  ASSERT_GE(pulls.size(), static_cast<std::size_t>(count));
  EXPECT_LE(pulls.size(), static_cast<std::size_t>(count) + 3);  // once each but for false alarms
  EXPECT_LE(shoulders, 3);
  EXPECT_LT(std::sqrt(width_error / count), 0.2);
  std::sort(pulls.begin(), pulls.end());
  const double one_sigma = pulls[static_cast<std::size_t>(0.683 * count)];
  std::printf("position: 68 %% within %.2f of the stated error; mean height %.2f of 15\n",
              one_sigma,
              height / count);
  EXPECT_NEAR(one_sigma, 1, 0.25);
  EXPECT_NEAR(height / count, 15, 1.5);
}

// Two equal Gaussian bands; they have two maxima from about 0.85 fwhm on.
TEST_P(PeakFinding, CloseBandsAreFoundAsShoulders) {
  std::mt19937_64 random(14);
  const int count = repeats_peak_finding(40, 1000);
  for (const double apart : {0.8, 1.0, 1.25, 1.5}) {
    int both = 0;
    int extra = 0;
    for (int t = 0; t < count; ++t) {
      const auto found = find(make_trial(
          {
              {100, 800,              24, 0.3},
              {40,  800 + 24 * apart, 24, 0.3}
      },
          random));
      both += found.peaks.size() == 2 ? 1 : 0;
      extra += found.peaks.size() > 2 ? 1 : 0;
    }
    std::printf("apart %.2f fwhm, 100 and 40 sigma: both found %.1f %%, too many %.1f %%\n",
                apart,
                100.0 * both / count,
                100.0 * extra / count);
    EXPECT_LE(extra, 0.05 * count);
    EXPECT_GE(both, apart >= 1.25 ? 0.95 * count : 0.0);
  }
}

TEST_P(PeakFinding, HighBandsAreNotSplitByNoise) {
  std::mt19937_64 random(15);
  int extra = 0;
  for (const double height : {100.0, 1000.0, 10000.0}) {
    for (int t = 0; t < 50; ++t) {
      const auto found = find(make_trial(
                                  {
                                      {height, 800, 30, 0.5}
      },
                                  random))
                             .peaks.size();
      EXPECT_GE(found, 1U) << height;
      extra += static_cast<int>(found) - 1;
    }
  }
  EXPECT_LE(extra, 6);  // 1.5 expected from noise elsewhere
}

TEST_P(PeakFinding, BroadBackgroundAndSpikesAreNoPeaks) {
  std::mt19937_64 random(16);
  auto trial = make_trial(
      {
          {300, 850, 24, 0}
  },
      random);
  for (std::size_t i = 0; i < trial.x.size(); ++i) {
    const double t = (trial.x[i] - 1000) / 700;
    trial.y[i] += 500 * std::exp(-t * t);
  }
  trial.y[300] += 60;  // one point alone
  const auto found = find(trial);
  ASSERT_EQ(found.peaks.size(), 1U);
  EXPECT_NEAR(found.peaks[0].position, 850, 2);
}

// The same band on an axis whose spacing grows twofold, and on one that falls.
TEST_P(PeakFinding, UnevenAndFallingAxes) {
  std::mt19937_64 random(17);
  std::normal_distribution<double> normal(0, noise_of_one);
  Trial trial;
  double x = 400;
  for (int i = 0; i < 900; ++i) {
    trial.x.push_back(x);
    trial.y.push_back(20 + test::true_profile(x, {30, 700, 20, 0}) +
                      test::true_profile(x, {30, 1300, 20, 0}) + normal(random));
    x += 1 + 0.0011 * i;
  }
  const auto found = find(trial);
  ASSERT_EQ(found.peaks.size(), 2U);
  EXPECT_NEAR(found.peaks[0].position, 700, 1.5);
  EXPECT_NEAR(found.peaks[1].position, 1300, 1.5);
  EXPECT_NEAR(found.peaks[0].fwhm, found.peaks[1].fwhm, 7);
  std::reverse(trial.x.begin(), trial.x.end());
  std::reverse(trial.y.begin(), trial.y.end());
  const auto mirrored = find(trial);
  ASSERT_EQ(mirrored.peaks.size(), 2U);
  EXPECT_NEAR(mirrored.peaks[0].position, found.peaks[0].position, 1e-9);
  EXPECT_NEAR(mirrored.peaks[1].significance, found.peaks[1].significance, 1e-9);
}

TEST_P(PeakFinding, ScalingChangesNothing) {
  std::mt19937_64 random(18);
  auto trial = make_trial(
      {
          {30, 700,  20, 0.5},
          {9,  1000, 40, 0.5}
  },
      random);
  const auto found = find(trial);
  for (double& value : trial.y) {
    value *= 4096;
  }
  const auto scaled = find(trial);
  ASSERT_EQ(found.peaks.size(), scaled.peaks.size());
  for (std::size_t i = 0; i < found.peaks.size(); ++i) {
    EXPECT_EQ(found.peaks[i].position, scaled.peaks[i].position);
    EXPECT_EQ(found.peaks[i].height * 4096, scaled.peaks[i].height);
  }
}

// Noise that differs from point to point keeps the rate.
TEST_P(PeakFinding, NoiseOfEachPointIsUsed) {
  std::mt19937_64 random(19);
  std::vector<double> noise(600);
  for (std::size_t i = 0; i < noise.size(); ++i) {
    noise[i] = i < 300 ? 1.0 : 5.0;
  }
  int alarms = 0;
  for (int t = 0; t < 500; ++t) {
    Trial trial{even_axis_peak_finding(600), std::vector<double>(600)};
    for (std::size_t i = 0; i < 600; ++i) {
      trial.y[i] = std::normal_distribution<double>(0, noise[i])(random);
    }
    alarms += find(trial, noise).peaks.empty() ? 0 : 1;
  }
  EXPECT_LE(alarms, 12);
}

TEST_P(PeakFinding, DegenerateInputIsEmpty) {
  const std::vector<double> x = even_axis_peak_finding(50);
  const double nan = std::numeric_limits<double>::quiet_NaN();
  EXPECT_TRUE(find({x, std::vector<double>(50, 3.0)}).peaks.empty());
  EXPECT_TRUE(find({x, std::vector<double>(50, nan)}).peaks.empty());
  EXPECT_TRUE(find({{}, {}}).peaks.empty());
  EXPECT_TRUE(find({{1.0}, {1.0}}).peaks.empty());
  auto holes = make_trial({}, *std::make_unique<std::mt19937_64>(3), 50);
  for (std::size_t i = 0; i < 50; i += 3) {
    holes.y[i] = nan;
  }
  EXPECT_LE(find(holes).peaks.size(), 1U);
}

INSTANTIATE_TEST_SUITE_P(Finders,
                         PeakFinding,
                         ::testing::Values(PeakFinder::derivative, PeakFinder::wavelet),
                         [](const auto& tested) {
                           return std::string(peak_finder_name(tested.param));
                         });

}  // namespace
}  // namespace calcispec
