#include "core/chain.hpp"
#include "core/fft.hpp"
#include "tests/oracle/filters.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <cstdio>
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

std::vector<double> run_smooth_despike(const std::string& family,
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
    const double automatic = rms(run_smooth_despike("smooth", "fft", {}, data.y), data.truth);
    double best = 1e9;
    for (int k = 0; k < 41; ++k) {
      const double cutoff = 0.01 * std::pow(1.1, k);
      best = std::min(best,
                      rms(run_smooth_despike("smooth",
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

// By the definition: the row and its mirror image, transformed point by point.
TEST(FftSmoothing, MirrorAgreesWithTheDefinitionForEvenAndOddLengths) {
  for (const std::size_t n : {7U, 8U, 60U, 61U}) {
    auto y = noisy_bands(50, 7).y;
    y.resize(n);
    const auto got = run_smooth_despike("smooth",
                                        "fft",
                                        {
                                            {"cutoff", "0.07",   ""},
                                            {"edge",   "mirror", ""}
    },
                                        y);
    std::vector<double> expected(n, 0.0);
    for (std::size_t k = 0; k < n; ++k) {
      const double angle = 3.14159265358979324 * static_cast<double>(k) / static_cast<double>(n);
      double coefficient = 0;
      for (std::size_t i = 0; i < n; ++i) {
        coefficient += y[i] * std::cos(angle * (static_cast<double>(i) + 0.5));
      }
      const double ratio = 0.5 * static_cast<double>(k) / static_cast<double>(n) / 0.07;
      coefficient *= std::exp(-0.5 * std::log(2.0) * ratio * ratio) * (k == 0 ? 1 : 2) /
                     static_cast<double>(n);
      for (std::size_t i = 0; i < n; ++i) {
        expected[i] += coefficient * std::cos(angle * (static_cast<double>(i) + 0.5));
      }
    }
    for (std::size_t i = 0; i < n; ++i) {
      EXPECT_NEAR(got[i], expected[i], 1e-13) << n;
    }
  }
}

// Two filters of one length after each other: neither must see what the other left behind.
TEST(FftSmoothing, FiltersOfOneLengthDoNotMix) {
  const auto data = noisy_bands(20, 8);
  const std::vector<GivenParameter> narrow{
      {"cutoff", "0.02", ""}
  };
  const auto first = run_smooth_despike("smooth", "fft", narrow, data.y);
  const auto automatic = run_smooth_despike("smooth", "fft", {}, data.y);
  run_smooth_despike("smooth",
                     "fft",
                     {
                         {"cutoff", "0.3",   ""},
                         {"shape",  "brick", ""}
  },
                     data.y);
  EXPECT_EQ(run_smooth_despike("smooth", "fft", narrow, data.y), first);
  EXPECT_EQ(run_smooth_despike("smooth", "fft", {}, data.y), automatic);
}

TEST(FilterOracle, FiltersAgreeWithThePlainLoops) {
  for (const std::size_t n : {25U, 210U, 211U, 1000U}) {
    auto y = noisy_bands(20, 12).y;
    y.resize(n);
    EXPECT_LT(rms(run_smooth_despike("smooth", "savgol", {}, y), oracle::savgol_11_3(y)), 1e-14)
        << n;
    const auto filtered = run_smooth_despike("smooth",
                                             "fft",
                                             {
                                                 {"cutoff", "0.08", ""}
    },
                                             y);
    EXPECT_LT(rms(filtered, oracle::fft_gauss_mirror(y, 0.08)), 1e-13) << n;
  }
}

TEST(Fft, TransformsGoForthAndBack) {
  const auto data = noisy_bands(20, 4);
  auto y = data.y;
  std::vector<std::complex<double>> coefficients;
  fft_forward(y, coefficients);
  fft_inverse(coefficients, y);
  auto z = data.y;
  cosine_forward(z);
  cosine_inverse(z);
  EXPECT_LT(rms(y, data.y), 1e-14);
  EXPECT_LT(rms(z, data.y), 1e-14);
}

// Against a direct sum with the 11 weights, at lengths around the widths of registers and blocks.
TEST(SavitzkyGolay, AgreesWithTheDirectSumAtEveryLength) {
  constexpr std::array<double, 11> weights{-36, 9, 44, 69, 84, 89, 84, 69, 44, 9, -36};
  for (std::size_t n = 11; n < 90; ++n) {
    auto y = noisy_bands(20, 6).y;
    y.resize(n);
    const auto got = run_smooth_despike("smooth", "savgol", {}, y);
    for (std::size_t i = 5; i + 5 < n; ++i) {
      double sum = 0;
      for (std::size_t k = 0; k < 11; ++k) {
        sum += weights[k] / 429 * y[i + k - 5];
      }
      EXPECT_NEAR(got[i], sum, 1e-13) << n;
    }
  }
}

TEST(SavitzkyGolay, KeepsPolynomialsAndTheirDerivatives) {
  std::vector<double> y;
  y.reserve(60);
  for (int i = 0; i < 60; ++i) {
    y.push_back(2 + 3.0 * i - 0.5 * i * i + 0.01 * i * i * i);
  }
  const auto same = run_smooth_despike("smooth", "savgol", {}, y);
  const auto slope = run_smooth_despike("smooth",
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
  const auto untouched = run_smooth_despike("despike", "median", {}, with_band);
  double changed = 0;
  for (std::size_t i = 0; i < with_band.size(); ++i) {
    changed += untouched[i] != with_band[i] ? 1 : 0;
  }
  EXPECT_LE(changed, 1);
  auto spiked = with_band;
  spiked[100] += 5;
  spiked[300] += 3;
  spiked[301] += 8;
  spiked[700] += 6;
  spiked[701] += 3;
  spiked[702] += 1.5;
  const auto clean = run_smooth_despike("despike", "median", {}, spiked);
  for (const std::size_t i : {100U, 300U, 301U, 700U, 701U, 702U}) {
    EXPECT_LT(std::abs(clean[i] - with_band[i]), 0.25) << i;
  }
}

Index altered(const std::vector<double>& a, const std::vector<double>& b) {
  Index count = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    count += a[i] != b[i] ? 1 : 0;
  }
  return count;
}

// Counts of a calcite line of 2.4 points full width, as a small spectrometer recorded it: it came
// back as a straight line.
TEST(Despike, KeepsALineOfTwoPointsWithTails) {
  constexpr std::array line{2311.25,
                            2721.0,
                            2861.75,
                            3640.75,
                            6507.75,
                            10173.5,
                            16293.0,
                            30426.0,
                            62712.25,
                            64439.0,
                            25951.75,
                            5726.75,
                            3437.75,
                            2683.75,
                            2355.25,
                            2243.0};
  std::mt19937_64 random(21);
  std::normal_distribution<double> normal;
  std::vector<double> y;
  y.reserve(400);
  for (int i = 0; i < 400; ++i) {
    y.push_back(2300 + 20 * normal(random));
  }
  std::copy(line.begin(), line.end(), y.begin() + 200);
  EXPECT_EQ(run_smooth_despike("despike", "median", {}, y), y);
}

// Sharp minerals by spectrometers of 3 to 9 1/cm, wherever the line falls between the points.
TEST(Despike, KeepsSharpLinesAtEveryStepThatSamplesThemTwice) {
  std::mt19937_64 random(22);
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> anywhere(-0.5, 0.5);
  Index lines = 0;
  Index cut = 0;
  for (const double step : {0.5, 1.0, 2.0, 3.0, 4.0}) {
    for (const double natural : {2.0, 4.0, 6.0}) {
      for (const double instrument : {3.0, 6.0, 9.0}) {
        const double width = std::hypot(natural, instrument) / step;
        if (width < 1.8) {
          continue;  // no spectrometer samples its lines so coarsely
        }
        for (int k = 0; k < 40; ++k) {
          std::vector<double> y;
          const double center = 150 + anywhere(random);
          for (int i = 0; i < 300; ++i) {
            const double u = (i - center) / width;
            y.push_back(3 + std::exp(-2.7726 * u * u) + normal(random) / 100);
          }
          ++lines;
          const auto got = run_smooth_despike("despike", "median", {}, y);
          cut += altered({got.begin() + 140, got.begin() + 161},
                         {y.begin() + 140, y.begin() + 161}) > 0
                     ? 1
                     : 0;
        }
      }
    }
  }
  EXPECT_GT(lines, 1000);
  EXPECT_EQ(cut, 0);
}

TEST(Despike, TakesAllRaysOfOneAndTwoPointsOutOfASmoothSignal) {
  std::mt19937_64 random(23);
  std::normal_distribution<double> normal;
  std::uniform_real_distribution<double> height(10, 200);
  Index left = 0;
  Index good = 0;
  Index rays = 0;
  for (int k = 0; k < 300; ++k) {
    std::vector<double> y;
    for (int i = 0; i < 500; ++i) {
      const double u = (i - 250) / 40.0;
      y.push_back(100 * std::exp(-u * u) + 0.1 * i + normal(random));
    }
    const auto clean = y;
    for (std::size_t at = 40; at < 460; at += 60) {
      const double top = height(random);
      y[at] += top;
      y[at + 1] += (k % 3) * 0.5 * top;
      ++rays;
    }
    const auto got = run_smooth_despike("despike", "median", {}, y);
    for (std::size_t i = 0; i < y.size(); ++i) {
      left += got[i] - clean[i] > 6 ? 1 : 0;
      good += y[i] == clean[i] && got[i] != y[i] ? 1 : 0;
    }
  }
  EXPECT_LE(left, rays / 50);
  EXPECT_LE(good, 300 * 500 / 2000);
  std::printf("rays %td, samples left %td, good samples altered %td\n", rays, left, good);
}

TEST(Despike, NoSpreadToJudgeByIsNoDivisionByZero) {
  std::vector<double> flat(100, 4.0);
  EXPECT_EQ(run_smooth_despike("despike", "median", {}, flat), flat);
}

TEST(Normalize, MakesTheMeasureOne) {
  const auto data = noisy_bands(50, 9);
  const auto top = run_smooth_despike("normalize", "maximum", {}, data.y);
  EXPECT_DOUBLE_EQ(*std::max_element(top.begin(), top.end()), 1);
}

}  // namespace
}  // namespace calcispec
