// baseline.joint and baseline.band_mask on simulated spectra of known background; the whole sweep
// is bench/accuracy_joint_baseline_bench.cpp.
#include "models/joint_baseline.hpp"

#include "models/band_mask_baseline.hpp"
#include "tests/support/baseline_truth.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace calcispec {
namespace {

using test::BackgroundShape;
using test::BaselineTruthSettings;

// RMSE in percent of the tallest band.
double background_error(const test::BaselineTruth& truth, const std::vector<double>& background) {
  double square = 0;
  for (std::size_t i = 0; i < truth.x.size(); ++i) {
    square += std::pow(background[i] - truth.background[i], 2);
  }
  return 100 * std::sqrt(square / static_cast<double>(truth.x.size())) / truth.tallest;
}

struct Errors {
  double background = 0;  // mean RMSE in percent of the tallest band
  double carbonate = 0;   // mean signed error of the area in percent
  double phosphate = 0;
};

Errors errors_of(BaselineTruthSettings settings, std::uint64_t first_seed, int count) {
  Errors errors;
  for (int k = 0; k < count; ++k) {
    settings.seed = first_seed + static_cast<std::uint64_t>(k);
    const auto truth = make_baseline_truth(settings);
    const auto axis = Axis::make(
        truth.x, settings.is_raman ? AxisKind::raman_shift : AxisKind::wavenumber, "1/cm");
    const auto fit = models::fit_joint_baseline(
        *axis, truth.y, settings.is_raman ? Technique::raman : Technique::ftir);
    const auto error = [&](const test::WindowArea& window) {
      const double found =
          test::window_integral(truth.x, fit.bands, window.from_cm1, window.to_cm1);
      return 100 * (found / window.area - 1) / count;
    };
    errors.background += background_error(truth, fit.background) / count;
    errors.carbonate += error(truth.carbonate);
    errors.phosphate += error(truth.phosphate);
  }
  return errors;
}

void expect_small(const Errors& errors, double background) {
  EXPECT_LT(errors.background, background);
  EXPECT_LT(std::abs(errors.carbonate), 4);
  EXPECT_LT(std::abs(errors.phosphate), 3);
}

TEST(JointBaseline, FollowsBackgroundsOutsideThePolynomialFamily) {
  BaselineTruthSettings settings;
  settings.shape = BackgroundShape::random;
  settings.length_scale = 0.3;
  expect_small(errors_of(settings, 100, 12), 1);
  settings.is_raman = false;
  settings.amplitude = 0.5;
  expect_small(errors_of(settings, 100, 12), 0.7);
}

TEST(JointBaseline, BearsAnAxisThatIsOff) {
  BaselineTruthSettings settings;
  settings.shift_cm1 = 1.5;
  expect_small(errors_of(settings, 200, 12), 1);
  settings.shift_cm1 = -1.5;
  settings.is_raman = false;
  settings.shape = BackgroundShape::mie;
  settings.amplitude = 0.5;
  expect_small(errors_of(settings, 200, 12), 0.7);
}

TEST(JointBaseline, TakesEtalonRippleForBackground) {
  BaselineTruthSettings settings;
  settings.shape = BackgroundShape::hump;
  settings.ripple = 0.02;
  settings.ripple_period = 33;
  expect_small(errors_of(settings, 300, 12), 1);
}

TEST(JointBaseline, GetsBetterWithTheSignal) {
  BaselineTruthSettings settings;
  double before = 100;
  for (const double snr : {10.0, 50.0, 200.0, 1000.0}) {
    settings.snr = snr;
    const double now = errors_of(settings, 400, 8).background;
    EXPECT_LT(now, before) << snr;
    before = now;
  }
  EXPECT_LT(before, 0.2);
}

// A line of the substrate that no table knows, and points that were cut out.
TEST(JointBaseline, DoesNotLookAtHiddenRegionsAndGaps) {
  BaselineTruthSettings settings;
  settings.seed = 500;
  const auto truth = make_baseline_truth(settings);
  const auto axis = Axis::make(truth.x, AxisKind::raman_shift, "1/cm");
  auto disturbed = truth.y;
  auto gap = truth.y;
  for (std::size_t i = 0; i < disturbed.size(); ++i) {
    if (truth.x[i] >= 1130 && truth.x[i] <= 1200) {
      disturbed[i] += 20 * truth.tallest;
      gap[i] = std::nan("");
    }
  }
  const auto rmse = [&](const std::vector<double>& y, std::span<const NumberPair> hidden) {
    return background_error(
        truth, models::fit_joint_baseline(*axis, y, Technique::raman, hidden).background);
  };
  const std::vector<NumberPair> hidden{
      {1200, 1130}
  };
  const double hidden_away = rmse(disturbed, hidden);
  EXPECT_LT(hidden_away, 1);
  EXPECT_EQ(rmse(gap, {}), hidden_away);
  EXPECT_EQ(rmse(truth.y, hidden), hidden_away);
  EXPECT_GT(rmse(disturbed, {}), hidden_away);
}

TEST(JointBaseline, AnswersBadDataWithoutNumbers) {
  const auto axis = Axis::make({400, 410, 420, 430}, AxisKind::raman_shift, "1/cm");
  const std::vector<double> y{1, 2, 3, 4};
  const auto fit = models::fit_joint_baseline(*axis, y, Technique::raman);
  EXPECT_FALSE(fit.is_converged);
  EXPECT_TRUE(std::isnan(fit.background[0]));
  const std::vector<double> none(4, std::nan(""));
  EXPECT_TRUE(std::isnan(models::fit_joint_baseline(*axis, none, Technique::raman).background[0]));
}

// Mean RMSE of baseline.band_mask in percent of the tallest band.
double mask_error(BaselineTruthSettings settings, std::uint64_t first_seed, int count) {
  double mean = 0;
  for (int k = 0; k < count; ++k) {
    settings.seed = first_seed + static_cast<std::uint64_t>(k);
    const auto truth = make_baseline_truth(settings);
    const auto axis = Axis::make(
        truth.x, settings.is_raman ? AxisKind::raman_shift : AxisKind::wavenumber, "1/cm");
    const auto fit = models::fit_band_mask_baseline(
        *axis, truth.y, settings.is_raman ? Technique::raman : Technique::ftir);
    EXPECT_TRUE(fit.is_converged);
    mean += background_error(truth, fit.background) / count;
  }
  return mean;
}

TEST(BandMaskBaseline, FollowsBackgroundsOfManyShapes) {
  for (const bool is_raman : {true, false}) {
    for (const auto shape : {BackgroundShape::random, BackgroundShape::hump}) {
      BaselineTruthSettings settings;
      settings.is_raman = is_raman;
      settings.shape = shape;
      settings.length_scale = 0.3;
      settings.amplitude = is_raman ? settings.amplitude : 0.5;
      double mean = 0;
      for (const double snr : {10.0, 50.0, 200.0}) {
        settings.snr = snr;
        mean += mask_error(settings, 600, 8) / 3;
      }
      EXPECT_LT(mean, is_raman ? 2.4 : 1.6) << static_cast<int>(shape);
    }
  }
}

TEST(BandMaskBaseline, LeavesOutAForeignBandByItself) {
  BaselineTruthSettings settings;
  settings.seed = 500;
  const auto truth = make_baseline_truth(settings);
  const auto axis = Axis::make(truth.x, AxisKind::raman_shift, "1/cm");
  auto foreign = truth.y;
  for (std::size_t i = 0; i < foreign.size(); ++i) {
    const double u = (truth.x[i] - 1150) / 10;
    foreign[i] += truth.tallest * std::exp(-0.5 * u * u);
  }
  const auto plain = models::fit_band_mask_baseline(*axis, truth.y, Technique::raman).background;
  const auto got = models::fit_band_mask_baseline(*axis, foreign, Technique::raman).background;
  double square = 0;
  for (std::size_t i = 0; i < got.size(); ++i) {
    square += std::pow(got[i] - plain[i], 2);
  }
  EXPECT_LT(std::sqrt(square / static_cast<double>(got.size())), 0.01 * truth.tallest);
}

TEST(BandMaskBaseline, AnswersBadDataWithoutNumbers) {
  const auto axis = Axis::make({400, 410, 420, 430}, AxisKind::raman_shift, "1/cm");
  const std::vector<double> y{1, 2, 3, 4};
  const auto fit = models::fit_band_mask_baseline(*axis, y, Technique::raman);
  EXPECT_FALSE(fit.is_converged);
  EXPECT_TRUE(std::isnan(fit.background[0]));
}

}  // namespace
}  // namespace calcispec
