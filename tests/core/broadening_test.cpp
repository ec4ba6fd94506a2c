// Broadening by the instrument: kernels against sums over the path, broadened bands against closed
// forms and plain sums, fits that find the band behind.
#include "core/broadening.hpp"

#include "core/error.hpp"
#include "core/fit.hpp"
#include "core/fit_intervals.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace calcispec {
namespace {

constexpr double pi = 3.141592653589793;
const double ln2 = std::log(2.0);

constexpr Apodisation all_apodisations[] = {Apodisation::boxcar,
                                            Apodisation::triangular,
                                            Apodisation::happ_genzel,
                                            Apodisation::norton_beer_weak,
                                            Apodisation::norton_beer_medium,
                                            Apodisation::norton_beer_strong,
                                            Apodisation::blackman_harris};

// The weights as they stand in the papers.
double weight_at(Apodisation apodisation, double u) {
  const double bell = 1 - u * u;
  switch (apodisation) {
    case Apodisation::boxcar:
      return 1;
    case Apodisation::triangular:
      return 1 - u;
    case Apodisation::happ_genzel:
      return 0.54 + 0.46 * std::cos(pi * u);
    case Apodisation::norton_beer_weak:
      return 0.384093 - 0.087577 * bell + 0.703484 * bell * bell;
    case Apodisation::norton_beer_medium:
      return 0.152442 - 0.136176 * bell + 0.983734 * bell * bell;
    case Apodisation::norton_beer_strong:
      return 0.045335 + 0.554883 * bell * bell + 0.399782 * std::pow(bell, 4);
    case Apodisation::blackman_harris:
      return 0.42323 + 0.49755 * std::cos(pi * u) + 0.07922 * std::cos(2 * pi * u);
  }
  return 0;
}

std::vector<double> axis(double from, double to, double step) {
  std::vector<double> x;
  for (int i = 0; from + step * i <= to + 1e-9; ++i) {
    x.push_back(from + step * i);
  }
  return x;
}

BandModel one_band_broadening(const char* shape, const std::vector<double>& parameters) {
  BandModel model;
  Band band = Band::make("", *find_band_shape(shape));
  for (std::size_t j = 0; j < parameters.size(); ++j) {
    band.parameters[j].start = parameters[j];
  }
  model.bands.push_back(band);
  model.background = FitBackground::none;
  return model;
}

// The curve of a model at its starts.
std::vector<double> curve_of(const BandModel& model, const std::vector<double>& x) {
  FitResult result;
  auto& fitted = result.bands.emplace_back().parameters;
  for (const auto& own : model.bands[0].parameters) {
    fitted.push_back({own.start});
  }
  return fitted_band(model, result, 0, x);
}

TEST(Broadening, KernelsAreTransformsOfTheirWeights) {
  for (const auto apodisation : all_apodisations) {
    const Broadening broadening{BroadeningKind::sinc, 0, 0.25, apodisation};
    const double peak = broadening_kernel(broadening, 0);
    for (const double distance : {0.0, 0.01, 0.4, 1.1, 2.9, 3.1, 7.0, 33.3, 250.0}) {
      double sum = 0;  // Simpson
      constexpr int parts = 20000;
      for (int k = 0; k <= parts; ++k) {
        const double u = static_cast<double>(k) / parts;
        const double factor = k == 0 || k == parts ? 1 : k % 2 == 1 ? 4 : 2;
        sum += factor * weight_at(apodisation, u) * std::cos(2 * pi * 0.25 * distance * u);
      }
      EXPECT_NEAR(broadening_kernel(broadening, distance), 0.5 * sum / (3 * parts), 1e-9 * peak)
          << apodisation_name(apodisation) << " " << distance;
    }
    EXPECT_EQ(apodisation_from_name(apodisation_name(apodisation)), apodisation);
  }
  // Published full widths, in inverse path differences: 1.2067 / 2 (boxcar), 1.7718 / 2
  // (triangular).
  EXPECT_NEAR(broadening_width({BroadeningKind::sinc, 0, 0.5, Apodisation::boxcar}), 1.2067, 1e-4);
  EXPECT_NEAR(
      broadening_width({BroadeningKind::sinc, 0, 0.5, Apodisation::triangular}), 1.7718, 1e-4);
}

TEST(Broadening, AGaussianBecomesAGaussianAndALorentzianAVoigtProfile) {
  const auto x = axis(900, 1100, 0.7);
  const double slit = 6;
  for (const double width : {0.75, 2.0, 6.0, 20.0}) {
    auto gauss = one_band_broadening("gauss", {10, 1000.3, width});
    gauss.broadening = {BroadeningKind::gauss, slit};
    const double total = std::hypot(width, slit);
    auto plain = one_band_broadening("gauss", {10 * width / total, 1000.3, total});
    const auto a = curve_of(gauss, x);
    const auto b = curve_of(plain, x);
    const double height = 10 * width / total;
    auto lorentz = one_band_broadening("lorentz", {10, 1000.3, width});
    lorentz.broadening = gauss.broadening;
    auto voigt = one_band_broadening(
        "voigt", {10 * width * pi / 2, 1000.3, slit / (2 * std::sqrt(2 * ln2)), 0.5 * width});
    const auto c = curve_of(lorentz, x);
    const auto d = curve_of(voigt, x);
    for (std::size_t i = 0; i < x.size(); ++i) {
      EXPECT_NEAR(a[i], b[i], 1e-8 * height) << width;
      EXPECT_NEAR(c[i], d[i], 1e-6 * height) << width;
    }
  }
}

TEST(Broadening, AnInterferometerIsAPlainSum) {
  const auto x = axis(950, 1050, 2.1);
  for (const auto apodisation : all_apodisations) {
    auto model = one_band_broadening("pseudo_voigt", {10, 1001.3, 5, 0.5});
    model.broadening = {BroadeningKind::sinc, 0, 0.2, apodisation};
    const auto curve = curve_of(model, x);
    const auto fine = axis(1001.3 - 3000, 1001.3 + 3000, 0.25);
    const auto narrow = curve_of(one_band_broadening("pseudo_voigt", {10, 1001.3, 5, 0.5}), fine);
    for (std::size_t i = 0; i < x.size(); i += 5) {
      double sum = 0;
      for (std::size_t k = 0; k < fine.size(); ++k) {
        sum += 0.25 * narrow[k] * broadening_kernel(model.broadening, x[i] - fine[k]);
      }
      EXPECT_NEAR(curve[i], sum, 1e-3) << apodisation_name(apodisation) << x[i];
    }
  }
}

// Parameters of a typical band of each shape, near 1000 and 12 wide.
std::vector<double> typical(const BandShape& shape) {
  std::vector<double> out;
  for (const auto& info : shape.parameters) {
    const auto name = info.name;
    out.push_back(name == "height"         ? 50
                  : name == "area"         ? 800
                  : name == "center"       ? 1001
                  : name == "fwhm_left"    ? 10
                  : name == "fwhm_right"   ? 14
                  : name == "gauss_sigma"  ? 4
                  : name == "lorentz_hwhm" ? 3
                  : name == "tail"         ? 5
                  : name == "exponent"     ? 3
                  : info.unit == "axis"    ? 12
                                           : 0.3);
  }
  return out;
}

TEST(Broadening, FitsFindTheBandBehindForEveryShape) {
  const auto x = axis(900, 1100, 1);
  const double sigma = 1e-3;
  for (const auto& shape : band_shapes()) {
    for (const auto& broadening : {
             Broadening{BroadeningKind::gauss, 8       },
             Broadening{ BroadeningKind::sinc, 0, 0.12, Apodisation::happ_genzel}
    }) {
      const auto truth = typical(shape);
      auto model = one_band_broadening(std::string(shape.name).c_str(), truth);
      model.broadening = broadening;
      const auto y = curve_of(model, x);
      for (auto& own : model.bands[0].parameters) {
        own.start *= 1.0005;
      }
      model.bands[0].parameter("center").start = 1003;
      FitOptions options;
      options.tolerance = 1e-12;
      const auto result = fit_bands(model, x, y, std::span(&sigma, 1), options);
      EXPECT_LT(result.chi_square, 1e-2) << shape.name;
      for (std::size_t j = 0; j < truth.size(); ++j) {
        EXPECT_NEAR(result.bands[0].parameters[j].value, truth[j], 1e-3 * std::max(1.0, truth[j]))
            << shape.name << " " << shape.parameters[j].name;
      }
    }
  }
}

// Widths without noise are known; with it the intervals hold them, and the area is that of the
// band.
TEST(Broadening, WidthsAreThoseBeforeTheInstrument) {
  const auto x = axis(900, 1100, 1.5);
  auto model = one_band_broadening("lorentz", {100, 1000, 7});
  model.broadening = {BroadeningKind::gauss, 9};
  auto y = curve_of(model, x);
  std::mt19937_64 random(2);
  std::normal_distribution<double> normal(0, 1);
  for (double& value : y) {
    value += 20 + normal(random);
  }
  model.background = FitBackground::polynomial;
  model.degree = 0;
  const double sigma = 1;
  const FitOptions options;
  auto automatic = model;
  automatic.bands[0] = Band::make("", *find_band_shape("lorentz"));
  auto result = fit_bands(automatic, x, y, std::span(&sigma, 1), options);
  fill_intervals(automatic, x, y, std::span(&sigma, 1), options, {}, result);
  const auto& width = result.bands[0].fwhm;
  EXPECT_NEAR(width.value, 7, 3 * width.standard_error);
  EXPECT_LT(width.standard_error, 0.6);
  EXPECT_LT(width.interval.low, 7);
  EXPECT_GT(width.interval.high, 7);
  const auto& area = result.bands[0].area;
  EXPECT_NEAR(area.value, 100 * 7 * pi / 2, 3 * area.standard_error);
  const auto again = fit_bands(automatic, x, y, std::span(&sigma, 1), options);
  EXPECT_EQ(again.chi_square, result.chi_square);
}

TEST(Broadening, AFallingAxisGivesTheSame) {
  auto x = axis(900, 1100, 1.5);
  auto model = one_band_broadening("lorentz", {100, 1000, 7});
  model.broadening = {BroadeningKind::gauss, 9};
  auto y = curve_of(model, x);
  y[60] += 3;
  const double sigma = 1;
  const auto rising = fit_bands(model, x, y, std::span(&sigma, 1));
  std::reverse(x.begin(), x.end());
  std::reverse(y.begin(), y.end());
  const auto falling = fit_bands(model, x, y, std::span(&sigma, 1));
  EXPECT_EQ(falling.chi_square, rising.chi_square);
  double sum = 0;
  const auto curve = fitted_curve(model, falling, x);
  for (std::size_t i = 0; i < x.size(); ++i) {
    sum += std::pow(y[i] - curve[i], 2);
  }
  EXPECT_NEAR(sum, falling.chi_square, 1e-9);
}

TEST(Broadening, ALineEndsAtTheLeastWidthAndSaysSo) {
  const auto x = axis(900, 1100, 1.5);
  auto line = one_band_broadening("gauss", {200, 1000, 0.75});
  line.broadening = {BroadeningKind::gauss, 6};
  const auto y = curve_of(line, x);
  line.bands[0].parameters[2] = {};
  const double sigma = 1;
  const auto result = fit_bands(line, x, y, std::span(&sigma, 1));
  EXPECT_EQ(result.status, FitStatus::at_bounds);
  EXPECT_TRUE(result.bands[0].parameters[2].is_at_bound);
  EXPECT_NEAR(result.bands[0].parameters[2].value, 0.75, 1e-9);
}

TEST(Broadening, WhatCannotBeDoneIsRefused) {
  const auto x = axis(900, 1100, 1);
  const std::vector<double> y(x.size(), 1.0);
  const auto refuses = [&](const BandModel& model) {
    EXPECT_THROW(static_cast<void>(fit_bands(model, x, y, {})), Error);
  };
  auto model = one_band_broadening("gauss", {1, 1000, 10});
  model.broadening = {BroadeningKind::gauss, 0};
  refuses(model);
  model.broadening = {BroadeningKind::gauss, 0.3};  // finer than the points
  refuses(model);
  model.broadening = {BroadeningKind::sinc, 0, -1};
  refuses(model);
  model.broadening = {BroadeningKind::gauss, 10};
  model.bands[0].parameters[2] = {1.0};
  model.bands[0].parameters[2].is_fixed = true;
  refuses(model);
}

TEST(SplineBackground, FollowsWhatALineCannot) {
  const auto x = axis(900, 1100, 1);
  std::mt19937_64 random(4);
  std::normal_distribution<double> normal(0, 1);
  std::vector<double> y;
  for (const double at : x) {
    const double u = (at - 1010) / 10;
    y.push_back(100 + 40 * std::sin((at - 900) / 40) + 80 * std::exp(-4 * ln2 * u * u) +
                normal(random));
  }
  auto model = one_band_broadening("gauss", {70, 1012, 12});
  model.background = FitBackground::spline;
  model.intervals = 5;
  const double sigma = 1;
  const auto spline = fit_bands(model, x, y, std::span(&sigma, 1));
  EXPECT_EQ(spline.background.size(), 8U);
  EXPECT_LT(spline.reduced_chi_square, 1.4);
  EXPECT_NEAR(spline.bands[0].area.value,
              80 * 10 * std::sqrt(pi / (4 * ln2)),
              4 * spline.bands[0].area.standard_error);
  model.background = FitBackground::polynomial;
  EXPECT_GT(fit_bands(model, x, y, std::span(&sigma, 1)).reduced_chi_square, 10);
}

// Cubic splines hold every cubic: one part is a polynomial of degree 3, in other coefficients.
TEST(SplineBackground, OnePartIsACubic) {
  const auto x = axis(900, 1100, 2);
  std::vector<double> y;
  for (const double at : x) {
    const double t = (at - 1000) / 100;
    y.push_back(3 - t + 2 * t * t * t + (at > 1050 ? 0.1 : -0.1));
  }
  auto model = one_band_broadening("gauss", {0, 1000, 10});
  for (auto& own : model.bands[0].parameters) {
    own.is_fixed = true;
  }
  model.background = FitBackground::spline;
  model.intervals = 1;
  const auto spline = fit_bands(model, x, y, {});
  const auto curve = fitted_background(model, spline, axis(880, 1120, 10));  // and beyond
  model.background = FitBackground::legendre;
  model.degree = 3;
  const auto legendre = fit_bands(model, x, y, {});
  EXPECT_NEAR(spline.chi_square, legendre.chi_square, 1e-9 * legendre.chi_square);
  const auto other = fitted_background(model, legendre, axis(880, 1120, 10));
  for (std::size_t i = 0; i < curve.size(); ++i) {
    EXPECT_NEAR(curve[i], other[i], 1e-9);
  }
  model.background = FitBackground::spline;
  model.intervals = 28;
  EXPECT_THROW(static_cast<void>(fit_bands(model, x, y, {})), Error);
}

}  // namespace
}  // namespace calcispec
