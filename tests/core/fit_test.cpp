#include "core/fit.hpp"

#include "core/error.hpp"
#include "tests/oracle/plain_fit.hpp"
#include "tests/support/simulate_bands.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace calcispec {
namespace {

BandModel model_from_fit(const std::vector<test::SimulatedBand>& bands) {
  BandModel model;
  for (const auto& band : bands) {
    Band own = Band::make("", *find_band_shape("pseudo_voigt"));
    const double starts[4] = {band.height, band.center, band.fwhm, band.share};
    for (std::size_t j = 0; j < 4; ++j) {
      own.parameters[j].start = starts[j];
    }
    model.bands.push_back(own);
  }
  return model;
}

FitResult fit(const test::BandJob& job, const BandModel& model, const FitOptions& options = {}) {
  return fit_bands(model, job.x, job.y, std::span(&job.sigma, 1), options);
}

bool is_answer(const FitResult& result) {
  return result.status == FitStatus::converged || result.status == FitStatus::at_bounds;
}

double value(const FitResult& result, std::size_t band, std::size_t parameter) {
  return result.bands[band].parameters[parameter].value;
}

TEST(Fit, AgreesWithThePlainLoop) {
  for (std::uint64_t seed = 0; seed < 40; ++seed) {
    const auto job = test::make_band_job(2, seed);
    const auto result = fit(job, model_from_fit(job.start));
    std::vector<double> shape;
    for (const auto& band : job.truth) {
      shape.insert(shape.end(), {band.center, band.fwhm, band.share});
    }
    const auto plain = oracle::PlainFitter(job.x, job.y, job.sigma).run(shape, 1e-12);
    EXPECT_LE(result.chi_square, plain.chi_square * (1 + 1e-6)) << seed;
    if (result.status == FitStatus::converged) {  // the plain loop knows bounds only as walls
      EXPECT_NEAR(result.chi_square, plain.chi_square, 1e-6 * plain.chi_square) << seed;
      for (std::size_t b = 0; b < 2; ++b) {
        const double sd = result.bands[b].parameters[1].standard_error;
        EXPECT_NEAR(value(result, b, 1), plain.shape[3 * b], 0.02 * sd) << seed;
      }
    }
  }
}

TEST(Fit, RepeatsItsCurve) {
  const auto job = test::make_band_job(3, 7);
  const auto model = model_from_fit(job.start);
  const auto result = fit(job, model);
  const auto curve = fitted_curve(model, result, job.x);
  double chi_square = 0;
  for (std::size_t i = 0; i < curve.size(); ++i) {
    chi_square += std::pow((job.y[i] - curve[i]) / job.sigma, 2);
  }
  EXPECT_NEAR(chi_square, result.chi_square, 1e-9 * chi_square);
  EXPECT_EQ(result.n_free, 14);
  EXPECT_NEAR(result.aic, result.chi_square + 28, 1e-9);
  EXPECT_NEAR(result.bic, result.chi_square + 14 * std::log(300.0), 1e-9);
}

TEST(Fit, ScalesWithTheUnitsOfBothAxes) {
  const auto job = test::make_band_job(2, 11);
  const auto result = fit(job, model_from_fit(job.start));
  auto scaled = job;
  for (double& x : scaled.x) {
    x = 1e-3 * x - 0.2;
  }
  for (double& y : scaled.y) {
    y *= 5000;
  }
  scaled.sigma *= 5000;
  for (auto& band : scaled.start) {
    band = {5000 * band.height, 1e-3 * band.center - 0.2, 1e-3 * band.fwhm, band.share};
  }
  const auto other = fit(scaled, model_from_fit(scaled.start));
  EXPECT_NEAR(other.chi_square, result.chi_square, 1e-7 * result.chi_square);
  for (std::size_t b = 0; b < 2; ++b) {
    const auto& p = result.bands[b].parameters;
    const auto& q = other.bands[b].parameters;
    EXPECT_NEAR(q[0].value, 5000 * p[0].value, 5 * p[0].standard_error);
    EXPECT_NEAR(q[1].value, 1e-3 * p[1].value - 0.2, 1e-5 * p[1].standard_error);
    EXPECT_NEAR(q[2].standard_error, 1e-3 * p[2].standard_error, 1e-6 * p[2].standard_error);
  }
}

TEST(Fit, DoesNotMindReversedInput) {
  auto job = test::make_band_job(2, 12);
  const auto model = model_from_fit(job.start);
  const auto result = fit(job, model);
  std::reverse(job.x.begin(), job.x.end());
  std::reverse(job.y.begin(), job.y.end());
  const auto other = fit(job, model);
  EXPECT_EQ(other.chi_square, result.chi_square);
  EXPECT_EQ(value(other, 1, 2), value(result, 1, 2));
}

TEST(Fit, DoesNotMindTheOrderOfBands) {
  const auto job = test::make_band_job(3, 13);
  auto model = model_from_fit(job.start);
  const auto result = fit(job, model);
  std::reverse(model.bands.begin(), model.bands.end());
  const auto other = fit(job, model);
  EXPECT_NEAR(other.chi_square, result.chi_square, 1e-8 * result.chi_square);
  for (std::size_t b = 0; b < 3; ++b) {
    const double sd = result.bands[b].parameters[1].standard_error;
    EXPECT_NEAR(value(other, 2 - b, 1), value(result, b, 1), 0.01 * sd);
  }
}

TEST(Fit, LeavesOutPointsWithoutWeight) {
  auto job = test::make_band_job(1, 14);
  const auto model = model_from_fit(job.start);
  std::vector<double> sigma(job.x.size(), job.sigma);
  job.y[5] = std::nan("");
  sigma[150] = 0;
  job.y[150] = 1e9;
  const auto result = fit_bands(model, job.x, job.y, sigma);
  EXPECT_EQ(result.points, 298);
  EXPECT_TRUE(is_answer(result));
  EXPECT_LT(result.reduced_chi_square, 1.4);
}

TEST(Fit, TiesAndFixedValuesHold) {
  const auto job = test::make_band_job(2, 15);
  auto model = model_from_fit(job.start);
  model.bands[1].parameter("fwhm").tie = {0, 2, 1.5, 2};
  model.bands[1].parameter("height").tie = {0, 0, 0.5, 0};
  model.bands[0].parameter("share").is_fixed = true;
  const auto result = fit(job, model);
  EXPECT_TRUE(is_answer(result));
  EXPECT_EQ(result.n_free, 7);
  EXPECT_NEAR(value(result, 1, 2), 1.5 * value(result, 0, 2) + 2, 1e-12);
  EXPECT_NEAR(value(result, 1, 0), 0.5 * value(result, 0, 0), 1e-12);
  EXPECT_EQ(value(result, 0, 3), 0.5);
  EXPECT_EQ(result.bands[0].parameters[3].reason, NoErrorReason::fixed);
  EXPECT_NEAR(result.bands[1].parameters[2].standard_error,
              1.5 * result.bands[0].parameters[2].standard_error,
              1e-12);
}

TEST(Fit, TiedBandsEqualASmallerModel) {
  // Two bands whose shapes are one: the same chi-square as with the tie written as a bound ratio.
  const auto job = test::make_band_job(2, 16);
  auto model = model_from_fit(job.start);
  model.bands[1].parameter("share").tie = {0, 3, 1, 0};
  const auto tied = fit(job, model);
  const auto loose = fit(job, model_from_fit(job.start));
  EXPECT_GE(tied.chi_square, loose.chi_square * (1 - 1e-9));
  EXPECT_LT(tied.gradient_norm, 1e-2);
}

TEST(Fit, NamesEveryFaultOfAModel) {
  const auto job = test::make_band_job(2, 17);
  auto model = model_from_fit(job.start);
  model.bands[0].id = "a";
  model.bands[1].id = "b";
  model.bands[0].parameter("fwhm").tie = {1, 2, 1, 0};
  model.bands[1].parameter("fwhm").tie = {0, 2, 1, 0};
  model.bands[0].parameter("height").tie = {1, 2, 1, 0};
  model.bands[1].parameter("share").lower = 0.9;
  model.bands[1].parameter("share").upper = 0.1;
  try {
    fit(job, model);
    FAIL();
  } catch (const Error& error) {
    const std::string text = error.what();
    EXPECT_NE(text.find("circle"), std::string::npos) << text;
    EXPECT_NE(text.find("amounts follow amounts"), std::string::npos) << text;
    EXPECT_NE(text.find("range of share is empty"), std::string::npos) << text;
  }
}

TEST(Fit, StopsAtABoundAndSaysWhyThereIsNoError) {
  const auto job = test::make_band_job(1, 18);
  auto model = model_from_fit(job.start);
  model.bands[0].parameter("fwhm").upper = 0.8 * job.truth[0].fwhm;
  const auto result = fit(job, model);
  EXPECT_EQ(result.status, FitStatus::at_bounds);
  const auto& width = result.bands[0].parameters[2];
  EXPECT_TRUE(width.is_at_bound);
  EXPECT_EQ(width.reason, NoErrorReason::at_bound);
  EXPECT_TRUE(std::isnan(width.standard_error));
}

TEST(Fit, SaysThatAnEmptyBandIsNotIdentifiable) {
  auto job = test::make_band_job(1, 19);
  auto model = model_from_fit(job.start);
  model.bands.push_back(model.bands[0]);
  model.bands[1].parameter("center").start = 1100;
  model.bands[1].parameter("center").lower = 1090;
  model.bands[1].parameter("center").upper = 1110;
  for (std::size_t i = 0; i < job.x.size(); ++i) {  // a dip there: the height must stay at 0
    job.y[i] -= 0.2 * std::exp(-std::pow((job.x[i] - 1100) / 20, 2));
  }
  const auto result = fit(job, model);
  EXPECT_TRUE(result.bands[1].parameters[0].is_at_bound);
  for (const std::size_t j : {1U, 2U, 3U}) {
    EXPECT_NE(result.bands[1].parameters[j].reason, NoErrorReason::none) << j;
    EXPECT_FALSE(std::isfinite(result.bands[1].parameters[j].standard_error)) << j;
  }
}

TEST(Fit, EveryMissingErrorHasAReason) {
  for (std::uint64_t seed = 0; seed < 30; ++seed) {
    const auto job = test::make_band_job(4, seed, 5);
    const auto result = fit(job, model_from_fit(job.start));
    for (const auto& band : result.bands) {
      std::vector<FittedValue> all = band.parameters;
      all.insert(all.end(), {band.height, band.fwhm, band.area});
      for (const auto& value : all) {
        const bool has_error = std::isfinite(value.standard_error) && value.standard_error > 0;
        EXPECT_EQ(has_error, value.reason == NoErrorReason::none);
      }
    }
  }
}

TEST(Fit, IdenticalStartsGiveAStatus) {
  const auto job = test::make_band_job(2, 20);
  auto model = model_from_fit(job.start);
  model.bands[1] = model.bands[0];
  EXPECT_TRUE(is_answer(fit(job, model)));
}

TEST(Fit, DegenerateInputGivesAStatus) {
  const auto job = test::make_band_job(2, 21);
  const auto model = model_from_fit(job.start);
  const double one = 1;
  const auto sigma = std::span(&one, 1);
  const std::vector<double> none(job.x.size(), std::nan(""));
  EXPECT_EQ(fit_bands(model, job.x, none, sigma).status, FitStatus::failed);
  EXPECT_EQ(fit_bands(model, {}, {}, sigma).status, FitStatus::failed);
  const double x = 950;
  EXPECT_EQ(fit_bands(model, std::span(&x, 1), std::span(&one, 1), sigma).status,
            FitStatus::failed);
  const auto few = std::span(job.x).first(5);
  EXPECT_EQ(fit_bands(model, few, std::span(job.y).first(5), sigma).status, FitStatus::failed);
  for (const double level : {0.0, 3.0, 1e300, 1e-300}) {
    const std::vector<double> flat(job.x.size(), level);
    const auto result = fit_bands(model, job.x, flat, sigma);
    EXPECT_FALSE(result.message.empty());
  }
  const auto failed = fit_bands(model, job.x, none, sigma);
  EXPECT_FALSE(failed.message.empty());
  EXPECT_EQ(failed.bands.size(), 2U);
}

TEST(Fit, FindsStartsByItself) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const auto job = test::make_band_job(3, seed);
    BandModel model;
    for (int b = 0; b < 3; ++b) {
      model.bands.push_back(Band::make("", *find_band_shape("pseudo_voigt")));
    }
    const auto result = fit(job, model);
    const auto known = fit(job, model_from_fit(job.truth));
    EXPECT_LE(result.chi_square, known.chi_square * (1 + 1e-4)) << seed;
  }
}

TEST(Fit, MatrixRowsAreBitwiseTheSameAlone) {
  const auto first = test::make_band_job(2, 22);
  auto matrix = SpectraMatrix::make(Axis::make(first.x, AxisKind::raman_shift, "1/cm"), 9);
  for (Index r = 0; r < 9; ++r) {
    const auto job = test::make_band_job(2, 22 + static_cast<std::uint64_t>(r));
    std::copy(job.y.begin(), job.y.end(), matrix.row(r).begin());
  }
  const auto model = model_from_fit(first.start);
  const auto sigma = std::span(&first.sigma, 1);
  const auto two = fit_bands(model, matrix, sigma, {}, 2);
  const auto one = fit_bands(model, matrix, sigma, {}, 1);
  for (std::size_t r = 9; r-- > 0;) {
    const auto alone = fit_bands(model, first.x, matrix.row(static_cast<Index>(r)), sigma);
    EXPECT_EQ(two[r].chi_square, alone.chi_square);
    EXPECT_EQ(one[r].covariance, alone.covariance);
    EXPECT_EQ(value(two[r], 1, 3), value(alone, 1, 3));
  }
}

TEST(Fit, UnknownNoiseScalesTheErrors) {
  const auto job = test::make_band_job(1, 23);
  const auto model = model_from_fit(job.start);
  const auto known = fit(job, model);
  const auto unknown = fit_bands(model, job.x, job.y, {});
  EXPECT_EQ(unknown.standard_errors, StandardErrorKind::scaled);
  EXPECT_NEAR(unknown.noise_sigma, job.sigma, 0.15 * job.sigma);
  const double ratio = std::sqrt(known.reduced_chi_square);
  EXPECT_NEAR(unknown.bands[0].area.standard_error,
              ratio * known.bands[0].area.standard_error,
              1e-3 * known.bands[0].area.standard_error);
}

// Every shape on its own curve: the truth is the minimum, and the start finder reaches it.
TEST(Fit, EveryShapeFindsItsOwnCurve) {
  for (const auto& shape : band_shapes()) {
    const auto job = test::make_band_job(1, 24);
    std::vector<double> truth{2, 1020};
    Band band = Band::make("own", shape);
    for (std::size_t j = 2; j < shape.parameters.size(); ++j) {
      const auto& info = shape.parameters[j];
      truth.push_back(info.unit == "axis" ? 18 * std::max(info.standard, 0.3)
                                          : std::max(info.standard, 0.2));
    }
    band.parameters[1].start = 1016;
    truth[0] = shape.parameters[0].unit == "area" ? 60 : 2;
    std::vector<double> y(job.x.size());
    evaluate_band(shape, truth, job.x, y);
    BandModel model;
    model.bands.push_back(band);
    const double sigma = 0.01;
    const auto result = fit_bands(model, job.x, y, std::span(&sigma, 1));
    EXPECT_TRUE(is_answer(result)) << shape.name << ": " << result.message;
    EXPECT_LT(result.chi_square, 1e-6) << shape.name;
    EXPECT_NEAR(value(result, 0, 1), 1020, 0.01) << shape.name;
    EXPECT_EQ(result.bands[0].area.reason, NoErrorReason::none) << shape.name;
    EXPECT_EQ(result.bands[0].fwhm.reason, NoErrorReason::none) << shape.name;
  }
}

TEST(Fit, GateLeavesOutNoiseAndKeepsSignal) {
  auto job = test::make_band_job(2, 11);
  auto model = model_from_fit(job.start);
  FitOptions options;
  options.gate = 4;
  const auto sigma = std::span(&job.sigma, 1);
  EXPECT_NE(fit_bands(model, job.x, job.y, sigma, options).status, FitStatus::not_fitted);
  std::mt19937_64 random(3);
  std::normal_distribution<double> noise(0, job.sigma);
  for (std::size_t i = 0; i < job.x.size(); ++i) {
    job.y[i] = 2 + 0.01 * job.x[i] + noise(random);
  }
  const auto empty = fit_bands(model, job.x, job.y, sigma, options);
  EXPECT_EQ(empty.status, FitStatus::not_fitted);
  EXPECT_EQ(empty.iterations, 0);
  EXPECT_TRUE(std::isnan(empty.bands[0].parameters[0].value));
  EXPECT_NE(fit_bands(model, job.x, job.y, {}, options).status, FitStatus::not_fitted);
}

// Narrowing the place and the width of a band must not change where it is found.
TEST(Fit, AutomaticStartsWithinNarrowRangesFindTheBands) {
  for (std::uint64_t seed = 0; seed < 20; ++seed) {
    const auto job = test::make_band_job(4, seed);
    auto model = model_from_fit(job.truth);
    FitOptions options;
    options.further_starts = FurtherStarts::doubtful;
    const auto sigma = std::span(&job.sigma, 1);
    const double least = fit_bands(model, job.x, job.y, sigma, options).chi_square;
    for (std::size_t b = 0; b < 4; ++b) {
      auto& band = model.bands[b];
      band.parameters.assign(band.parameters.size(), {});
      band.parameter("center").lower = job.truth[b].center - 10;
      band.parameter("center").upper = job.truth[b].center + 6;
      band.parameter("fwhm").lower = 8;
      band.parameter("fwhm").upper = 60;
    }
    EXPECT_LE(fit_bands(model, job.x, job.y, sigma, options).chi_square, least * (1 + 1e-4));
  }
}

}  // namespace
}  // namespace calcispec
