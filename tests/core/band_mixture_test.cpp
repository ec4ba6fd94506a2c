#include "core/band_mixture.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <random>
#include <span>

namespace calcispec {
namespace {

struct BandMixtureData {
  std::vector<double> x;
  std::vector<double> y;
  std::vector<double> sigma;
};

// Three bands, shifted by `shift` and widened, on a curved background; no noise, so that every
// deviation is the solver's.
BandMixtureData make_data_band_mixture(double shift, double widening) {
  BandMixtureData data;
  for (int i = 0; i < 700; ++i) {
    const double x = 400 + 2.0 * i;
    const double t = (x - 400) / 1400;
    data.x.push_back(x);
    data.y.push_back(10 * pseudo_voigt(x, 960 + shift, 14 * widening, 0.6) +
                     2 * pseudo_voigt(x, 1071 + shift, 20 * widening, 0.6) +
                     3 * pseudo_voigt(x, 590 + shift, 18 * widening, 0.6) + 5 + 4 * t - 6 * t * t);
    data.sigma.push_back(0.02);
  }
  return data;
}

std::vector<MixtureBand> make_bands(Index group) {
  std::vector<MixtureBand> bands(3);
  const double centers[] = {960, 1071, 590};
  const double widths[] = {14, 20, 18};
  const double heights[] = {1, 0.2, 0.3};
  for (std::size_t i = 0; i < std::size(centers); ++i) {
    bands[i].center = centers[i];
    bands[i].fwhm = widths[i];
    bands[i].lorentz_share = 0.6;
    bands[i].center_sd = 1;
    bands[i].log_fwhm_sd = 0.15;
    bands[i].group = group;
    bands[i].relative_height = heights[i];
    bands[i].log_height_sd = group < 0 ? 0 : 0.4;
  }
  return bands;
}

TEST(BandMixture, FindsShiftedAndWidenedBands) {
  const BandMixtureData data = make_data_band_mixture(2.2, 1.15);
  const auto bands = make_bands(-1);
  const auto result = fit_band_mixture(data.x, data.y, data.sigma, bands, 0, {});
  ASSERT_EQ(result.status, MixtureStatus::converged);
  EXPECT_NEAR(result.bands[0].height, 10, 0.05);
  EXPECT_NEAR(result.bands[1].height, 2, 0.05);
  EXPECT_NEAR(result.bands[0].center, 962.2, 0.05);
  EXPECT_NEAR(result.bands[0].fwhm, 14 * 1.15, 0.1);
  // Three bands share the shift with a common axis error of equal prior width: 3/4 of it is common.
  EXPECT_NEAR(result.shift, 0.75 * 2.2, 0.1);
}

TEST(BandMixture, AreaIsThatOfTheBand) {
  const BandMixtureData data = make_data_band_mixture(0, 1);
  const auto bands = make_bands(0);
  const auto result = fit_band_mixture(data.x, data.y, data.sigma, bands, 1, {});
  const double expected = 2 * pseudo_voigt_area(20, 0.6);
  EXPECT_NEAR(result.bands[1].area, expected, 0.02 * expected);
  EXPECT_NEAR(result.amounts[0], 10, 0.2);
}

TEST(BandMixture, FindsCommonSkewAndLorentzShare) {
  BandMixtureData data = make_data_band_mixture(0, 1);
  auto bands = make_bands(-1);
  std::vector<double> skewed(data.x.size(), 0.0);
  for (auto band : bands) {
    band.skew = 0.3;
    band.lorentz_share = 0.8;
    add_pseudo_voigt(data.x, band, 10 * band.relative_height, skewed);
  }
  for (std::size_t i = 0; i < data.x.size(); ++i) {
    const double t = (data.x[i] - 400) / 1400;
    data.y[i] = skewed[i] + 5 + 4 * t - 6 * t * t;
  }
  BandMixtureOptions options;
  options.lorentz_share_sd = 0.25;
  options.skew_sd = 0.25;
  options.iterations = 12;
  const auto result = fit_band_mixture(data.x, data.y, data.sigma, bands, 0, options);
  EXPECT_NEAR(result.skew, 0.3, 0.01);
  EXPECT_NEAR(result.bands[0].lorentz_share, 0.8, 0.02);
  // The area is that of both halves together, as for a band without skew.
  const double expected = 10 * pseudo_voigt_area(14, 0.8);
  EXPECT_NEAR(result.bands[0].area, expected, 0.01 * expected);
}

TEST(BandMixture, MissingBandOfAGroupIsSeenAsMissing) {
  BandMixtureData data = make_data_band_mixture(0, 1);
  for (std::size_t i = 0; i < data.x.size(); ++i) {
    data.y[i] -= 3 * pseudo_voigt(data.x[i], 590, 18, 0.6);
  }
  const auto bands = make_bands(0);
  const auto result = fit_band_mixture(data.x, data.y, data.sigma, bands, 1, {});
  const auto& missing = result.bands[2];
  EXPECT_LT(missing.own_height, 2.33 * missing.own_height_u);
  EXPECT_GT(result.amounts[0] * 0.3, 3 * missing.own_height_u);
}

// The same data with normal noise of the stated size.
BandMixtureData make_noisy(unsigned seed) {
  BandMixtureData data = make_data_band_mixture(0.7, 1.1);
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal(0, 0.1);
  for (std::size_t i = 0; i < data.y.size(); ++i) {
    data.y[i] += normal(random);
    data.sigma[i] = 0.1;
  }
  return data;
}

std::vector<MixtureBand> make_free_bands() {
  auto bands = make_bands(-1);
  for (auto& band : bands) {
    band.center_sd = 2;
    band.log_fwhm_sd = 0.3;
    band.lorentz_share = 0.5;
    band.lorentz_share_sd = 0.15;
  }
  return bands;
}

// Positions, widths and shares are drawn as the priors say: only then can the stated uncertainty be
// that of the answers.
TEST(BandMixture, AreasAreAsUncertainAsStated) {
  auto bands = make_free_bands();
  for (auto& band : bands) {
    band.log_fwhm_sd = 0.15;
    band.lorentz_share_sd = 0.1;
  }
  BandMixtureOptions options;
  options.shift_sd = 0;
  options.stretch_sd = 0;
  options.scans_shift = false;
  options.background.knot_spacing = 230;
  const double heights[] = {10, 2, 3};
  constexpr unsigned spectra = 200;
  int covered = 0;
  double squares = 0;
  for (unsigned seed = 0; seed < spectra; ++seed) {
    std::mt19937_64 random(seed);
    std::normal_distribution<double> normal;
    BandMixtureData data = make_data_band_mixture(0, 1);
    for (std::size_t i = 0; i < data.x.size(); ++i) {
      const double t = (data.x[i] - 400) / 1400;
      data.y[i] = 5 + 4 * t - 6 * t * t + 0.1 * normal(random);
      data.sigma[i] = 0.1;
    }
    auto truth = bands;
    for (std::size_t b = 0; b < std::size(heights); ++b) {
      truth[b].center += truth[b].center_sd * normal(random);
      truth[b].fwhm *= std::exp(truth[b].log_fwhm_sd * normal(random));
      truth[b].lorentz_share += truth[b].lorentz_share_sd * normal(random);
      add_pseudo_voigt(data.x, truth[b], heights[b], data.y);
    }
    const auto result = fit_band_mixture(data.x, data.y, data.sigma, bands, 0, options);
    for (std::size_t b = 0; b < std::size(heights); ++b) {
      const double area = heights[b] * pseudo_voigt_area(truth[b].fwhm, truth[b].lorentz_share);
      const double z = (result.bands[b].area - area) / result.bands[b].area_u;
      covered += std::abs(z) < 1.96 ? 1 : 0;
      squares += z * z;
    }
  }
  std::printf("areas covered by 95 %% intervals: %.3f, mean square %.2f\n",
              covered / (3.0 * spectra),
              squares / (3.0 * spectra));
  // 600 areas: four standard deviations of the count.
  EXPECT_NEAR(covered / (3.0 * spectra), 0.95, 0.035);
  EXPECT_NEAR(squares / (3.0 * spectra), 1, 0.25);
}

// Four bands of one group, all 1.3 times as wide as expected; the last lies beneath the band of
// another group that is as wide as expected.
TEST(BandMixture, CommonWidthOfAGroupIsFoundAndUsed) {
  const double centers[] = {500, 650, 800, 950, 960};
  const double widths[] = {20, 24, 18, 22, 40};
  std::vector<MixtureBand> bands(std::size(centers));
  BandMixtureData data;
  for (int i = 0; i < 700; ++i) {
    data.x.push_back(400 + i);
    data.sigma.push_back(0.01);
    data.y.push_back(2 + 0.01 * std::sin(1.7 * i));
  }
  for (std::size_t b = 0; b < bands.size(); ++b) {
    bands[b].center = centers[b];
    bands[b].fwhm = widths[b];
    bands[b].lorentz_share = 0.5;
    bands[b].center_sd = 1;
    bands[b].log_fwhm_sd = 0.08;
    bands[b].group = b < 4 ? 0 : 1;
    bands[b].log_height_sd = 0.5;
    auto truth = bands[b];
    truth.fwhm *= b < 4 ? 1.3 : 1;
    add_pseudo_voigt(data.x, truth, b < 4 ? 1 : 5, data.y);
  }
  BandMixtureOptions options;
  options.iterations = 20;
  const auto alone = fit_band_mixture(data.x, data.y, data.sigma, bands, 2, options);
  options.group_log_fwhm_sd = 0.25;
  const auto common = fit_band_mixture(data.x, data.y, data.sigma, bands, 2, options);
  ASSERT_EQ(common.status, MixtureStatus::converged);
  EXPECT_NEAR(common.group_log_width[0], std::log(1.3), 0.06);
  EXPECT_NEAR(common.group_log_width[1], 0, 0.06);
  const double area = 1.3 * pseudo_voigt_area(22, 0.5);
  std::printf("hidden area %.2f: %.2f +- %.2f alone, %.2f +- %.2f with a common width\n",
              area,
              alone.bands[3].area,
              alone.bands[3].area_u,
              common.bands[3].area,
              common.bands[3].area_u);
  EXPECT_LT(std::abs(common.bands[3].area - area), 0.5 * std::abs(alone.bands[3].area - area));
  EXPECT_LT(std::abs(common.bands[3].area - area), 2 * common.bands[3].area_u);
  bands[0].width_lever = bands[1].width_lever = bands[2].width_lever = bands[3].width_lever = 0;
  const auto unlevered = fit_band_mixture(data.x, data.y, data.sigma, bands, 2, options);
  EXPECT_EQ(unlevered.group_log_width[0], 0);
}

// The second of two bands that overlap is not there: where its height ends at 0, the first has all
// of the area, and its uncertainty must say that the second might have had some.
TEST(BandMixture, AHeightAtZeroLeavesItsNeighbourUncertain) {
  std::vector<MixtureBand> bands(2);
  BandMixtureData data;
  for (int i = 0; i < 120; ++i) {
    data.x.push_back(1000 + i);
    data.sigma.push_back(0.05);
  }
  for (std::size_t b = 0; b < 2; ++b) {
    bands[b].center = b == 0 ? 1058 : 1064;
    bands[b].fwhm = 15;
    bands[b].lorentz_share = 0.5;
  }
  std::mt19937_64 random(11);
  std::normal_distribution<double> normal;
  BandMixtureOptions options;
  options.shift_sd = 0;
  options.stretch_sd = 0;
  options.scans_shift = false;
  options.background.is_present = false;
  int at_zero = 0;
  double growth = 0;  // of the uncertainty, against a fit of the first band alone
  for (int k = 0; k < 100; ++k) {
    data.y.assign(data.x.size(), 0.0);
    add_pseudo_voigt(data.x, bands[0], 1, data.y);
    for (double& y : data.y) {
      y += 0.05 * normal(random);
    }
    const auto both = fit_band_mixture(data.x, data.y, data.sigma, bands, 0, options);
    if (both.bands[1].height > 0) {
      continue;
    }
    const auto alone =
        fit_band_mixture(data.x, data.y, data.sigma, std::span(bands).first(1), 0, options);
    EXPECT_NEAR(both.bands[0].height, alone.bands[0].height, 1e-9);
    EXPECT_GE(both.bands[0].area_u, alone.bands[0].area_u);
    growth += both.bands[0].area_u / alone.bands[0].area_u;
    ++at_zero;
  }
  ASSERT_GT(at_zero, 20);
  std::printf("at zero in %d of 100, uncertainty %.2f times that of one band alone\n",
              at_zero,
              growth / at_zero);
  EXPECT_GT(growth / at_zero, 1.2);
}

TEST(BandMixture, FindsTheLorentzShare) {
  const BandMixtureData data = make_data_band_mixture(0.5, 1.1);
  const auto result = fit_band_mixture(data.x, data.y, data.sigma, make_free_bands(), 0, {});
  EXPECT_NEAR(result.bands[0].lorentz_share, 0.6, 0.02);
  EXPECT_NEAR(result.bands[0].fwhm, 14 * 1.1, 0.05);
}

TEST(BandMixture, PrunesBandsTheDataDoNotAskFor) {
  const BandMixtureData data = make_noisy(7);
  auto bands = make_free_bands();
  for (const double at : {700.0, 1064.0, 1080.0, 1300.0}) {
    auto extra = bands[1];
    extra.center = at;
    bands.push_back(extra);
  }
  BandMixtureOptions options;
  options.prune_sigmas = 2.5;
  const auto result = fit_band_mixture(data.x, data.y, data.sigma, bands, 0, options);
  EXPECT_EQ(result.bands[3].height, 0);
  EXPECT_GT(result.bands[3].height_u, 0);
  EXPECT_EQ(result.bands[6].height, 0);
  // The three at 1071 stand for one.
  const double sum = result.bands[1].area + result.bands[4].area + result.bands[5].area;
  EXPECT_NEAR(sum, 2 * pseudo_voigt_area(22, 0.6), 3);
}

TEST(BandMixture, SameSpectrumGivesTheSameBits) {
  const auto bands = make_free_bands();
  const BandMixtureData data = make_noisy(11);
  BandMixtureOptions options;
  options.seeks_ripple = true;
  options.prune_sigmas = 2;
  const auto first = fit_band_mixture(data.x, data.y, data.sigma, bands, 0, options);
  for (unsigned seed = 20; seed < 24; ++seed) {
    // Other sizes in between leave other memory behind.
    BandMixtureData other = make_noisy(seed);
    other.x.resize(300 + 37 * seed % 200);
    other.y.resize(other.x.size());
    other.sigma.resize(other.x.size());
    fit_band_mixture(other.x, other.y, other.sigma, bands, 0, options);
    const auto again = fit_band_mixture(data.x, data.y, data.sigma, bands, 0, options);
    EXPECT_EQ(again.background, first.background);
    EXPECT_EQ(again.fitted, first.fitted);
    EXPECT_EQ(again.area_covariance, first.area_covariance);
  }
}

TEST(BandMixture, AnswersNonFiniteDataWithAStatus) {
  BandMixtureData data = make_data_band_mixture(0, 1);
  data.y[5] = std::nan("");
  const auto result = fit_band_mixture(data.x, data.y, data.sigma, make_bands(0), 1, {});
  EXPECT_EQ(result.status, MixtureStatus::not_finite);
  EXPECT_EQ(result.amounts.size(), 1U);
  EXPECT_EQ(result.background.size(), data.x.size());
}

TEST(BandMixture, PseudoVoigtAreaMatchesItsIntegral) {
  double sum = 0;
  for (int i = -400000; i <= 400000; ++i) {
    sum += pseudo_voigt(0.05 * i, 0, 10, 0.3) * 0.05;
  }
  // The Lorentzian wings beyond 20000 widths hold 2e-4 of the area.
  EXPECT_NEAR(sum, pseudo_voigt_area(10, 0.3), 3e-4 * sum);
}

}  // namespace
}  // namespace calcispec
