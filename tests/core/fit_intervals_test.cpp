// Intervals of band fits: where chi-square has risen, coverage where errors are asymmetric, bounds.
#include "core/fit_intervals.hpp"

#include "core/error.hpp"
#include "core/fit_diagnostics.hpp"
#include "tests/support/simulate_bands.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <limits>
#include <random>

namespace calcispec {
namespace {

constexpr double chi_square_95 = 3.841458821;  // quantile of chi-square, one degree of freedom

struct Job {
  std::vector<double> x;
  std::vector<double> y;
  double sigma = 1;
};

// A Gaussian of fwhm 20 at 1000 on a constant 10.
Job make_job(double height, std::uint64_t seed) {
  Job out;
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal(0, out.sigma);
  for (int i = 0; i < 120; ++i) {
    const double x = 940 + static_cast<double>(i);
    const double u = (x - 1000) / 20;
    out.x.push_back(x);
    out.y.push_back(10 + height * std::exp(-4 * std::log(2.0) * u * u) + normal(random));
  }
  return out;
}

BandModel one_gauss() {
  BandModel model;
  Band band = Band::make("", *find_band_shape("gauss"));
  band.parameter("center").start = 1001;
  band.parameter("fwhm").start = 18;
  model.bands.push_back(band);
  model.degree = 0;
  return model;
}

FitResult fit_with(const BandModel& model,
                   const Job& job,
                   const IntervalOptions& options,
                   const FitOptions& fit = {}) {
  const auto sigma = std::span(&job.sigma, 1);
  auto result = fit_bands(model, job.x, job.y, sigma, fit);
  fill_intervals(model, job.x, job.y, sigma, fit, options, result);
  return result;
}

double least_with(const Job& job,
                  BandModel model,
                  const std::vector<std::pair<int, double>>& held) {
  for (const auto& [parameter, value] : held) {
    auto& own = model.bands[0].parameters[static_cast<std::size_t>(parameter)];
    own.start = value;
    own.is_fixed = true;
  }
  return fit_bands(model, job.x, job.y, std::span(&job.sigma, 1)).chi_square;
}

TEST(FitIntervals, QuantilesOfStudent) {
  EXPECT_NEAR(student_quantile(0.975, 1), 12.7062047, 1e-6);
  EXPECT_NEAR(student_quantile(0.975, 2), 4.30265273, 1e-7);
  EXPECT_NEAR(student_quantile(0.975, 5), 2.57058184, 1e-7);
  EXPECT_NEAR(student_quantile(0.975, 10), 2.22813885, 1e-7);
  EXPECT_NEAR(student_quantile(0.99, 1000), 2.33008270, 1e-7);
  EXPECT_NEAR(student_quantile(0.025, std::numeric_limits<double>::infinity()), -1.95996398, 1e-7);
}

TEST(FitIntervals, ChiSquareHasRisenAtTheEndsOfAProfile) {
  const auto job = make_job(6, 1);
  const auto model = one_gauss();
  const auto result = fit_with(model, job, {});
  for (const int parameter : {0, 1, 2}) {
    const auto& value = result.bands[0].parameters[static_cast<std::size_t>(parameter)];
    EXPECT_EQ(value.interval.note, IntervalNote::none);
    for (const double end : {value.interval.low, value.interval.high}) {
      const double rise = least_with(job,
                                     model,
                                     {
                                         {parameter, end}
      }) -
                          result.chi_square;
      EXPECT_NEAR(rise, chi_square_95, 0.02) << parameter;
    }
    EXPECT_LT(value.interval.low, value.value);
    EXPECT_GT(value.interval.high, value.value);
  }
}

// The area is no parameter of a Gaussian: widths are tried one by one, each with the height that
// gives the area.
TEST(FitIntervals, TheAreaHasAProfileOfItsOwn) {
  const auto job = make_job(6, 2);
  const auto model = one_gauss();
  const auto result = fit_with(model, job, {});
  const auto& area = result.bands[0].area;
  ASSERT_EQ(area.interval.note, IntervalNote::none);
  const double unit = std::sqrt(std::acos(-1.0) / (4 * std::log(2.0)));
  for (const double end : {area.interval.low, area.interval.high}) {
    double least = std::numeric_limits<double>::infinity();
    double fwhm = 10;
    while (fwhm < 60) {
      least = std::min(least,
                       least_with(job,
                                  model,
                                  {
                                      {0, end / (unit * fwhm)},
                                      {2, fwhm               }
      }));
      fwhm *= 1.01;
    }
    EXPECT_NEAR(least - result.chi_square, chi_square_95, 0.03);
  }
}

TEST(FitIntervals, StrongBandsHaveTheIntervalsOfTheirErrors) {
  const auto job = make_job(200, 3);
  IntervalOptions options;
  for (const auto kind : {IntervalKind::profile, IntervalKind::bootstrap}) {
    options.kind = kind;
    const double tolerance = kind == IntervalKind::profile ? 0.02 : 0.15;
    const auto result = fit_with(one_gauss(), job, options);
    const auto& band = result.bands[0];
    for (const auto* value : {&band.height, &band.fwhm, &band.area, &band.parameters[1]}) {
      const double half = 1.959964 * value->standard_error;
      EXPECT_NEAR(value->interval.low, value->value - half, tolerance * half);
      EXPECT_NEAR(value->interval.high, value->value + half, tolerance * half);
    }
  }
}

TEST(FitIntervals, ScaledErrorsScaleTheProfile) {
  auto job = make_job(50, 4);
  const auto usual = fit_with(one_gauss(), job, {});
  job.sigma = 0.05;  // twenty times too small
  FitOptions fit;
  fit.standard_errors = StandardErrorKind::scaled;
  const auto scaled = fit_with(one_gauss(), job, {}, fit);
  const auto& a = usual.bands[0].area.interval;
  const auto& b = scaled.bands[0].area.interval;
  const double factor =
      std::sqrt(usual.reduced_chi_square) * student_quantile(0.975, 116) / 1.959963985;
  EXPECT_NEAR(b.high - b.low, factor * (a.high - a.low), 0.01 * (a.high - a.low));
}

// Where the truth lies among intervals of repeated spectra.
struct Coverage {
  int below = 0;  // the truth lies below the interval
  int inside = 0;
  int above = 0;

  void add(const FittedValue& value, double truth) {
    ++(truth < value.interval.low ? below : truth > value.interval.high ? above : inside);
  }
};

// At a signal of three times the noise widths are skewed: standard errors miss the truth too often,
// intervals do not, and they miss it on both sides alike: plain percentiles of heights miss five
// times as often on one side. CALCISPEC_SLOW=1: 2000 spectra, 999 draws.
TEST(FitIntervals, WeakBandsAreCoveredAtTheStatedRate) {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): one thread reads it
  const bool is_slow = std::getenv("CALCISPEC_SLOW") != nullptr;
  const int count = is_slow ? 2000 : 400;
  const double truth = 3 * 20 * std::sqrt(std::acos(-1.0) / (4 * std::log(2.0)));
  for (const auto kind : {IntervalKind::profile, IntervalKind::bootstrap}) {
    Coverage area;
    Coverage width;
    Coverage center;
    Coverage height;
    IntervalOptions options;
    options.kind = kind;
    options.draws = is_slow ? 999 : 199;
    for (int k = 0; k < count; ++k) {
      const auto job = make_job(3, 100 + static_cast<std::uint64_t>(k));
      const auto band = fit_with(one_gauss(), job, options).bands[0];
      area.add(band.area, truth);
      width.add(band.fwhm, 20);
      center.add(band.parameters[1], 1000);
      height.add(band.height, 3);
    }
    std::printf(
        "%s, 95 %%: area %.1f, fwhm %.1f, center %.1f, height %.1f %%, %d below, %d above\n",
        std::string(interval_kind_name(kind)).c_str(),
        100.0 * area.inside / count,
        100.0 * width.inside / count,
        100.0 * center.inside / count,
        100.0 * height.inside / count,
        height.below,
        height.above);
    const double scatter = 3 * std::sqrt(0.95 * 0.05 * count);
    for (const auto* own : {&area, &width, &center, &height}) {
      EXPECT_NEAR(own->inside, 0.95 * count, scatter + 0.01 * count);
      EXPECT_NEAR(own->below, own->above, 3 * std::sqrt(0.05 * count));
    }
  }
}

// Eight points, two parameters, noise unknown: intervals from the normal alone would hold 90 %.
TEST(FitIntervals, FewPointsOfUnknownNoiseAreCovered) {
  constexpr int count = 500;
  auto model = one_gauss();
  model.bands[0].parameter("center").start = 1000;
  for (const char* name : {"center", "fwhm"}) {
    model.bands[0].parameter(name).is_fixed = true;
  }
  model.bands[0].parameters[0].lower = -std::numeric_limits<double>::infinity();
  const auto& fwhm = model.bands[0].parameter("fwhm").start;
  for (const auto kind : {BootstrapKind::parametric, BootstrapKind::residual}) {
    IntervalOptions options;
    options.kind = IntervalKind::bootstrap;
    options.bootstrap = kind;
    options.draws = 199;
    Coverage height;
    std::mt19937_64 random(21);
    std::normal_distribution<double> normal;
    for (int k = 0; k < count; ++k) {
      std::vector<double> x;
      std::vector<double> y;
      for (int i = 0; i < 8; ++i) {
        x.push_back(986 + 4.0 * i);
        const double u = (x.back() - 1000) / fwhm;
        y.push_back(3 + 5 * std::exp(-4 * std::log(2.0) * u * u) + normal(random));
      }
      auto result = fit_bands(model, x, y, {});
      fill_intervals(model, x, y, {}, {}, options, result);
      height.add(result.bands[0].height, 5);
    }
    std::printf("8 points, noise unknown, %s: %.1f %%\n",
                kind == BootstrapKind::parametric ? "parametric" : "residuals",
                100.0 * height.inside / count);
    // Residuals of six degrees of freedom know little of the tails: 2 % are granted.
    const double granted = kind == BootstrapKind::parametric ? 0.01 : 0.03;
    EXPECT_NEAR(height.inside, 0.95 * count, 3 * std::sqrt(0.95 * 0.05 * count) + granted * count);
  }
}

TEST(FitIntervals, SharesAndAsymmetryHaveIntervals) {
  BandModel model;
  for (const double center : {985.0, 1015.0}) {
    Band band = Band::make("", *find_band_shape("split_gauss"));
    band.parameter("center").start = center;
    model.bands.push_back(band);
  }
  Job job = make_job(0, 31);
  for (std::size_t i = 0; i < job.x.size(); ++i) {
    const auto bump = [&](double center, double height, double left, double right) {
      const double u = (job.x[i] - center) / (job.x[i] < center ? left : right);
      return height * std::exp(-std::log(2.0) * u * u);
    };
    job.y[i] += bump(985, 40, 7, 11) + bump(1015, 25, 9, 9);
  }
  const double shares[] = {40.0 * 18 / (40 * 18 + 25 * 18), 25.0 * 18 / (40 * 18 + 25 * 18)};
  const double asymmetries[] = {4.0 / 18, 0};
  for (const auto kind : {IntervalKind::profile, IntervalKind::bootstrap}) {
    SCOPED_TRACE(interval_kind_name(kind));
    IntervalOptions options;
    options.kind = kind;
    const auto result = fit_with(model, job, options);
    const auto extras = band_extras(model, result);
    for (std::size_t b = 0; b < 2; ++b) {
      for (const auto* value : {&extras[b].area_share, &extras[b].asymmetry}) {
        EXPECT_EQ(value->interval.note, IntervalNote::none);
        const double half = 0.5 * (value->interval.high - value->interval.low);
        EXPECT_NEAR(half, 1.96 * value->standard_error, 0.2 * half);
        const double truth = value == &extras[b].area_share ? shares[b] : asymmetries[b];
        EXPECT_NEAR(value->value, truth, 2 * half);
      }
    }
    // What one band has the other has not; a profile ends within 1e-3 of its distance.
    const double granted = kind == IntervalKind::profile ? 1e-4 : 1e-9;
    EXPECT_NEAR(extras[0].area_share.interval.low, 1 - extras[1].area_share.interval.high, granted);
    EXPECT_NEAR(extras[0].area_share.interval.high, 1 - extras[1].area_share.interval.low, granted);
    const auto alone = band_extras(one_gauss(), fit_with(one_gauss(), make_job(20, 32), options));
    EXPECT_EQ(alone[0].area_share.interval.note, IntervalNote::fixed);
    EXPECT_EQ(alone[0].asymmetry.interval.note, IntervalNote::fixed);
  }
}

// Two bands of one width: a share is a ratio of heights, which a tie can hold.
TEST(FitIntervals, AShareHasAProfileOfItsOwn) {
  BandModel model;
  for (const double center : {990.0, 1010.0}) {
    Band band = Band::make("", *find_band_shape("gauss"));
    band.parameter("center").start = center;
    model.bands.push_back(band);
  }
  model.bands[1].parameter("fwhm").tie = {0, 2, 1, 0};
  Job job = make_job(0, 41);
  for (std::size_t i = 0; i < job.x.size(); ++i) {
    for (const auto& [center, height] : {
             std::pair{990.0,  12.0},
             std::pair{1010.0, 5.0 }
    }) {
      const double u = (job.x[i] - center) / 18;
      job.y[i] += height * std::exp(-4 * std::log(2.0) * u * u);
    }
  }
  const auto result = fit_with(model, job, {});
  for (std::size_t b = 0; b < 2; ++b) {
    const auto& interval = result.bands[b].area_share;
    ASSERT_EQ(interval.note, IntervalNote::none);
    for (const double end : {interval.low, interval.high}) {
      auto held = model;
      held.bands[1 - b].parameters[0].tie = {static_cast<Index>(b), 0, (1 - end) / end, 0};
      const auto there = fit_bands(held, job.x, job.y, std::span(&job.sigma, 1));
      EXPECT_NEAR(there.chi_square - result.chi_square, chi_square_95, 0.02);
    }
  }
}

TEST(FitIntervals, AShareEndsAtItsBound) {
  BandModel model;
  for (const double center : {990.0, 1030.0}) {
    Band band = Band::make("", *find_band_shape("gauss"));
    band.parameter("center").start = center;
    band.parameter("fwhm").start = 18;
    for (const char* name : {"center", "fwhm"}) {
      band.parameter(name).is_fixed = true;
    }
    model.bands.push_back(band);
  }
  Job job = make_job(0, 43);
  for (std::size_t i = 0; i < job.x.size(); ++i) {
    const double u = (job.x[i] - 990) / 18;
    job.y[i] += 12 * std::exp(-4 * std::log(2.0) * u * u);
  }
  const auto result = fit_with(model, job, {});
  EXPECT_EQ(result.bands[1].area_share.note, IntervalNote::ends_at_bound);
  EXPECT_NEAR(result.bands[1].area_share.low, 0, 1e-6);
  EXPECT_GT(result.bands[1].area_share.high, 0.001);
  EXPECT_LT(result.bands[1].area_share.high, 0.3);
  EXPECT_EQ(result.bands[0].area_share.note, IntervalNote::ends_at_bound);
  EXPECT_NEAR(result.bands[0].area_share.high, 1, 1e-6);
}

TEST(FitIntervals, AnAbsentBandEndsAtItsBound) {
  auto model = one_gauss();
  for (const char* name : {"center", "fwhm"}) {
    model.bands[0].parameter(name).is_fixed = true;
  }
  const auto job = make_job(0, 8);
  const auto result = fit_with(model, job, {});
  const auto& area = result.bands[0].area;
  EXPECT_EQ(area.interval.note, IntervalNote::ends_at_bound);
  EXPECT_NEAR(area.interval.low, 0, 1e-6);
  EXPECT_GT(area.interval.high, area.value);
  EXPECT_LT(area.interval.high, 60);
  EXPECT_EQ(result.bands[0].fwhm.interval.note, IntervalNote::fixed);
}

TEST(FitIntervals, WhatTheDataDoNotLimitIsOpen) {
  auto model = one_gauss();
  model.bands.push_back(model.bands[0]);  // a twin in the same place
  for (auto& band : model.bands) {
    band.parameter("center").is_fixed = true;
    band.parameter("fwhm").is_fixed = true;
    band.parameters[0].lower = -std::numeric_limits<double>::infinity();
  }
  const auto result = fit_with(model, make_job(20, 9), {});
  const auto& height = result.bands[0].height;
  EXPECT_EQ(height.interval.note, IntervalNote::open);
  EXPECT_TRUE(std::isinf(height.interval.low) || std::isinf(height.interval.high));
  EXPECT_NEAR(result.background[0].interval.high - result.background[0].interval.low,
              2 * 1.96 * 0.105,
              0.02);
}

TEST(FitIntervals, ASideMinimumIsSaid) {
  // Two weak bands; the fit starts at the lesser one, and the ridge between them is low.
  Job job;
  for (int i = 0; i < 120; ++i) {
    const double x = 940 + static_cast<double>(i);
    const auto bump = [&](double center, double height) {
      const double u = (x - center) / 10;
      return height * std::exp(-4 * std::log(2.0) * u * u);
    };
    job.x.push_back(x);
    job.y.push_back(bump(985, 2) + bump(999, 2.3));
  }
  auto model = one_gauss();
  auto& parameters = model.bands[0].parameters;
  parameters[1].start = 985;
  parameters[2].start = 10;
  parameters[2].is_fixed = true;
  FitOptions fit;
  fit.extra_starts = 0;
  const auto result = fit_with(model, job, {}, fit);
  ASSERT_NEAR(result.bands[0].parameters[1].value, 985, 3);
  EXPECT_EQ(result.bands[0].parameters[1].interval.note, IntervalNote::side_minimum);
}

TEST(FitIntervals, TiedValuesFollow) {
  const auto job = make_job(40, 11);
  auto model = one_gauss();
  Band second = Band::make("", *find_band_shape("gauss"));
  second.parameter("center").tie = {0, 1, 1, 30};
  second.parameter("fwhm").tie = {0, 2, 0.5, 0};
  model.bands.push_back(second);
  const auto result = fit_with(model, job, {});
  const auto& own = result.bands[0].parameters;
  const auto& tied = result.bands[1].parameters;
  EXPECT_DOUBLE_EQ(tied[1].interval.low, own[1].interval.low + 30);
  EXPECT_DOUBLE_EQ(tied[2].interval.high, 0.5 * own[2].interval.high);
}

TEST(FitIntervals, BootstrapRepeatsItselfAndKnowsItsKinds) {
  const auto job = make_job(20, 12);
  IntervalOptions options;
  options.kind = IntervalKind::bootstrap;
  const auto first = fit_with(one_gauss(), job, options).bands[0].area.interval;
  const auto again = fit_with(one_gauss(), job, options).bands[0].area.interval;
  EXPECT_EQ(first.low, again.low);
  EXPECT_EQ(first.high, again.high);
  options.seed = 2;
  const auto other = fit_with(one_gauss(), job, options).bands[0].area.interval;
  EXPECT_NE(first.low, other.low);
  EXPECT_NEAR(other.high - other.low, first.high - first.low, 0.15 * (first.high - first.low));
  options.bootstrap = BootstrapKind::residual;
  const auto residual = fit_with(one_gauss(), job, options).bands[0].area.interval;
  EXPECT_NEAR(residual.high - residual.low, first.high - first.low, 0.3 * (first.high - first.low));
}

TEST(FitIntervals, CountsAreDrawnAsCounts) {
  std::mt19937_64 random(5);
  Job job = make_job(0, 1);
  double truth = 0;
  for (std::size_t i = 0; i < job.x.size(); ++i) {
    const double u = (job.x[i] - 1000) / 20;
    const double band = 12 * std::exp(-4 * std::log(2.0) * u * u);
    truth += band;
    job.y[i] = static_cast<double>(std::poisson_distribution<int>(2 + band)(random));
  }
  FitOptions fit;
  fit.loss = FitLoss::poisson;
  IntervalOptions options;
  options.kind = IntervalKind::bootstrap;
  options.draws = 299;
  const auto area = fit_with(one_gauss(), job, options, fit).bands[0].area;
  EXPECT_LT(area.interval.low, truth);
  EXPECT_GT(area.interval.high, truth);
  EXPECT_NEAR(
      area.interval.high - area.interval.low, 3.92 * area.standard_error, area.standard_error);
  options.kind = IntervalKind::profile;
  EXPECT_THROW(static_cast<void>(fit_with(one_gauss(), job, options, fit)), Error);
}

}  // namespace
}  // namespace calcispec
