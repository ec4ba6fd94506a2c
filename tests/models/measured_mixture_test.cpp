// Spectra made here from bands of our own; nothing of the code under test makes its own input.
#include "models/measured_mixture.hpp"

#include "core/error.hpp"
#include "models/response_calibration.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>

namespace calcispec::models {
namespace {

struct MeasuredMixtureLine {
  double position;
  double width;
  double height;
};

const std::vector<MeasuredMixtureLine> first{
    {480,  12, 300 },
    {961,  14, 1000},
    {1045, 20, 200 }
};
const std::vector<MeasuredMixtureLine> second{
    {712,  8,  150},
    {1086, 7,  900},
    {1436, 12, 80 }
};
const std::vector<MeasuredMixtureLine> third{
    {620,  10, 250 },
    {896,  9,  400 },
    {1003, 16, 150 },
    {1463, 9,  1000}
};
const std::vector substances{first, second, third};

AxisPtr make_axis(double from, double step, int points) {
  std::vector<double> x;
  x.reserve(static_cast<std::size_t>(points));
  for (int i = 0; i < points; ++i) {
    x.push_back(from + step * i);
  }
  return Axis::make(std::move(x), AxisKind::raman_shift, "1/cm");
}

void add_lines(const Axis& axis,
               const std::vector<MeasuredMixtureLine>& lines,
               double factor,
               double shift,
               std::vector<double>& y) {
  for (std::size_t i = 0; i < y.size(); ++i) {
    for (const auto& line : lines) {
      const double u = 2 * (axis.values()[i] - line.position - shift) / line.width;
      y[i] += factor * line.height / (1 + u * u);
    }
  }
}

MeasuredLibrary make_library(const AxisPtr& axis) {
  MeasuredLibrary library;
  library.sha256 = "of the test";
  for (std::size_t s = 0; s < substances.size(); ++s) {
    MeasuredReference reference;
    reference.id = std::string("substance_") + std::to_string(s);
    reference.technique = Technique::raman;
    reference.mode = SamplingMode::none;
    reference.axis = axis;
    reference.y.assign(static_cast<std::size_t>(axis->size()), 50.0);
    add_lines(*axis, substances[s], 1, 0, reference.y);
    library.references.push_back(std::move(reference));
  }
  return library;
}

struct Mixture {
  AxisPtr axis;
  std::vector<double> y;

  [[nodiscard]] CompositionInput input(Technique technique = Technique::raman) const {
    return {*axis, y, technique, SamplingMode::none};
  }
};

// On another axis than the references, over fluorescence.
Mixture make_mixture(const std::vector<double>& amounts,
                     double noise,
                     double shift = 0,
                     std::uint64_t seed = 1) {
  Mixture out;
  out.axis = make_axis(390, 1.3, 1000);
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal(0, noise);
  for (const double x : out.axis->values()) {
    out.y.push_back(800 + 600 * std::exp(-std::pow((x - 1100) / 600, 2)) + normal(random));
  }
  for (std::size_t s = 0; s < amounts.size(); ++s) {
    add_lines(*out.axis, substances[s], amounts[s], shift, out.y);
  }
  return out;
}

TEST(MeasuredMixture, FindsAmountsOverFluorescenceOnAnotherAxis) {
  const auto library = make_library(make_axis(350, 1.1, 1300));
  const auto mixture = make_mixture({0.6, 0.1, 0.3}, 2);
  const auto fit = fit_measured(mixture.input(), library, {});
  ASSERT_EQ(fit.reason, "");
  EXPECT_NEAR(fit.amounts[0], 0.6, 0.01);
  EXPECT_NEAR(fit.amounts[1], 0.1, 0.01);
  EXPECT_NEAR(fit.amounts[2], 0.3, 0.01);
  EXPECT_TRUE(fit.unexplained.empty());
}

TEST(MeasuredMixture, FindsAnAxisErrorAndRefusesALargeOne) {
  const auto library = make_library(make_axis(350, 1.1, 1300));
  const auto small = fit_measured(make_mixture({0.6, 0.1, 0.3}, 2, 1.5).input(), library, {});
  EXPECT_NEAR(small.axis.shift_cm1, 1.5, 0.1);
  EXPECT_NEAR(small.amounts[0], 0.6, 0.02);
  const auto large = fit_measured(make_mixture({0.6, 0.1, 0.3}, 2, 4.2).input(), library, {});
  EXPECT_NE(large.reason.find("axis"), std::string::npos);
}

TEST(MeasuredMixture, ShowsABandThatNoReferenceHas) {
  const auto library = make_library(make_axis(350, 1.1, 1300));
  auto mixture = make_mixture({0.6, 0.1, 0.3}, 2);
  add_lines(*mixture.axis,
            {
                {1250, 14, 120}
  },
            1,
            0,
            mixture.y);
  const auto fit = fit_measured(mixture.input(), library, {});
  ASSERT_FALSE(fit.unexplained.empty());
  EXPECT_NEAR(fit.unexplained[0].position_cm1, 1250, 3);
}

TEST(MeasuredMixture, PoorInputGivesReasons) {
  const auto library = make_library(make_axis(350, 1.1, 1300));
  const auto mixture = make_mixture({0.6, 0.1, 0.3}, 2);
  EXPECT_NE(fit_measured(mixture.input(Technique::ftir), library, {}).reason, "");
  CompositionOptions narrow;
  narrow.range_cm1 = {1000.0, 1010.0};
  EXPECT_NE(fit_measured(mixture.input(), library, narrow).reason, "");
  auto flat = mixture;
  std::fill(flat.y.begin(), flat.y.end(), 7.0);
  EXPECT_NE(shares_of(fit_measured(flat.input(), library, {})).total.status, EstimateStatus::ok);
}

// Amounts in a spectrum are weight fraction times response.
const std::vector<double> responses{1.6, 0.5, 1.1};

std::vector<double> draw_fractions(std::mt19937_64& random) {
  std::vector<double> out;
  double sum = 0;
  for (std::size_t s = 0; s < substances.size(); ++s) {
    out.push_back(0.05 + std::uniform_real_distribution<double>()(random));
    sum += out.back();
  }
  for (double& value : out) {
    value /= sum;
  }
  return out;
}

// Grains make the amounts scatter by 6 %, and the laser power by 50 %.
Mixture weigh(const std::vector<double>& fractions, std::mt19937_64& random) {
  std::normal_distribution<double> normal;
  const double power = std::exp(0.5 * normal(random));
  std::vector<double> amounts;
  for (std::size_t s = 0; s < fractions.size(); ++s) {
    amounts.push_back(power * fractions[s] * responses[s] * std::exp(0.06 * normal(random)));
  }
  return make_mixture(amounts, 2, 0, random());
}

std::vector<Standard> make_standards(const MeasuredLibrary& library,
                                     int count,
                                     std::mt19937_64& random) {
  std::vector<Standard> out;
  for (int k = 0; k < count; ++k) {
    Standard standard;
    standard.file = "standard " + std::to_string(k);
    standard.fractions = draw_fractions(random);
    standard.fit = fit_measured(weigh(standard.fractions, random).input(), library, {});
    out.push_back(std::move(standard));
  }
  return out;
}

TEST(ResponseCalibration, LearnsTheResponses) {
  const auto library = make_library(make_axis(350, 1.1, 1300));
  std::mt19937_64 random(4);
  const auto learnt = learn_response(make_standards(library, 12, random)).calibration;
  const double offset = std::log(responses[0]) - learnt.log_response[0];
  for (std::size_t s = 0; s < 3; ++s) {
    EXPECT_NEAR(learnt.log_response[s] + offset, std::log(responses[s]), 0.12);
  }
  EXPECT_LT(learnt.error, 0.04);
}

TEST(ResponseCalibration, IntervalsOfNewSamplesHoldTheTruth) {
  const auto library = make_library(make_axis(350, 1.1, 1300));
  int covered = 0;
  int total = 0;
  double width = 0;
  for (std::uint64_t seed = 0; seed < 12; ++seed) {
    std::mt19937_64 random(seed);
    const auto calibration = learn_response(make_standards(library, 8, random)).calibration;
    for (int k = 0; k < 6; ++k) {
      const auto truth = draw_fractions(random);
      const auto fit = fit_measured(weigh(truth, random).input(), library, {});
      const auto answer = weight_fractions(fit, calibration);
      ASSERT_EQ(answer.total.status, EstimateStatus::ok);
      EXPECT_EQ(answer.basis, CompositionBasis::weight_fraction);
      for (std::size_t s = 0; s < truth.size(); ++s) {
        const auto& share = answer.phases[s].share;
        covered += truth[s] >= share.lo95 && truth[s] <= share.hi95 ? 1 : 0;
        width += share.hi95 - share.lo95;
        ++total;
      }
    }
  }
  std::printf("weight fractions covered %.1f %%, mean width %.3f\n",
              100.0 * covered / total,
              width / total);
  EXPECT_GE(covered, 0.90 * total);
  EXPECT_LE(covered, 0.995 * total);
}

TEST(ResponseCalibration, RefusesWhatItCannotLearnOrDoesNotKnow) {
  const auto library = make_library(make_axis(350, 1.1, 1300));
  std::mt19937_64 random(4);
  auto standards = make_standards(library, 4, random);
  EXPECT_THROW(static_cast<void>(learn_response(std::span(standards).first(2))), Error);
  const auto calibration = learn_response(standards).calibration;
  auto smaller = library;
  smaller.references.pop_back();
  const auto fit = fit_measured(make_mixture({0.5, 0.5, 0}, 2).input(), smaller, {});
  EXPECT_EQ(weight_fractions(fit, calibration).total.status, EstimateStatus::not_determinable);
  for (auto& standard : standards) {
    standard.fractions = {0.5, 0.5, 0};
  }
  EXPECT_THROW(static_cast<void>(learn_response(standards)), Error);
}

// Identity end to end: the same references in another order give the same answer by name.
TEST(ResponseCalibration, SwappedReferencesKeepTheirNames) {
  const auto library = make_library(make_axis(350, 1.1, 1300));
  std::mt19937_64 random(4);
  const auto calibration = learn_response(make_standards(library, 8, random)).calibration;
  const auto mixture = weigh({0.7, 0.2, 0.1}, random);
  const auto plain = weight_fractions(fit_measured(mixture.input(), library, {}), calibration);
  auto swapped = library;
  std::swap(swapped.references[0], swapped.references[2]);
  const auto other = weight_fractions(fit_measured(mixture.input(), swapped, {}), calibration);
  EXPECT_EQ(other.phases[2].phase, "substance_0");
  EXPECT_NEAR(other.phases[2].share.value, plain.phases[0].share.value, 1e-6);
  EXPECT_NEAR(plain.phases[0].share.value, 0.7, 0.1);
}

}  // namespace
}  // namespace calcispec::models
