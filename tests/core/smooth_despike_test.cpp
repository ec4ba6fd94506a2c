#include "core/chain.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace calcispec {
namespace {

SpectraMatrix matrix_of(const std::vector<double>& y) {
  std::vector<double> x;
  for (std::size_t i = 0; i < y.size(); ++i) {
    x.push_back(static_cast<double>(i));
  }
  auto out = SpectraMatrix::make(Axis::make(std::move(x), AxisKind::other, "point"), 1);
  std::copy(y.begin(), y.end(), out.values.begin());
  return out;
}

std::vector<double> run(const std::string& family,
                        const std::string& method,
                        const std::vector<GivenParameter>& given,
                        const std::vector<double>& y) {
  const auto* info = find_core_method(family, method);
  const ChainStep step{family, method, ParameterSet::checked(info->parameters, given, method)};
  return run_chain(matrix_of(y), std::span(&step, 1), 1).spectra.values;
}

struct Noisy {
  std::vector<double> truth;
  std::vector<double> y;
};

Noisy noisy_bands(double snr, unsigned seed) {
  Noisy out;
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  for (int i = 0; i < 1000; ++i) {
    double y = 0;
    for (const double center : {200.0, 430.0, 460.0, 800.0}) {
      const double u = (i - center) / 6;
      y += 1 / (1 + u * u);
    }
    out.truth.push_back(y);
    out.y.push_back(y + normal(random) / snr);
  }
  return out;
}

double rms(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    sum += (a[i] - b[i]) * (a[i] - b[i]);
  }
  return std::sqrt(sum / static_cast<double>(a.size()));
}

TEST(FftSmoothing, AutomaticCutoffIsNearTheBestFixedOne) {
  for (const double snr : {10.0, 50.0, 200.0}) {
    const auto data = noisy_bands(snr, 3);
    const double automatic = rms(run("smooth", "fft", {}, data.y), data.truth);
    double best = 1e9;
    for (double cutoff = 0.01; cutoff < 0.5; cutoff *= 1.1) {
      best = std::min(best,
                      rms(run("smooth",
                              "fft",
                              {
                                  {"cutoff", number_text(cutoff), ""}
      },
                              data.y),
                          data.truth));
    }
    EXPECT_LT(automatic, 1.1 * best) << snr;
    EXPECT_LT(automatic, 0.7 / snr) << snr;
  }
}

TEST(SavitzkyGolay, KeepsPolynomialsAndTheirDerivatives) {
  std::vector<double> y;
  for (int i = 0; i < 60; ++i) {
    y.push_back(2 + 3.0 * i - 0.5 * i * i + 0.01 * i * i * i);
  }
  const auto same = run("smooth", "savgol", {}, y);
  const auto slope = run("smooth",
                         "savgol",
                         {
                             {"derivative", "1", ""}
  },
                         y);
  for (int i = 0; i < 60; ++i) {
    const auto at = static_cast<std::size_t>(i);
    EXPECT_NEAR(same[at], y[at], 1e-9);
    EXPECT_NEAR(slope[at], 3 - i + 0.03 * i * i, 1e-9);
  }
}

TEST(Despike, RemovesSpikesOfOneToThreeSamplesAndKeepsNarrowBands) {
  const auto data = noisy_bands(50, 5);
  auto with_band = data.y;
  // A line of 3 points full width, as phenylalanine in a coarse spectrum.
  for (int i = 0; i < 1000; ++i) {
    const double u = (i - 600) / 3.0;
    with_band[static_cast<std::size_t>(i)] += 2 * std::exp(-2.7726 * u * u);
  }
  const auto untouched = run("despike", "median", {}, with_band);
  double changed = 0;
  for (std::size_t i = 0; i < with_band.size(); ++i) {
    changed += untouched[i] != with_band[i] ? 1 : 0;
  }
  EXPECT_LE(changed, 1);
  auto spiked = with_band;
  spiked[100] += 5;
  spiked[300] += 3;
  spiked[301] += 8;
  spiked[700] += 2;
  spiked[701] += 6;
  spiked[702] += 2;
  const auto clean = run("despike", "median", {}, spiked);
  for (const std::size_t i : {100U, 300U, 301U, 700U, 701U, 702U}) {
    EXPECT_LT(std::abs(clean[i] - with_band[i]), 0.25) << i;
  }
}

TEST(Despike, NoSpreadToJudgeByIsNoDivisionByZero) {
  std::vector<double> flat(100, 4.0);
  EXPECT_EQ(run("despike", "median", {}, flat), flat);
}

TEST(Normalize, MakesTheMeasureOne) {
  const auto data = noisy_bands(50, 9);
  const auto top = run("normalize", "maximum", {}, data.y);
  EXPECT_DOUBLE_EQ(*std::max_element(top.begin(), top.end()), 1);
}

}  // namespace
}  // namespace calcispec
