// Amounts are made here from known fractions, responses and cross-talk; no spectra are needed.
#include "models/response_calibration.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <random>

namespace calcispec::models {
namespace {

using Numbers = std::vector<double>;

// What a laboratory does to weights; scatter is that of a response from sample to sample.
struct Laboratory {
  std::size_t phases = 4;
  double scatter = 0.05;
  double noise = 0.002;
  double cross_talk = 0.05;  // sd of an element
  std::mt19937_64 random;
  Numbers responses;
  std::vector<Numbers> read_as;

  double normal() { return std::normal_distribution<double>()(random); }

  void set_up(std::uint64_t seed) {
    random.seed(seed);
    responses.clear();
    read_as.assign(phases, Numbers(phases, 0.0));
    for (std::size_t i = 0; i < phases; ++i) {
      responses.push_back(std::exp(0.5 * normal()));
      for (std::size_t j = 0; j < phases; ++j) {
        read_as[i][j] = (i == j ? 1 : 0) + cross_talk * normal();
      }
    }
  }

  // The larger `evenness`, the nearer to equal parts.
  Numbers draw(double evenness) {
    std::gamma_distribution<double> gamma(evenness, 1);
    Numbers out;
    double sum = 0;
    for (std::size_t i = 0; i < phases; ++i) {
      out.push_back(gamma(random));
      sum += out.back();
    }
    for (double& value : out) {
      value /= sum;
    }
    return out;
  }

  Numbers measure(const Numbers& fractions) {
    Numbers out;
    for (std::size_t j = 0; j < phases; ++j) {
      double amount = 0;
      for (std::size_t i = 0; i < phases; ++i) {
        amount += fractions[i] * read_as[i][j];
      }
      amount = amount * std::exp(scatter * normal()) + noise * normal();
      out.push_back(std::max(0.0, amount * responses[j]));
    }
    return out;
  }

  std::vector<Standard> standards(std::size_t count) {
    std::vector<Standard> out;
    for (std::size_t k = 0; k < count; ++k) {
      Standard standard;
      standard.fractions = draw(2.5);
      standard.fit = fit_of(measure(standard.fractions));
      out.push_back(std::move(standard));
    }
    return out;
  }

  static MeasuredFit fit_of(const Numbers& amounts, double u = 1e-6) {
    MeasuredFit out;
    out.amounts = amounts;
    out.areas.assign(amounts.size(), 1.0);
    out.covariance.assign(amounts.size() * amounts.size(), 0.0);
    for (std::size_t i = 0; i < amounts.size(); ++i) {
      out.ids.push_back("substance_" + std::to_string(i));
      out.covariance[i * amounts.size() + i] = u * u;
    }
    return out;
  }
};

Numbers values_of(const Composition& composition) {
  Numbers out;
  for (const auto& phase : composition.phases) {
    out.push_back(phase.share.value);
  }
  return out;
}

double square_sum(const Numbers& a, const Numbers& b) {
  double out = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    out += (a[i] - b[i]) * (a[i] - b[i]);
  }
  return out;
}

// 30 % of substance 0 is read as substance 1, and nothing else is wrong.
TEST(WeightCorrection, FindsCrossTalkAndTakesItOff) {
  Laboratory laboratory;
  laboratory.cross_talk = 0;
  laboratory.scatter = 0.01;
  laboratory.set_up(3);
  laboratory.read_as[0][1] = 0.3;
  const auto standards = laboratory.standards(16);
  const auto plain = learn_response(standards).calibration;
  const auto learnt = learn_measured_response(standards);
  const auto& calibration = learnt.calibration;
  ASSERT_TRUE(calibration.correction.has_value());
  EXPECT_EQ(learnt.uncorrected_error, plain.error);
  EXPECT_LT(calibration.error, 0.7 * plain.error);
  EXPECT_LT(calibration.correction->cross_talk[1], -0.05);
  double with = 0;
  double without = 0;
  for (int k = 0; k < 50; ++k) {
    const auto truth = laboratory.draw(2.5);
    const auto fit = Laboratory::fit_of(laboratory.measure(truth));
    with += square_sum(values_of(weight_fractions(fit, calibration)), truth);
    without += square_sum(values_of(weight_fractions(fit, plain)), truth);
  }
  EXPECT_LT(std::sqrt(with), 0.6 * std::sqrt(without));
}

TEST(WeightCorrection, GoodStandardsAndFewOnesAreLeftAlone) {
  Laboratory laboratory;
  laboratory.cross_talk = 0;
  laboratory.scatter = 0.01;
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    laboratory.set_up(seed);
    const auto standards = laboratory.standards(8);
    const auto plain = learn_response(standards).calibration;
    const auto calibration = learn_measured_response(standards).calibration;
    EXPECT_FALSE(calibration.correction.has_value()) << seed;
    EXPECT_EQ(calibration.log_response, plain.log_response);
    EXPECT_EQ(calibration.error, plain.error);
  }
  laboratory.cross_talk = 0.1;
  laboratory.set_up(1);
  EXPECT_FALSE(learn_measured_response(laboratory.standards(5)).calibration.correction.has_value());
}

struct CorrectionRegime {
  const char* name;
  std::size_t phases;
  std::size_t standards;
  double scatter;
  double cross_talk;
  double evenness;       // of the samples; of the standards 2.5
  double largest_ratio;  // of the error to that without correction
};

// Where responses alone are right, learning more must cost hardly anything.
TEST(WeightCorrection, IsNotWorseWithoutCrossTalkAndBetterWithIt) {
  const std::vector<CorrectionRegime> regimes{
      {"nearly without error",           6, 8,  0.01, 0,    2.5, 1   },
      {"small scatter",                  6, 8,  0.05, 0,    2.5, 1   },
      {"scatter",                        6, 10, 0.1,  0,    2.5, 1.02},
      {"large scatter",                  6, 8,  0.2,  0,    2.5, 1.02},
      {"large scatter, samples far out", 6, 8,  0.2,  0,    0.7, 1.02},
      {"scatter, few phases",            3, 6,  0.1,  0,    2.5, 1.02},
      {"scatter, many standards",        4, 20, 0.1,  0,    2.5, 1.02},
      {"cross-talk",                     6, 10, 0.1,  0.05, 2.5, 0.95},
      {"cross-talk, many standards",     4, 20, 0.1,  0.05, 2.5, 0.95},
      {"cross-talk, samples far out",    6, 10, 0.1,  0.05, 0.7, 1.0 },
  };
  for (const auto& regime : regimes) {
    Laboratory laboratory;
    laboratory.phases = regime.phases;
    laboratory.cross_talk = regime.cross_talk;
    laboratory.scatter = regime.scatter;
    double with = 0;
    double without = 0;
    int used = 0;
    for (std::uint64_t seed = 0; seed < 40; ++seed) {
      laboratory.set_up(seed);
      const auto standards = laboratory.standards(regime.standards);
      const auto plain = learn_response(standards).calibration;
      const auto calibration = learn_measured_response(standards).calibration;
      used += calibration.correction ? 1 : 0;
      for (int k = 0; k < 20; ++k) {
        const auto truth = laboratory.draw(regime.evenness);
        const auto fit = Laboratory::fit_of(laboratory.measure(truth));
        with += square_sum(values_of(weight_fractions(fit, calibration)), truth);
        without += square_sum(values_of(weight_fractions(fit, plain)), truth);
      }
    }
    const double ratio = std::sqrt(with / without);
    std::printf("%s: %d of 40 corrected, error %.3f of that without\n", regime.name, used, ratio);
    EXPECT_LE(ratio, regime.largest_ratio) << regime.name;
  }
}

TEST(WeightCorrection, IntervalsHoldTheTruth) {
  Laboratory laboratory;
  laboratory.scatter = 0.15;
  laboratory.noise = 0.01;
  int covered = 0;
  int total = 0;
  int used = 0;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    laboratory.set_up(seed);
    const auto calibration = learn_measured_response(laboratory.standards(10)).calibration;
    used += calibration.correction ? 1 : 0;
    for (int k = 0; k < 10; ++k) {
      const auto truth = laboratory.draw(2.5);
      const auto answer =
          weight_fractions(Laboratory::fit_of(laboratory.measure(truth)), calibration);
      for (std::size_t i = 0; i < truth.size(); ++i) {
        const auto& share = answer.phases[i].share;
        covered += truth[i] >= share.lo95 && truth[i] <= share.hi95 ? 1 : 0;
        ++total;
      }
    }
  }
  std::printf("corrected %d of 60 calibrations, %.1f %% covered\n", used, 100.0 * covered / total);
  EXPECT_GE(used, 20);
  EXPECT_GE(covered, 0.90 * total);
  EXPECT_LE(covered, 0.98 * total);
}

// Equal responses, no cross-talk, an error of 3 % about standards of 10 % spread.
ResponseCalibration prior_alone() {
  ResponseCalibration out;
  out.phases = {"substance_0", "substance_1", "substance_2", "substance_3"};
  out.log_response.assign(4, 0.0);
  out.covariance.assign(16, 0.0);
  out.lowest.assign(4, 0.0);
  out.highest.assign(4, 1.0);
  out.error = 0.03;
  out.freedom = 21;
  WeightCorrection correction;
  correction.cross_talk.assign(16, 0.0);
  correction.cross_talk_covariance.assign(16, 0.0);
  correction.constant_variance = 9e-4;
  correction.phase_factor.assign(4, 1.0);
  correction.mean.assign(4, 0.25);
  correction.variance.assign(4, 0.01);
  out.correction = correction;
  return out;
}

TEST(WeightCorrection, TheFartherASampleLiesTheLessItIsDrawn) {
  const auto calibration = prior_alone();
  double last = 1;
  for (const double away : {0.05, 0.2, 0.4, 0.6, 0.75}) {
    const double rest = (0.75 - away) / 3;
    const auto answer =
        weight_fractions(Laboratory::fit_of({0.25 + away, rest, rest, rest}), calibration);
    const double drawn = (0.25 + away - answer.phases[0].share.value) / away;
    EXPECT_GT(drawn, 0);
    EXPECT_LT(drawn, last);
    last = drawn;
  }
  EXPECT_LT(last, 0.005);
}

TEST(WeightCorrection, PureSubstancesStayPure) {
  Laboratory laboratory;
  laboratory.phases = 6;
  laboratory.scatter = 0.1;
  double largest = 0;
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    laboratory.set_up(seed);
    const auto calibration = learn_measured_response(laboratory.standards(10)).calibration;
    for (std::size_t i = 0; i < laboratory.phases; ++i) {
      Numbers amounts(laboratory.phases, 0.0);
      amounts[i] = 1;
      const auto answer = weight_fractions(Laboratory::fit_of(amounts), calibration);
      largest = std::max(largest, 1 - answer.phases[i].share.value);
      EXPECT_EQ(answer.phases[i].share.hi95, 1);
    }
  }
  std::printf("a pure substance loses at most %.3f\n", largest);
  EXPECT_LT(largest, 0.02);
}

TEST(WeightCorrection, OrderOfTheReferencesAndNoiseOfTheSpectrum) {
  Laboratory laboratory;
  laboratory.set_up(2);
  const auto calibration = learn_measured_response(laboratory.standards(12)).calibration;
  ASSERT_TRUE(calibration.correction.has_value());
  const auto fit = Laboratory::fit_of(laboratory.measure({0.4, 0.3, 0.2, 0.1}));
  const auto plain = weight_fractions(fit, calibration);
  double sum = 0;
  for (const auto& phase : plain.phases) {
    sum += phase.share.value;
  }
  EXPECT_NEAR(sum, 1, 1e-12);
  auto swapped = fit;
  std::swap(swapped.ids[0], swapped.ids[2]);
  std::swap(swapped.amounts[0], swapped.amounts[2]);
  const auto other = weight_fractions(swapped, calibration);
  EXPECT_NEAR(other.phases[0].share.value, plain.phases[2].share.value, 1e-12);
  EXPECT_NEAR(other.phases[2].share.hi95, plain.phases[0].share.hi95, 1e-12);
  const auto noisy = weight_fractions(Laboratory::fit_of(fit.amounts, 0.05), calibration);
  for (std::size_t i = 0; i < 4; ++i) {
    EXPECT_GT(noisy.phases[i].share.u, 1.2 * plain.phases[i].share.u);
  }
}

}  // namespace
}  // namespace calcispec::models
