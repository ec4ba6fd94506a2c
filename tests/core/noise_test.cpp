// Noise of a spectrum whose points tell each for itself, and of one that was made of fewer points.
#include "core/noise.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

namespace calcispec {
namespace {

constexpr int noisy_points = 1000;

// Lorentzian bands of height up to 1 on a falling background, and noise.
std::vector<double> noisy_bands(unsigned seed, double noise, int bands) {
  std::mt19937 random(seed);
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> uniform;
  std::vector<double> y;
  for (int i = 0; i < noisy_points; ++i) {
    y.push_back(noise * normal(random) + 2 * std::exp(-i / 700.0));
  }
  for (int b = 0; b < bands; ++b) {
    const double center = noisy_points * uniform(random);
    const double half_width = 2 + 8 * uniform(random);
    const double height = uniform(random);
    for (int i = 0; i < noisy_points; ++i) {
      y[static_cast<std::size_t>(i)] += height / (1 + std::pow((i - center) / half_width, 2));
    }
  }
  return y;
}

// Straight lines between the points.
std::vector<double> interpolated(const std::vector<double>& y, int times) {
  std::vector<double> out;
  for (std::size_t i = 0; i + 1 < y.size(); ++i) {
    for (int k = 0; k < times; ++k) {
      const double part = static_cast<double>(k) / times;
      out.push_back((1 - part) * y[i] + part * y[i + 1]);
    }
  }
  return out;
}

// Twice the points, by a sum of sines of half the bandwidth.
std::vector<double> zero_filled(const std::vector<double>& y) {
  constexpr int reach = 40;
  const auto points = static_cast<int>(y.size());
  std::vector<double> out;
  for (int i = reach; i + reach < points; ++i) {
    out.push_back(y[static_cast<std::size_t>(i)]);
    double between = 0;
    double weights = 0;
    for (int k = -reach + 1; k <= reach; ++k) {
      const double at = 3.14159265358979 * (k - 0.5);
      const double weight = std::sin(at) / at;
      const int next = i + k;
      between += weight * y[static_cast<std::size_t>(next)];
      weights += weight;
    }
    out.push_back(between / weights);
  }
  return out;
}

TEST(Noise, WhiteNoiseHasAStrideOfOneWhateverItsBands) {
  for (const double noise : {0.1, 0.02, 0.005}) {
    for (const int bands : {0, 3, 12, 40}) {
      for (unsigned seed = 1; seed <= 20; ++seed) {
        const auto y = noisy_bands(seed, noise, bands);
        ASSERT_EQ(noise_stride(y), 1) << noise << " " << bands << " " << seed;
        EXPECT_EQ(independent_noise(y), estimate_noise(y));
      }
    }
  }
}

TEST(Noise, ThatOfNeighboursIsNotTakenForTheirDifference) {
  constexpr double noise = 0.02;
  for (unsigned seed = 1; seed <= 20; ++seed) {
    const auto y = noisy_bands(seed, noise, 6);
    const auto filled = zero_filled(y);
    EXPECT_EQ(noise_stride(filled), 2) << seed;
    EXPECT_LT(estimate_noise(filled), 0.6 * noise);
    EXPECT_NEAR(estimate_noise(filled, 2), noise, 0.2 * noise);
    for (const int times : {2, 3}) {
      const auto more = interpolated(y, times);
      EXPECT_GE(noise_stride(more), 2) << seed;
      // Together the points tell as much as those they were made of.
      const double told = independent_noise(more) / std::sqrt(static_cast<double>(times));
      EXPECT_GT(told, 0.5 * noise) << seed << " " << times;
      EXPECT_LT(told, 1.4 * noise) << seed << " " << times;
    }
  }
}

TEST(Noise, WhereItCannotBeToldNeighboursAreIndependent) {
  for (const int bands : {3, 40}) {
    const auto y = noisy_bands(1, 0, bands);
    EXPECT_EQ(noise_stride(y), 1) << bands;
  }
  EXPECT_EQ(noise_stride(std::vector<double>(500, 3.0)), 1);
  EXPECT_EQ(noise_stride(std::vector<double>(100, 0.0)), 1);
  EXPECT_EQ(noise_stride({}), 1);
  EXPECT_EQ(estimate_noise(std::vector<double>{1, 2, 1, 2, 1, 2}, 2), 0);
  EXPECT_EQ(independent_noise({}), 0);
}

}  // namespace
}  // namespace calcispec
