// Losses of the band fit: counts without bias, outliers without say, errors at the stated rate.
#include "core/error.hpp"
#include "core/fit.hpp"
#include "tests/support/simulate_bands.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <random>

namespace calcispec {
namespace {

BandModel one_band_fit_loss() {
  BandModel model;
  Band band = Band::make("", *find_band_shape("gauss"));
  band.parameter("center").start = 1000;
  band.parameter("fwhm").start = 18;
  model.bands.push_back(band);
  model.degree = 0;
  return model;
}

struct FitLossData {
  std::vector<double> x;
  std::vector<double> mean;
  double area = 0;
};

FitLossData make_data_fit_loss(double height, double background) {
  FitLossData out;
  constexpr double fwhm = 20;
  for (int i = 0; i < 200; ++i) {
    const double x = 900 + static_cast<double>(i);
    const double u = (x - 1001) / fwhm;
    out.x.push_back(x);
    out.mean.push_back(background + height * std::exp(-4 * std::log(2.0) * u * u));
  }
  out.area = height * fwhm * std::sqrt(3.141592653589793 / (4 * std::log(2.0)));
  return out;
}

TEST(FitLoss, CountsAreFittedWithoutBiasAtTheStatedErrors) {
  const auto data = make_data_fit_loss(15, 2);
  constexpr int repeats = 400;
  double likelihood = 0;
  double squares = 0;
  int covered = 0;
  for (int k = 0; k < repeats; ++k) {
    std::mt19937_64 random(static_cast<std::uint64_t>(k));
    std::vector<double> y;
    std::vector<double> sigma;
    for (const double mean : data.mean) {
      y.push_back(static_cast<double>(std::poisson_distribution<int>(mean)(random)));
      sigma.push_back(std::sqrt(std::max(1.0, y.back())));
    }
    FitOptions options;
    options.loss = FitLoss::poisson;
    const auto fit = fit_bands(one_band_fit_loss(), data.x, y, {}, options);
    ASSERT_EQ(fit.status, FitStatus::converged);
    const auto& area = fit.bands[0].area;
    likelihood += area.value / repeats;
    covered += std::abs(area.value - data.area) <= area.standard_error ? 1 : 0;
    squares += fit_bands(one_band_fit_loss(), data.x, y, sigma).bands[0].area.value / repeats;
  }
  std::printf("area %.1f: likelihood %.1f, squares %.1f; covered %.1f %%\n",
              data.area,
              likelihood,
              squares,
              100.0 * covered / repeats);
  EXPECT_NEAR(likelihood, data.area, 0.015 * data.area);
  EXPECT_LT(squares, 0.97 * data.area);  // weights from the counts themselves pull down
  EXPECT_NEAR(covered, 0.68 * repeats, 0.07 * repeats);
}

TEST(FitLoss, ThePoissonAnswerIsWhereTheScoreVanishes) {
  const auto data = make_data_fit_loss(40, 5);
  std::mt19937_64 random(3);
  std::vector<double> y;
  for (const double mean : data.mean) {
    y.push_back(static_cast<double>(std::poisson_distribution<int>(mean)(random)));
  }
  FitOptions options;
  options.loss = FitLoss::poisson;
  const auto model = one_band_fit_loss();
  const auto fit = fit_bands(model, data.x, y, {}, options);
  const auto curve = fitted_curve(model, fit, data.x);
  double score = 0;  // by the constant background
  for (std::size_t i = 0; i < y.size(); ++i) {
    score += y[i] / curve[i] - 1;
  }
  EXPECT_NEAR(score, 0, 1e-4);
}

TEST(FitLoss, OutliersHaveLittleSay) {
  const auto data = make_data_fit_loss(100, 10);
  constexpr double noise = 2;
  for (const auto loss : {FitLoss::huber, FitLoss::cauchy}) {
    double squares_error = 0;
    double robust_error = 0;
    constexpr int repeats = 100;
    for (int k = 0; k < repeats; ++k) {
      std::mt19937_64 random(static_cast<std::uint64_t>(k));
      std::normal_distribution<double> normal(0, noise);
      std::vector<double> y;
      for (std::size_t i = 0; i < data.mean.size(); ++i) {
        const bool is_off = std::uniform_real_distribution<double>()(random) < 0.05;
        y.push_back(data.mean[i] + normal(random) + (is_off ? 60 : 0));
      }
      FitOptions options;
      const auto squares = fit_bands(one_band_fit_loss(), data.x, y, std::span(&noise, 1), options);
      options.loss = loss;
      const auto robust = fit_bands(one_band_fit_loss(), data.x, y, std::span(&noise, 1), options);
      squares_error += std::pow(squares.bands[0].area.value - data.area, 2) / repeats;
      robust_error += std::pow(robust.bands[0].area.value - data.area, 2) / repeats;
    }
    std::printf("%s: error of the area %.0f, of squares %.0f\n",
                std::string(fit_loss_name(loss)).c_str(),
                std::sqrt(robust_error),
                std::sqrt(squares_error));
    EXPECT_LT(robust_error, 0.15 * squares_error);
  }
}

TEST(FitLoss, RobustErrorsHoldOnCleanNoise) {
  const auto data = make_data_fit_loss(100, 10);
  constexpr double noise = 2;
  for (const auto loss : {FitLoss::huber, FitLoss::cauchy}) {
    constexpr int repeats = 400;
    int covered = 0;
    for (int k = 0; k < repeats; ++k) {
      std::mt19937_64 random(static_cast<std::uint64_t>(k));
      std::normal_distribution<double> normal(0, noise);
      auto y = data.mean;
      for (double& v : y) {
        v += normal(random);
      }
      FitOptions options;
      options.loss = loss;
      const auto fit = fit_bands(one_band_fit_loss(), data.x, y, std::span(&noise, 1), options);
      const auto& area = fit.bands[0].area;
      covered += std::abs(area.value - data.area) <= area.standard_error ? 1 : 0;
    }
    std::printf("%s: covered %.1f %%\n",
                std::string(fit_loss_name(loss)).c_str(),
                100.0 * covered / repeats);
    EXPECT_NEAR(covered, 0.68 * repeats, 0.07 * repeats);
  }
}

TEST(FitLoss, WhatALossCannotUseIsRefused) {
  const auto data = make_data_fit_loss(10, 1);
  auto y = data.mean;
  y[5] = -3;
  FitOptions options;
  options.loss = FitLoss::poisson;
  EXPECT_THROW(static_cast<void>(fit_bands(one_band_fit_loss(), data.x, y, {}, options)), Error);
  options.loss = FitLoss::huber;
  EXPECT_THROW(static_cast<void>(fit_bands(one_band_fit_loss(), data.x, data.mean, {}, options)),
               Error);
}

}  // namespace
}  // namespace calcispec
