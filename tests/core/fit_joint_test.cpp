// Joint fits against one dense fit of everything, and what sharing gains.
#include "core/fit_joint.hpp"

#include "core/error.hpp"
#include "core/fit_intervals.hpp"
#include "tests/support/simulate_bands.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <random>

namespace calcispec {
namespace {

struct Series {
  std::vector<std::vector<double>> x;
  std::vector<std::vector<double>> y;
  double sigma = 1;
};

// Two pseudo-Voigt bands whose heights differ from spectrum to spectrum, on lines of their own.
Series make_series(const std::vector<std::pair<double, double>>& heights, std::uint64_t seed) {
  Series out;
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal(0, out.sigma);
  for (std::size_t s = 0; s < heights.size(); ++s) {
    out.x.emplace_back();
    out.y.emplace_back();
    const int points = 150 + 10 * static_cast<int>(s);  // axes differ
    for (int i = 0; i < points; ++i) {
      const double x = 910 + 190.0 * i / (points - 1);
      const double y = 5 + 0.01 * static_cast<double>(s) * (x - 1000) +
                       test::true_profile(x, {heights[s].first, 960, 18, 0.4}) +
                       test::true_profile(x, {heights[s].second, 1005, 26, 0.7});
      out.x.back().push_back(x);
      out.y.back().push_back(y + normal(random));
    }
  }
  return out;
}

JointModel two_bands_fit_joint() {
  JointModel joint;
  for (const double center : {962.0, 1002.0}) {
    Band band = Band::make("", *find_band_shape("pseudo_voigt"));
    band.parameter("center").start = center;
    band.parameter("fwhm").start = 20;
    joint.model.bands.push_back(band);
  }
  return joint;
}

std::vector<JointSpectrum> fit_joint_spectra_of(const Series& series) {
  std::vector<JointSpectrum> out;
  for (std::size_t s = 0; s < series.x.size(); ++s) {
    out.push_back({series.x[s], series.y[s], std::span(&series.sigma, 1)});
  }
  return out;
}

// Everything at once: parameters that are shared stand in front. With ratios: the second height is
// the first parameter times the first height.
struct Dense {
  const Series& series;
  bool shares_ratio = false;
  // shared: center, fwhm, share of both bands (6), then the ratio; own: heights, two of background.
  [[nodiscard]] std::size_t shared() const { return shares_ratio ? 7 : 6; }
  [[nodiscard]] std::size_t own() const { return shares_ratio ? 3 : 4; }

  void residuals_of(std::size_t s, std::span<const double> p, std::vector<double>& out) const {
    const auto q = p.subspan(shared() + own() * s);
    const double first = q[0];
    const double second = shares_ratio ? first * p[6] : q[3];
    for (std::size_t i = 0; i < series.x[s].size(); ++i) {
      const double x = series.x[s][i];
      const double model = q[1] + q[2] * (x - 1005) / 95 +
                           test::true_profile(x, {first, p[0], p[1], p[2]}) +
                           test::true_profile(x, {second, p[3], p[4], p[5]});
      out.push_back((series.y[s][i] - model) / series.sigma);
    }
  }

  [[nodiscard]] std::vector<double> residuals(std::span<const double> p) const {
    std::vector<double> out;
    for (std::size_t s = 0; s < series.x.size(); ++s) {
      residuals_of(s, p, out);
    }
    return out;
  }

  [[nodiscard]] LeastSquaresResult solve(std::vector<double> start) const {
    LeastSquaresProblem problem;
    problem.points = static_cast<Index>(residuals(start).size());
    problem.start = std::move(start);
    problem.evaluate =
        [this](std::span<const double> p, std::span<double> r, std::span<double> jacobian) {
          const auto at = residuals(p);
          std::copy(at.begin(), at.end(), r.begin());
          std::vector<double> moved(p.begin(), p.end());
          for (std::size_t j = 0; j < p.size() && !jacobian.empty(); ++j) {
            const double h = 1e-6 * std::max(1.0, std::abs(p[j]));
            moved[j] = p[j] + h;
            const auto above = residuals(moved);
            moved[j] = p[j] - h;
            const auto below = residuals(moved);
            moved[j] = p[j];
            for (std::size_t i = 0; i < r.size(); ++i) {
              jacobian[j * r.size() + i] = (above[i] - below[i]) / (2 * h);
            }
          }
          return true;
        };
    LeastSquaresOptions options;
    options.function_tolerance = 1e-12;
    options.standard_errors = StandardErrorKind::absolute;
    return minimize_least_squares(problem, options);
  }
};

TEST(FitJoint, AgreesWithOneDenseFit) {
  const std::vector<std::pair<double, double>> heights{
      {40, 12},
      {25, 30},
      {8,  20}
  };
  const auto series = make_series(heights, 3);
  auto joint = two_bands_fit_joint();
  for (const Index band : {0, 1}) {
    for (const Index parameter : {1, 2, 3}) {
      joint.shared.push_back({band, parameter});
    }
  }
  const auto result = fit_jointly(joint, fit_joint_spectra_of(series));
  ASSERT_EQ(result.status, FitStatus::converged) << result.message;
  std::vector<double> start{960, 18, 0.4, 1005, 26, 0.7};
  for (const auto& [first, second] : heights) {
    start.insert(start.end(), {first, 5, 0, second});
  }
  const auto dense = Dense{series}.solve(start);
  EXPECT_NEAR(result.chi_square, dense.sum_of_squares, 1e-6 * dense.sum_of_squares);
  EXPECT_EQ(result.n_free, 18);
  EXPECT_NEAR(result.aic, result.chi_square + 36, 1e-9);
  for (std::size_t s = 0; s < 3; ++s) {
    for (std::size_t b = 0; b < 2; ++b) {
      const auto& fitted = result.spectra[s].bands[b].parameters;
      for (std::size_t j = 0; j < 4; ++j) {
        const std::size_t at = j > 0 ? 3 * b + j - 1 : 6 + 4 * s + 3 * b;
        const double sd = dense.standard_errors[at];
        EXPECT_NEAR(fitted[j].value, dense.parameters[at], 0.01 * sd) << s << b << j;
        EXPECT_NEAR(fitted[j].standard_error, sd, 0.01 * sd) << s << b << j;
      }
      const auto& background = result.spectra[s].background;
      EXPECT_NEAR(background[1].standard_error, dense.standard_errors[6 + 4 * s + 2], 1e-3);
    }
  }
  ASSERT_EQ(result.covariance.size(), 36U);
  for (std::size_t i = 0; i < 6; ++i) {
    for (std::size_t j = 0; j < 6; ++j) {
      const double scale = dense.standard_errors[i] * dense.standard_errors[j];
      EXPECT_NEAR(result.covariance[6 * i + j], dense.covariance[18 * i + j], 0.01 * scale);
    }
  }
}

TEST(FitJoint, SharedRatiosAgreeWithOneDenseFit) {
  const std::vector<std::pair<double, double>> heights{
      {40, 20},
      {24, 12},
      {10, 5 }
  };
  const auto series = make_series(heights, 4);
  auto joint = two_bands_fit_joint();
  joint.shares_ratios = true;
  for (const Index band : {0, 1}) {
    for (const Index parameter : {1, 2, 3}) {
      joint.shared.push_back({band, parameter});
    }
  }
  const auto result = fit_jointly(joint, fit_joint_spectra_of(series));
  ASSERT_EQ(result.status, FitStatus::converged) << result.message;
  std::vector<double> start{960, 18, 0.4, 1005, 26, 0.7, 0.5};
  for (const auto& own : heights) {
    start.insert(start.end(), {own.first, 5, 0});
  }
  const auto dense = Dense{series, true}.solve(start);
  EXPECT_NEAR(result.chi_square, dense.sum_of_squares, 1e-6 * dense.sum_of_squares);
  EXPECT_EQ(result.n_free, 16);
  ASSERT_EQ(result.ratios.size(), 2U);
  const double ratio = result.ratios[1] / result.ratios[0];
  EXPECT_NEAR(ratio, dense.parameters[6], 0.01 * dense.standard_errors[6]);
  for (std::size_t s = 0; s < 3; ++s) {
    const auto& bands = result.spectra[s].bands;
    EXPECT_NEAR(bands[1].height.value, ratio * bands[0].height.value, 1e-9);
    const double sd = dense.standard_errors[7 + 3 * s];
    EXPECT_NEAR(bands[0].height.standard_error, sd, 0.02 * sd);
    // second = ratio * first
    const double a = dense.parameters[7 + 3 * s];
    const double covariance = dense.covariance[6 * 16 + 7 + 3 * s];
    const double variance = std::pow(a * dense.standard_errors[6], 2) + std::pow(ratio * sd, 2) +
                            2 * a * ratio * covariance;
    EXPECT_NEAR(bands[1].height.standard_error, std::sqrt(variance), 0.02 * std::sqrt(variance));
  }
}

TEST(FitJoint, OneSpectrumAloneIsAnOrdinaryFit) {
  const auto series = make_series(
      {
          {40, 12}
  },
      5);
  auto joint = two_bands_fit_joint();
  joint.shared = {
      {0, 1},
      {1, 2}
  };
  const auto result = fit_jointly(joint, fit_joint_spectra_of(series));
  const auto alone = fit_bands(joint.model, series.x[0], series.y[0], std::span(&series.sigma, 1));
  EXPECT_NEAR(result.chi_square, alone.chi_square, 1e-6 * alone.chi_square);
  for (std::size_t b = 0; b < 2; ++b) {
    const auto& area = alone.bands[b].area;
    EXPECT_NEAR(result.spectra[0].bands[b].area.value, area.value, 0.01 * area.standard_error);
    EXPECT_NEAR(result.spectra[0].bands[b].area.standard_error,
                area.standard_error,
                0.01 * area.standard_error);
  }
}

// The position in one spectrum is poor, that of nine is better by their root, and both errors
// hold what they say.
TEST(FitJoint, SharingGainsWhatItShould) {
  constexpr int repeats = 60;
  int covered = 0;
  double square = 0;
  double stated = 0;
  for (int k = 0; k < repeats; ++k) {
    const std::vector<std::pair<double, double>> heights(9, {6, 4});
    const auto series = make_series(heights, 100 + static_cast<std::uint64_t>(k));
    auto joint = two_bands_fit_joint();
    for (const Index band : {0, 1}) {
      for (const Index parameter : {1, 2, 3}) {
        joint.shared.push_back({band, parameter});
      }
    }
    FitOptions options;
    options.extra_starts = 0;
    const auto result = fit_jointly(joint, fit_joint_spectra_of(series), options);
    ASSERT_NE(result.status, FitStatus::failed);
    const auto& center = result.spectra[3].bands[0].parameters[1];
    covered += std::abs(center.value - 960) <= center.standard_error ? 1 : 0;
    square += std::pow(center.value - 960, 2) / repeats;
    stated += center.standard_error / repeats;
  }
  std::printf("position of 9 spectra: error %.3f, stated %.3f, held %.1f %%\n",
              std::sqrt(square),
              stated,
              100.0 * covered / repeats);
  EXPECT_NEAR(std::sqrt(square), stated, 0.3 * stated);
  EXPECT_NEAR(covered, 0.683 * repeats, 0.18 * repeats);
  EXPECT_LT(stated, 0.2);
}

TEST(FitJoint, ASpectrumWithoutTheBandTakesPart) {
  const auto series = make_series(
      {
          {40, 20},
          {30, 0 },
          {0,  0 }
  },
      6);
  auto joint = two_bands_fit_joint();
  for (const Index band : {0, 1}) {
    joint.shared.push_back({band, 1});
    joint.shared.push_back({band, 2});
  }
  const auto result = fit_jointly(joint, fit_joint_spectra_of(series));
  ASSERT_NE(result.status, FitStatus::failed);
  for (const auto& own : result.spectra) {
    EXPECT_NEAR(own.bands[0].parameters[1].value, 960, 1);
    EXPECT_NEAR(own.bands[1].parameters[1].value, 1005, 3);
  }
  EXPECT_LT(result.spectra[2].bands[0].height.value, 2);
  EXPECT_LT(result.spectra[1].bands[1].height.value, 2);
}

TEST(FitJoint, NeitherThreadsNorOrderCount) {
  const auto series = make_series(
      {
          {40, 12},
          {25, 30},
          {8,  20},
          {14, 9 }
  },
      7);
  auto joint = two_bands_fit_joint();
  joint.shared = {
      {0, 1},
      {1, 1},
      {1, 2}
  };
  auto spectra = fit_joint_spectra_of(series);
  const auto one = fit_jointly(joint, spectra, {}, 1);
  const auto four = fit_jointly(joint, spectra, {}, 4);
  EXPECT_EQ(one.chi_square, four.chi_square);
  std::reverse(spectra.begin(), spectra.end());
  const auto reversed = fit_jointly(joint, spectra);
  EXPECT_NEAR(reversed.chi_square, one.chi_square, 1e-7 * one.chi_square);
  const auto& center = one.spectra[0].bands[0].parameters[1];
  EXPECT_NEAR(
      reversed.spectra[0].bands[0].parameters[1].value, center.value, 0.01 * center.standard_error);
}

// Strong bands: intervals of draws are those of the errors; the position is known as well as all
// spectra together know it.
TEST(FitJoint, IntervalsComeFromDrawsOfAllSpectra) {
  const auto series = make_series(
      {
          {40, 30},
          {25, 30},
          {50, 20}
  },
      9);
  auto joint = two_bands_fit_joint();
  joint.shared = {
      {0, 1},
      {0, 2},
      {1, 1}
  };
  IntervalOptions options;
  options.kind = IntervalKind::bootstrap;
  options.draws = 199;
  const auto spectra = fit_joint_spectra_of(series);
  auto result = fit_jointly(joint, spectra);
  auto again = result;
  fill_joint_intervals(joint, spectra, {}, options, 1, result);
  fill_joint_intervals(joint, spectra, {}, options, 2, again);
  const auto& common = result.spectra[0].bands[0].parameters[1].interval;
  for (std::size_t s = 0; s < spectra.size(); ++s) {
    const auto& band = result.spectra[s].bands[0];
    EXPECT_EQ(band.parameters[1].interval.low, common.low);
    EXPECT_EQ(band.parameters[1].interval.high, common.high);
    EXPECT_EQ(again.spectra[s].bands[0].area.interval.high, band.area.interval.high);
    for (const auto* value : {&band.parameters[1], &band.height, &band.fwhm, &band.area}) {
      ASSERT_EQ(value->interval.note, IntervalNote::none);
      const double half = 0.5 * (value->interval.high - value->interval.low);
      EXPECT_NEAR(half, 1.96 * value->standard_error, 0.25 * half);
      EXPECT_NEAR(value->interval.low + half, value->value, 0.4 * half);
    }
  }
  options.kind = IntervalKind::profile;
  EXPECT_THROW(fill_joint_intervals(joint, spectra, {}, options, 1, result), Error);
}

TEST(FitJoint, UnknownNoiseIsTakenFromAllResiduals) {
  auto series = make_series(
      {
          {40, 12},
          {25, 30},
          {8,  20}
  },
      8);
  auto joint = two_bands_fit_joint();
  joint.shared = {
      {0, 1},
      {1, 1}
  };
  const auto known = fit_jointly(joint, fit_joint_spectra_of(series));
  auto spectra = fit_joint_spectra_of(series);
  for (auto& own : spectra) {
    own.sigma = {};
  }
  const auto unknown = fit_jointly(joint, spectra);
  EXPECT_NEAR(unknown.chi_square, known.chi_square, 1e-6 * known.chi_square);
  const auto& a = known.spectra[1].bands[1].area;
  const auto& b = unknown.spectra[1].bands[1].area;
  EXPECT_EQ(unknown.spectra[1].standard_errors, StandardErrorKind::scaled);
  EXPECT_NEAR(b.standard_error,
              a.standard_error * std::sqrt(known.reduced_chi_square),
              1e-3 * a.standard_error);
  spectra[0].sigma = std::span(&series.sigma, 1);
  EXPECT_THROW(static_cast<void>(fit_jointly(joint, spectra)), Error);
}

TEST(FitJoint, WhatCannotBeSharedIsRefused) {
  const auto series = make_series(
      {
          {40, 12},
          {25, 30}
  },
      9);
  const auto spectra = fit_joint_spectra_of(series);
  auto joint = two_bands_fit_joint();
  joint.shared = {
      {2, 1}
  };
  EXPECT_THROW(static_cast<void>(fit_jointly(joint, spectra)), Error);
  joint.shared = {
      {0, 0}
  };
  joint.shares_ratios = true;
  EXPECT_THROW(static_cast<void>(fit_jointly(joint, spectra)), Error);
  EXPECT_THROW(static_cast<void>(fit_jointly(two_bands_fit_joint(), {})), Error);
  const std::vector<double> few{1, 2, 3};
  const JointSpectrum narrow{few, few, std::span(&series.sigma, 1)};
  const std::vector<JointSpectrum> with_narrow{spectra[0], narrow};
  const auto result = fit_jointly(two_bands_fit_joint(), with_narrow);
  EXPECT_EQ(result.status, FitStatus::failed);
  EXPECT_NE(result.message.find("spectrum 2"), std::string::npos);
}

}  // namespace
}  // namespace calcispec
