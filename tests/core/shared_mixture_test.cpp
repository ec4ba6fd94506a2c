// SweepSolver against BoundedSolver, and a shared mixture against the fit of one spectrum alone.
#include "core/shared_mixture.hpp"

#include "core/band_mixture.hpp"
#include "core/error.hpp"
#include "core/kernels/bounded_solve.hpp"
#include "core/kernels/sweep.hpp"

#include <Eigen/LU>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace calcispec {
namespace {

constexpr Index point_count = 700;

std::vector<double> axis() {
  std::vector<double> x;
  for (Index i = 0; i < point_count; ++i) {
    x.push_back(400 + 2.0 * static_cast<double>(i));
  }
  return x;
}

std::vector<MixtureBand> table() {
  std::vector<MixtureBand> bands;
  const auto add = [&](Index group, double center, double fwhm, double relative) {
    MixtureBand band;
    band.center = center;
    band.fwhm = fwhm;
    band.lorentz_share = 0.5;
    band.center_sd = 2;
    band.log_fwhm_sd = 0.3;
    band.group = group;
    band.relative_height = relative;
    band.log_height_sd = 0.4;
    bands.push_back(band);
  };
  add(0, 590, 30, 0.2);
  add(0, 960, 16, 1);
  add(0, 1045, 24, 0.15);
  add(1, 1004, 8, 0.4);
  add(1, 1450, 30, 1);
  add(1, 1665, 50, 0.8);
  return bands;
}

std::vector<SharedShape> shapes_of(const std::vector<MixtureBand>& bands) {
  std::vector<SharedShape> shapes;
  shapes.reserve(bands.size());
  for (const auto& band : bands) {
    shapes.push_back({band.center, band.fwhm, band.lorentz_share, band.skew, true});
  }
  return shapes;
}

SharedSetting setting() {
  SharedSetting out;
  out.noise.assign(point_count, 1.0);
  out.envelope.assign(point_count, 0.0);
  out.knot_spacing = 70;
  out.stiffness = 1e-4;
  return out;
}

std::vector<SharedBand> all_shared(const std::vector<MixtureBand>& bands) {
  std::vector<SharedBand> out;
  for (std::size_t b = 0; b < bands.size(); ++b) {
    out.push_back({bands[b], static_cast<Index>(b)});
  }
  return out;
}

struct SharedTruth {
  std::vector<double> heights{30, 150, 20, 40, 100, 80};
  double shift_of_main = 0;
  double widening_of_main = 0;
};

std::vector<double> spectrum(const SharedTruth& truth, double noise, std::uint64_t seed) {
  const auto x = axis();
  auto bands = table();
  bands[1].center += truth.shift_of_main;
  bands[1].fwhm *= std::exp(truth.widening_of_main);
  std::vector<double> y(x.size());
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  for (std::size_t i = 0; i < x.size(); ++i) {
    y[i] = 200 + 60 * std::sin(x[i] / 500) + noise * normal(random);
  }
  for (std::size_t b = 0; b < bands.size(); ++b) {
    add_pseudo_voigt(x, bands[b], truth.heights[b], y);
  }
  return y;
}

TEST(SweepSolver, AgreesWithBoundedSolver) {
  std::mt19937_64 random(5);
  std::normal_distribution<double> normal;
  for (const Index count : {1, 3, 8, 17, 40}) {
    Eigen::MatrixXd root(count + 5, count);
    Eigen::VectorXd g(count);
    for (Index j = 0; j < count; ++j) {
      g[j] = 3 * normal(random);
      for (Index i = 0; i < root.rows(); ++i) {
        root(i, j) = normal(random) + 0.3;
      }
    }
    const Eigen::MatrixXd h = root.transpose() * root;
    std::vector<double> lower(static_cast<std::size_t>(count), 0.0);
    std::vector<char> is_bounded(static_cast<std::size_t>(count), 1);
    if (count > 2) {
      lower.back() = -std::numeric_limits<double>::infinity();
      is_bounded.back() = 0;
    }
    std::vector<char> is_free(static_cast<std::size_t>(count), 1);
    const auto expected = kernels::BoundedSolver(h, g, lower).solve(is_free);
    kernels::SweepSolver solver;
    solver.reset(count);
    for (Index j = 0; j < count; ++j) {
      solver.g(j) = g[j];
      for (Index i = j; i < count; ++i) {
        solver.h(i, j) = h(i, j);
      }
    }
    std::vector<char> swept(static_cast<std::size_t>(count), 1);
    ASSERT_TRUE(solver.solve(is_bounded, swept));
    EXPECT_TRUE(solver.is_converged());
    EXPECT_EQ(swept, is_free);
    EXPECT_EQ(solver.free_count(), static_cast<Index>(expected.free.size()));
    Eigen::MatrixXd block(solver.free_count(), solver.free_count());
    for (Index j = 0; j < block.cols(); ++j) {
      for (Index i = 0; i < block.rows(); ++i) {
        block(i, j) = h(expected.free[static_cast<std::size_t>(i)],
                        expected.free[static_cast<std::size_t>(j)]);
      }
    }
    const Eigen::MatrixXd inverse = block.inverse();
    for (Index i = 0; i < count; ++i) {
      EXPECT_NEAR(solver.x(i), expected.x[i], 1e-9) << count << " " << i;
    }
    for (Index j = 0; j < block.cols(); ++j) {
      for (Index i = 0; i < block.rows(); ++i) {
        EXPECT_NEAR(solver.covariance(expected.free[static_cast<std::size_t>(i)],
                                      expected.free[static_cast<std::size_t>(j)]),
                    inverse(i, j),
                    1e-9);
      }
    }
  }
}

struct Equations {
  Eigen::MatrixXd h;
  Eigen::VectorXd g;
};

Equations random_equations(Index count, std::uint64_t seed) {
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  Eigen::MatrixXd root(count + 5, count);
  Equations out;
  out.g.resize(count);
  for (Index j = 0; j < count; ++j) {
    out.g[j] = 3 * normal(random);
    for (Index i = 0; i < root.rows(); ++i) {
      root(i, j) = (1 + static_cast<double>(j)) * (normal(random) + 0.3);
    }
  }
  out.h = root.transpose() * root;
  return out;
}

void load(const Equations& equations, Index count, kernels::SweepSolver& solver) {
  solver.reset(count);
  for (Index j = 0; j < count; ++j) {
    solver.g(j) = equations.g[j];
    for (Index i = j; i < count; ++i) {
      solver.h(i, j) = equations.h(i, j);
    }
  }
}

// What is appended, added and dropped in turn is what would have been solved at once.
TEST(SweepSolver, ChangesWhatItHasSolved) {
  for (const Index count : {8, 9, 23, 41}) {
    auto equations = random_equations(count, 11 + static_cast<std::uint64_t>(count));
    const Index first = count - 3;
    kernels::SweepSolver solved;
    load(equations, first, solved);
    std::vector<char> is_free(static_cast<std::size_t>(first), 1);
    ASSERT_TRUE(solved.solve(std::vector<char>(static_cast<std::size_t>(first), 1), is_free));
    kernels::SweepSolver solver;
    solver.start_from(solved, 1);  // one place, so that it has to grow
    const std::vector<kernels::SweepSolver::Term> terms{
        {0,         1,   -1,        0,    40 },
        {first - 1, 1,   0,         -0.4, 7  },
        {1,         0.5, first - 1, 1,    300},
        {2,         1,   -1,        0,    3  },
        {0,         1,   -1,        0,    -39}
    };
    ASSERT_TRUE(solver.add(terms));
    ASSERT_TRUE(solver.append(equations.h.rightCols(3), equations.g.tail(3), {1, 0, 1}, {1, 1, 0}));
    const std::vector<Index> dropped{1};
    ASSERT_TRUE(solver.drop(dropped));
    ASSERT_TRUE(solver.settle());
    for (const auto& term : terms) {
      Eigen::VectorXd v = Eigen::VectorXd::Zero(count);
      v[term.first] += term.first_part;
      if (term.second >= 0) {
        v[term.second] += term.second_part;
      }
      equations.h += term.weight * v * v.transpose();
    }
    equations.h.row(1).setZero();  // as if it were not there
    equations.h.col(1).setZero();
    equations.h(1, 1) = 1;
    equations.g[1] = -1;
    kernels::SweepSolver fresh;
    load(equations, count, fresh);
    std::vector<char> is_bounded(static_cast<std::size_t>(count), 1);
    is_bounded[static_cast<std::size_t>(first) + 1] = 0;
    std::vector<char> start(static_cast<std::size_t>(count), 1);
    ASSERT_TRUE(fresh.solve(is_bounded, start));
    const auto covariances = solver.covariances();
    for (Index i = 0; i < count; ++i) {
      EXPECT_EQ(solver.is_free(i), fresh.is_free(i)) << count << " " << i;
      EXPECT_NEAR(solver.x(i), fresh.x(i), 1e-9) << count << " " << i;
      for (Index j = 0; j < count; ++j) {
        EXPECT_NEAR(solver.covariance(i, j), fresh.covariance(i, j), 1e-9);
        EXPECT_DOUBLE_EQ(covariances(i, j), solver.covariance(i, j));
      }
    }
    kernels::SweepSolver equations_again;
    load(equations, count, equations_again);
    const double condition = fresh.condition_number(equations_again);
    load(equations, count, equations_again);
    EXPECT_NEAR(std::log(solver.condition_number(equations_again) / condition), 0, 0.5);
  }
}

TEST(SweepSolver, RefusesATermThatLeavesNothing) {
  kernels::SweepSolver solver;
  solver.reset(1);
  solver.h(0, 0) = 2;
  solver.g(0) = 1;
  std::vector<char> is_free(1, 1);
  ASSERT_TRUE(solver.solve({1}, is_free));
  const std::vector<kernels::SweepSolver::Term> terms{
      {0, 1, -1, 0, -2}
  };
  EXPECT_FALSE(solver.add(terms));
}

TEST(SweepSolver, SaysWhenTheProblemIsSingular) {
  kernels::SweepSolver solver;
  solver.reset(2);
  solver.h(0, 0) = 1;
  solver.h(1, 0) = 1;
  solver.h(1, 1) = 1;
  solver.g(0) = 1;
  std::vector<char> is_free(2, 1);
  EXPECT_FALSE(solver.solve({0, 0}, is_free));
}

TEST(SharedMixture, FindsHeightsPlacesAndWidths) {
  const auto x = axis();
  const auto bands = table();
  const SharedMixture mixture(x, shapes_of(bands), setting());
  SharedTruth truth;
  truth.shift_of_main = 0.8;
  truth.widening_of_main = 0.08;
  const auto y = spectrum(truth, 1, 3);
  auto loaded = mixture.load(y, 1);
  const auto result = mixture.fit(loaded, all_shared(bands), 2, {.rounds = 4});
  ASSERT_EQ(result.status, MixtureStatus::converged);
  for (std::size_t b = 0; b < bands.size(); ++b) {
    EXPECT_NEAR(result.bands[b].height, truth.heights[b], 5 * result.bands[b].height_u) << b;
    EXPECT_LT(result.bands[b].height_u, 2) << b;
  }
  EXPECT_NEAR(result.bands[1].center, 960.8, 0.15);
  EXPECT_NEAR(result.bands[1].fwhm, 16 * std::exp(0.08), 0.4);
  EXPECT_GT(result.bands[1].fwhm_u, 0);
  EXPECT_NEAR(result.bands[1].area,
              150 * pseudo_voigt_area(16 * std::exp(0.08), 0.5),
              4 * result.bands[1].area_u);
}

TEST(SharedMixture, AgreesWithTheFitOfOneSpectrum) {
  const auto x = axis();
  const auto bands = table();
  const auto y = spectrum({}, 2, 11);
  const std::vector<double> sigma(x.size(), 2.0);
  BandMixtureOptions options;
  options.shift_sd = 0;
  options.stretch_sd = 0;
  options.scans_shift = false;
  options.background.knot_spacing = 70;
  options.background.stiffness = 1e-4 / 4;  // for noise of size 2
  const auto alone = fit_band_mixture(x, y, sigma, bands, 2, options);
  const SharedMixture mixture(x, shapes_of(bands), setting());
  auto loaded = mixture.load(y, 2);
  const auto shared = mixture.fit(loaded, all_shared(bands), 2, {.rounds = 6});
  for (std::size_t b = 0; b < bands.size(); ++b) {
    EXPECT_NEAR(shared.bands[b].height, alone.bands[b].height, alone.bands[b].height_u) << b;
    EXPECT_NEAR(shared.bands[b].height_u / alone.bands[b].height_u, 1, 0.25) << b;
  }
}

TEST(SharedMixture, TakesBandsThatAreNotShared) {
  const auto x = axis();
  const auto bands = table();
  std::vector<MixtureBand> known(bands.begin(), bands.end() - 1);
  const SharedMixture mixture(x, shapes_of(known), setting());
  const auto y = spectrum({}, 1, 4);
  auto entries = all_shared(bands);
  entries.back().shape = -1;
  auto loaded = mixture.load(y, 1);
  const auto result = mixture.fit(loaded, entries, 2, {.rounds = 4});
  EXPECT_NEAR(result.bands.back().height, 80, 5 * result.bands.back().height_u);
}

// What was fitted before is a start, no more.
TEST(SharedMixture, TrialsDoNotChangeTheAnswer) {
  const auto x = axis();
  const auto bands = table();
  const SharedMixture mixture(x, shapes_of(bands), setting());
  const auto y = spectrum({}, 1, 8);
  auto fresh = mixture.load(y, 1);
  const auto first = mixture.fit(fresh, all_shared(bands), 2, {.rounds = 8});
  auto used = mixture.load(y, 1);
  const auto entries = all_shared(bands);
  static_cast<void>(mixture.fit(used, std::span(entries).first(3), 1, {.rounds = 4}));
  static_cast<void>(mixture.fit(used, entries, 2, {.rounds = 2}));
  const auto second = mixture.fit(used, entries, 2, {.rounds = 8});
  for (std::size_t b = 0; b < bands.size(); ++b) {
    EXPECT_NEAR(first.bands[b].height, second.bands[b].height, 0.4 * first.bands[b].height_u);
  }
}

// A trial starts from the last fit, gives what a fit of its own gives, and is forgotten.
TEST(SharedMixture, TriesBandsMoreAndFewer) {
  const auto x = axis();
  const auto bands = table();
  const SharedMixture mixture(x, shapes_of(bands), setting());
  const auto y = spectrum({}, 1, 8);
  const auto all = all_shared(bands);
  const auto few = std::span(all).first(3);
  auto with_own = all;
  with_own[3].shape = -1;
  struct TrialCase {
    std::span<const SharedBand> before;
    Index groups_before;
    std::span<const SharedBand> after;
    Index groups;
  };
  const std::vector<TrialCase> cases{
      {few,      1, all,      2},
      {all,      2, few,      1},
      {few,      1, with_own, 2},
      {with_own, 2, few,      1},
      {all,      2, all,      2}
  };
  for (const auto& [before, groups_before, after, groups] : cases) {
    auto fresh = mixture.load(y, 1);
    const auto expected = mixture.fit(fresh, after, groups, {.rounds = 12});
    auto used = mixture.load(y, 1);
    static_cast<void>(mixture.fit(used, before, groups_before, {.rounds = 12}));
    const auto tried = mixture.fit(used, after, groups, {.rounds = 12, .is_trial = true});
    for (std::size_t b = 0; b < after.size(); ++b) {
      EXPECT_NEAR(tried.bands[b].height, expected.bands[b].height, 0.3 * expected.bands[b].height_u)
          << before.size() << " " << after.size() << " " << b;
      EXPECT_NEAR(tried.bands[b].height_u / expected.bands[b].height_u, 1, 0.15);
      EXPECT_NEAR(tried.bands[b].center, expected.bands[b].center, 0.1);
    }
    auto not_tried = mixture.load(y, 1);
    static_cast<void>(mixture.fit(not_tried, before, groups_before, {.rounds = 12}));
    const auto with = mixture.fit(used, before, groups_before, {.rounds = 4});
    const auto without = mixture.fit(not_tried, before, groups_before, {.rounds = 4});
    for (std::size_t b = 0; b < before.size(); ++b) {
      EXPECT_EQ(with.bands[b].height, without.bands[b].height) << b;
    }
  }
}

TEST(SharedMixture, LooksForPatterns) {
  const auto x = axis();
  const auto bands = table();
  const SharedMixture mixture(x, shapes_of(bands), setting());
  SharedTruth truth;
  truth.heights = {30, 150, 22, 0, 0, 0};
  const auto y = spectrum(truth, 1, 6);
  auto loaded = mixture.load(y, 1);
  const std::vector<std::vector<std::pair<Index, double>>> patterns{
      {{0, 0.2}, {1, 1.0}, {2, 0.15}},
      {{3, 0.4}, {4, 1.0}, {5, 0.8} }
  };
  const auto amounts = mixture.screen(loaded, mixture.prepare(patterns));
  EXPECT_NEAR(amounts[0].value, 150, 5);
  EXPECT_LT(amounts[1].value, 3 * amounts[1].u + 0.5);
}

TEST(SharedMixture, FitsABackgroundAlone) {
  const SharedMixture mixture(axis(), shapes_of(table()), setting());
  const auto y = spectrum({}, 1, 4);
  auto loaded = mixture.load(y, 1);
  const auto result = mixture.fit(loaded, {}, 0, {.rounds = 4});
  EXPECT_EQ(result.background.size(), y.size());
  EXPECT_EQ(result.condition_number, 1);
  EXPECT_NEAR(result.background[0], 200 + 60 * std::sin(400.0 / 500), 30);
}

TEST(SharedMixture, CoversItsUncertainties) {
  const auto x = axis();
  const auto bands = table();
  const SharedMixture mixture(x, shapes_of(bands), setting());
  int covered = 0;
  int all = 0;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const auto y = spectrum({}, 3, 100 + seed);
    auto loaded = mixture.load(y, 3);
    const auto result = mixture.fit(loaded, all_shared(bands), 2, {.rounds = 4});
    for (std::size_t b = 0; b < bands.size(); ++b) {
      const double z =
          (result.bands[b].height - SharedTruth{}.heights[b]) / result.bands[b].height_u;
      covered += std::abs(z) < 1.96 ? 1 : 0;
      ++all;
    }
  }
  EXPECT_GE(covered, all * 9 / 10);
}

TEST(SharedMixture, RefusesWhatCannotBe) {
  const auto x = axis();
  const auto bands = table();
  auto without_noise = setting();
  without_noise.noise.pop_back();
  EXPECT_THROW(SharedMixture(x, shapes_of(bands), without_noise), Error);
  auto without_stiffness = setting();
  without_stiffness.stiffness = 0;
  EXPECT_THROW(SharedMixture(x, shapes_of(bands), without_stiffness), Error);
  const SharedMixture mixture(x, shapes_of(bands), setting());
  EXPECT_THROW(static_cast<void>(mixture.load(std::vector<double>(10), 1)), Error);
  EXPECT_THROW(static_cast<void>(mixture.load(std::vector<double>(x.size()), 0)), Error);
  auto y = spectrum({}, 1, 1);
  y[30] = std::numeric_limits<double>::quiet_NaN();
  auto loaded = mixture.load(y, 1);
  EXPECT_EQ(mixture.fit(loaded, all_shared(bands), 2, {.rounds = 4}).status,
            MixtureStatus::not_finite);
}

}  // namespace
}  // namespace calcispec
