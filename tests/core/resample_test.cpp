#include "core/resample.hpp"

#include "core/error.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numbers>

namespace calcispec {
namespace {

constexpr double none = std::numeric_limits<double>::quiet_NaN();

SpectraMatrix made(const std::vector<double>& x, double (*f)(double)) {
  auto axis = Axis::make(x, AxisKind::raman_shift, "1/cm");
  auto out = SpectraMatrix::make(axis, 1);
  for (std::size_t i = 0; i < x.size(); ++i) {
    out.values[i] = f(axis->values()[i]);
  }
  return out;
}

std::vector<double> steps(double first, double step, int count, double wobble = 0) {
  std::vector<double> x;
  x.reserve(static_cast<std::size_t>(count));
  for (int i = 0; i < count; ++i) {
    x.push_back(first + step * (i + wobble * std::sin(i * 1.3)));
  }
  return x;
}

double cubic(double x) {
  const double u = (x - 100) / 30;
  return 2 - u + 3 * u * u - 0.5 * u * u * u;
}
double wave(double x) {
  return std::sin(2 * std::numbers::pi * x / 3.1);  // 0.32 cycles per point of 1
}

TEST(Resample, ASplineKeepsCubicsAndStraightLinesKeepLines) {
  const auto from = made(steps(80, 1, 60, 0.3), cubic);
  const auto axis = even_axis(*from.axis, {none, none, 0.37, 0});
  const auto got = resample(from, axis, Interpolation::cubic, 1);
  for (Index i = 0; i < axis->size(); ++i) {
    const auto at = static_cast<std::size_t>(i);
    EXPECT_NEAR(got.values[at], cubic(axis->values()[at]), 1e-11);
  }
  const auto line = made(steps(80, 1, 60, 0.3), [](double x) { return 3 * x - 7; });
  const auto straight = resample(line, axis, Interpolation::linear, 1);
  for (std::size_t i = 0; i < straight.values.size(); ++i) {
    EXPECT_NEAR(straight.values[i], 3 * axis->values()[i] - 7, 1e-10);
  }
}

TEST(Resample, BandLimitedKeepsFastWavesThatASplineLoses) {
  const auto from = made(steps(0, 1, 400), wave);
  const auto axis = even_axis(*from.axis, {60, 340, 0.43, 0});
  const auto sharp = resample(from, axis, Interpolation::band_limited, 1);
  const auto spline = resample(from, axis, Interpolation::cubic, 1);
  double worst = 0;
  double worst_spline = 0;
  for (std::size_t i = 0; i < sharp.values.size(); ++i) {
    const double wanted = wave(axis->values()[i]);
    worst = std::max(worst, std::abs(sharp.values[i] - wanted));
    worst_spline = std::max(worst_spline, std::abs(spline.values[i] - wanted));
  }
  EXPECT_LT(worst, 1e-4);
  EXPECT_GT(worst_spline, 0.05);
}

// On steps of 2 a wave of 3.1 would come back as a slow one that is not there.
TEST(Resample, BandLimitedTakesOutWhatWiderStepsCannotCarry) {
  const auto from = made(steps(0, 1, 400), wave);
  const auto axis = even_axis(*from.axis, {100, 300, 2, 0});
  const auto got = resample(from, axis, Interpolation::band_limited, 1);
  for (const double y : got.values) {
    EXPECT_LT(std::abs(y), 1e-3);
  }
}

TEST(Resample, TheNewAxisIsAsAskedAndInStoredOrder) {
  const auto from = made({500, 400, 300, 200, 100}, [](double x) { return x; });
  const auto axis = even_axis(*from.axis, {150, 450, none, 4});
  EXPECT_TRUE(axis->was_descending());
  EXPECT_EQ(axis->size(), 4);
  EXPECT_DOUBLE_EQ(axis->front(), 150);
  EXPECT_DOUBLE_EQ(axis->back(), 450);
  EXPECT_EQ(even_axis(*from.axis, {none, none, none, 0})->size(), 5);
  EXPECT_EQ(even_axis(*from.axis, {100, 500, 0.1, 0})->size(), 4001);
}

TEST(Resample, RefusesWhatCannotBeHadInWords) {
  const auto from = made(steps(0, 1, 50, 0.3), wave);
  EXPECT_THROW(static_cast<void>(even_axis(*from.axis, {-5, none, 1, 0})), Error);
  EXPECT_THROW(static_cast<void>(even_axis(*from.axis, {none, none, 1, 10})), Error);
  EXPECT_THROW(static_cast<void>(even_axis(*from.axis, {none, none, 1e-9, 0})), Error);
  const auto axis = even_axis(*from.axis, {none, none, none, 30});
  EXPECT_THROW(static_cast<void>(resample(from, axis, Interpolation::band_limited, 1)), Error);
}

TEST(Resample, ShortRowsAndBadRows) {
  const auto two = made({1, 2}, [](double x) { return x; });
  for (const auto kind :
       {Interpolation::linear, Interpolation::cubic, Interpolation::band_limited}) {
    const auto got = resample(two, even_axis(*two.axis, {none, none, none, 3}), kind, 1);
    EXPECT_NEAR(got.values[1], 1.5, 1e-12);
  }
  auto bad = made(steps(0, 1, 20), wave);
  bad.values[3] = none;
  const auto got =
      resample(bad, even_axis(*bad.axis, {none, none, 0.5, 0}), Interpolation::cubic, 1);
  EXPECT_TRUE(std::isnan(got.values.back()));
}

}  // namespace
}  // namespace calcispec
