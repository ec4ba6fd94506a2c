// Shares and residual checks of band fits: against repeated simulation and by hand.
#include "core/fit_diagnostics.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <random>
#include <vector>

namespace calcispec {
namespace {

struct Truth {
  std::vector<double> x;
  std::vector<double> y;  // without noise
};

// Two overlapping bands on a sloping background.
Truth two_bands_fit_diagnostics() {
  Truth out;
  for (int i = 0; i < 160; ++i) {
    const double x = 900 + i;
    const auto gauss = [x](double center, double fwhm, double height) {
      const double u = (x - center) / fwhm;
      return height * std::exp(-2.772588722239781 * u * u);
    };
    out.x.push_back(x);
    out.y.push_back(5 + 0.02 * x + gauss(970, 18, 100) + gauss(992, 22, 40));
  }
  return out;
}

BandModel two_band_model() {
  const auto& gauss = *find_band_shape("gauss");
  BandModel model;
  model.bands = {Band::make("one", gauss), Band::make("two", gauss)};
  // Ranges, for two bands of one shape may change places.
  model.bands[0].parameter("center") = {.start = 968, .lower = 960, .upper = 980};
  model.bands[1].parameter("center") = {.start = 995, .lower = 982, .upper = 1002};
  return model;
}

std::vector<double> with_noise(const std::vector<double>& y, double sigma, unsigned seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal(0, sigma);
  auto out = y;
  for (double& value : out) {
    value += normal(random);
  }
  return out;
}

TEST(BandExtras, SharesAddUpAndTheirErrorsAreTheScatterOfRepeats) {
  const auto truth = two_bands_fit_diagnostics();
  const auto model = two_band_model();
  const double sigma = 2;
  const int repeats = 300;
  double sum = 0;
  double squares = 0;
  double stated = 0;
  for (int k = 0; k < repeats; ++k) {
    const auto y = with_noise(truth.y, sigma, 100U + static_cast<unsigned>(k));
    const auto result = fit_bands(model, truth.x, y, {&sigma, 1});
    const auto extras = band_extras(model, result);
    ASSERT_EQ(extras.size(), 2U);
    EXPECT_NEAR(extras[0].area_share.value + extras[1].area_share.value, 1, 1e-12);
    EXPECT_NEAR(extras[0].area_share.standard_error, extras[1].area_share.standard_error, 1e-9);
    sum += extras[0].area_share.value;
    squares += extras[0].area_share.value * extras[0].area_share.value;
    stated += extras[0].area_share.standard_error;
  }
  const double mean = sum / repeats;
  const double scatter = std::sqrt(squares / repeats - mean * mean);
  // A scatter from 300 repeats is known to 4 %; three of that, and first order in the errors.
  EXPECT_NEAR(stated / repeats / scatter, 1, 0.15);
  EXPECT_NEAR(mean, 1800.0 / (1800 + 880), 3 * scatter / std::sqrt(repeats));
}

TEST(BandExtras, TiedAndSingleBandsKnowTheirShares) {
  const auto truth = two_bands_fit_diagnostics();
  auto model = two_band_model();
  model.bands[1].parameter("height").tie = {0, 0, 0.4, 0};
  model.bands[1].parameter("fwhm").tie = {0, 2, 22.0 / 18.0, 0};
  const double sigma = 2;
  const auto y = with_noise(truth.y, sigma, 7);
  const auto tied = fit_bands(model, truth.x, y, {&sigma, 1});
  const auto extras = band_extras(model, tied);
  // Height and width move together, so the share cannot move at all.
  EXPECT_NEAR(extras[0].area_share.value, 1800.0 / (1800 + 880), 1e-12);
  EXPECT_EQ(extras[0].area_share.reason, NoErrorReason::fixed);
  model.bands.pop_back();
  const auto single = fit_bands(model, truth.x, y, {&sigma, 1});
  const auto own = band_extras(model, single);
  EXPECT_EQ(own[0].area_share.value, 1);
  EXPECT_EQ(own[0].area_share.reason, NoErrorReason::fixed);
  EXPECT_EQ(own[0].asymmetry.value, 0);
}

TEST(BandExtras, WithoutCovarianceOrFitThereIsAReason) {
  const auto truth = two_bands_fit_diagnostics();
  const auto model = two_band_model();
  const double sigma = 2;
  FitOptions options;
  options.wants_covariance = false;
  const auto plain = fit_bands(model, truth.x, truth.y, {&sigma, 1}, options);
  const auto extras = band_extras(model, plain);
  EXPECT_NEAR(extras[0].area_share.value, 0.67, 0.01);
  EXPECT_EQ(extras[0].area_share.reason, NoErrorReason::not_requested);
  EXPECT_TRUE(std::isnan(extras[0].area_share.standard_error));
  const std::vector<double> nothing(truth.x.size(), std::nan(""));
  const auto failed = fit_bands(model, truth.x, nothing, {&sigma, 1});
  EXPECT_TRUE(std::isnan(band_extras(model, failed)[0].area_share.value));
  EXPECT_TRUE(std::isnan(check_residual(model, failed, truth.x, nothing, {&sigma, 1}).largest));
}

TEST(BandExtras, AsymmetryOfAnAsymmetricShapeHasItsSign) {
  const auto* split = find_band_shape("split_gauss");
  if (split == nullptr) {
    GTEST_SKIP() << "no asymmetric shape in the table";
  }
  BandModel model;
  model.bands = {Band::make("one", *split)};
  FitResult result;
  auto& fitted = result.bands.emplace_back();
  std::vector<double> parameters;
  for (const auto& info : split->parameters) {
    const bool is_right = info.name.find("right") != std::string_view::npos;
    parameters.push_back(info.name == "center" ? 950 : is_right ? 30 : 10);
  }
  for (const double value : parameters) {
    fitted.parameters.push_back({value, 1, false, NoErrorReason::none});
  }
  fitted.fwhm = {measure_band(*split, parameters).fwhm, 1, false, NoErrorReason::none};
  fitted.area = {measure_band(*split, parameters).area, 1, false, NoErrorReason::none};
  EXPECT_NEAR(band_extras(model, result)[0].asymmetry.value, 0.5, 1e-6);
}

TEST(ResidualChecks, NoiseIsNotStructuredAMissedBandIs) {
  const auto truth = two_bands_fit_diagnostics();
  auto model = two_band_model();
  const double sigma = 2;
  int alarms = 0;
  for (unsigned k = 0; k < 100; ++k) {
    const auto y = with_noise(truth.y, sigma, 900 + k);
    const auto result = fit_bands(model, truth.x, y, {&sigma, 1});
    const auto checks = check_residual(model, result, truth.x, y, {&sigma, 1});
    alarms += checks.is_structured ? 1 : 0;
    EXPECT_LT(std::abs(checks.largest), 6);
  }
  EXPECT_LE(alarms, 1);  // beyond 3 standard deviations on one side: 0.1 of 100 expected
  model.bands.pop_back();
  const auto y = with_noise(truth.y, sigma, 1);
  const auto result = fit_bands(model, truth.x, y, {&sigma, 1});
  const auto checks = check_residual(model, result, truth.x, y, {&sigma, 1});
  EXPECT_TRUE(checks.is_structured);
  EXPECT_GT(std::abs(checks.largest), 4);
  EXPECT_NEAR(checks.largest_at, 992, 15);
}

}  // namespace
}  // namespace calcispec
