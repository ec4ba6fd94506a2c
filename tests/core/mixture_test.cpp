#include "core/mixture.hpp"

#include "core/band_mixture.hpp"
#include "core/error.hpp"
#include "tests/oracle/mixture.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>

namespace calcispec {
namespace {

constexpr double no_bound = -std::numeric_limits<double>::infinity();

// Small own generator, so that the numbers are the same everywhere.
class Noise {
 public:
  double next() {
    double sum = 0;
    for (int i = 0; i < 12; ++i) {
      state_ = state_ * 6364136223846793005ULL + 1442695040888963407ULL;
      sum += static_cast<double>(state_ >> 11U) / 9007199254740992.0;
    }
    return sum - 6;
  }

 private:
  unsigned long long state_ = 42;
};

struct Case {
  std::vector<double> x;
  std::vector<double> y;
  std::vector<double> sigma;
  Columns columns;
  MixtureProblem problem;
};

// Two bands of known amounts on a curved background; `noise` is its standard deviation.
Case make_case(double noise, double curvature) {
  Case made;
  const Index points = 600;
  made.columns.points = points;
  made.columns.values.resize(static_cast<std::size_t>(2 * points));
  Noise random;
  for (Index i = 0; i < points; ++i) {
    const double x = 400 + 2.0 * static_cast<double>(i);
    made.columns.column(0)[static_cast<std::size_t>(i)] = pseudo_voigt(x, 960, 14, 0.6);
    made.columns.column(1)[static_cast<std::size_t>(i)] = pseudo_voigt(x, 1070, 20, 0.6);
    const double t = (x - 400) / 1200;
    made.x.push_back(x);
    made.y.push_back(5 * pseudo_voigt(x, 960, 14, 0.6) + pseudo_voigt(x, 1070, 20, 0.6) + 3 +
                     curvature * std::sin(3 * t) + noise * random.next());
    made.sigma.push_back(noise > 0 ? noise : 1);
  }
  made.problem.lower = {0, 0};
  return made;
}

MixtureSolution solve(Case& made) {
  made.problem.x = made.x;
  made.problem.y = made.y;
  made.problem.sigma = made.sigma;
  made.problem.columns = &made.columns;
  return solve_mixture(made.problem);
}

TEST(Mixture, FindsAmountsOverCurvedBackgroundWithoutNoise) {
  Case made = make_case(0, 2);
  const MixtureSolution solution = solve(made);
  ASSERT_EQ(solution.status, MixtureStatus::converged);
  EXPECT_NEAR(solution.amounts[0], 5, 0.01);
  EXPECT_NEAR(solution.amounts[1], 1, 0.01);
}

TEST(Mixture, StatesTheUncertaintyItHas) {
  Case made = make_case(0.05, 2);
  const MixtureSolution solution = solve(made);
  for (const Index i : {0, 1}) {
    const double u = std::sqrt(solution.covariance[static_cast<std::size_t>(3 * i)]);
    EXPECT_NEAR(solution.amounts[static_cast<std::size_t>(i)], i == 0 ? 5 : 1, 4 * u);
    EXPECT_GT(u, 0.005);
    EXPECT_LT(u, 0.05);
  }
  EXPECT_NEAR(solution.chi_square, 590, 110);  // 3 sd of chi-square with 590 degrees of freedom
}

TEST(Mixture, KeepsAbsentColumnAtItsBound) {
  Case made = make_case(0.05, 0);
  for (std::size_t i = 0; i < made.y.size(); ++i) {
    made.y[i] -= 1.2 * pseudo_voigt(made.x[i], 1070, 20, 0.6);
  }
  const MixtureSolution solution = solve(made);
  EXPECT_EQ(solution.amounts[1], 0);
  EXPECT_TRUE(solution.is_at_bound[1]);
}

TEST(Mixture, PriorRowTiesAmounts) {
  Case made = make_case(0.05, 0);
  made.problem.lower = {no_bound, no_bound};
  made.problem.prior.push_back({
      {{0, 1.0}, {1, -2.0}},
      0, 1e12
  });
  const MixtureSolution solution = solve(made);
  EXPECT_NEAR(solution.amounts[0], 2 * solution.amounts[1], 1e-4);
}

TEST(Mixture, LeavesOutPointsWithoutSigma) {
  Case made = make_case(0.05, 0);
  for (std::size_t i = 100; i < 120; ++i) {
    made.y[i] = std::numeric_limits<double>::quiet_NaN();
    made.sigma[i] = 0;
  }
  EXPECT_NEAR(solve(made).amounts[0], 5, 0.1);
}

TEST(Mixture, AnswersNonFiniteDataWithAStatus) {
  Case made = make_case(0.05, 0);
  made.y[7] = std::numeric_limits<double>::infinity();
  EXPECT_EQ(solve(made).status, MixtureStatus::not_finite);
}

TEST(Mixture, RefusesAProblemWithoutColumns) {
  MixtureProblem problem;
  EXPECT_THROW(static_cast<void>(solve_mixture(problem)), Error);
}

TEST(Mixture, SurvivesEqualColumns) {
  Case made = make_case(0.05, 0);
  std::copy(
      made.columns.column(0).begin(), made.columns.column(0).end(), made.columns.column(1).begin());
  const MixtureSolution solution = solve(made);
  ASSERT_NE(solution.status, MixtureStatus::singular);
  EXPECT_NEAR(solution.amounts[0] + solution.amounts[1], 5, 0.3);
}

TEST(Mixture, AgreesWithPlainLoopsAtAFixedStiffness) {
  std::vector<double> x;
  std::vector<double> y;
  Columns columns;
  columns.points = 300;
  for (int i = 0; i < 300; ++i) {
    x.push_back(400 + 2.0 * i);
    y.push_back(3 + std::sin(0.01 * i) + 5 / (1 + std::pow((i - 90) / 6.0, 2)) +
                0.1 * std::sin(12.9898 * i));
  }
  for (const double center : {90.0, 180.0}) {
    for (int i = 0; i < 300; ++i) {
      columns.values.push_back(1 / (1 + std::pow((i - center) / 6.0, 2)));
    }
  }
  const std::vector<double> sigma(300, 0.07);
  MixtureProblem problem;
  problem.x = x;
  problem.y = y;
  problem.sigma = sigma;
  problem.columns = &columns;
  problem.lower.assign(2, -std::numeric_limits<double>::infinity());
  problem.background.stiffness = 3;
  const auto got = solve_mixture(problem);
  const auto plain = oracle::mixture(x, y, sigma, columns.values, 3);
  for (std::size_t k = 0; k < 2; ++k) {
    EXPECT_NEAR(got.amounts[k], plain.amounts[k], 1e-7);
    EXPECT_NEAR(got.covariance[k * 2 + k],
                plain.covariance[k * 29 + k],
                1e-6 * plain.covariance[k * 29 + k]);
  }
  for (std::size_t i = 0; i < 300; ++i) {
    EXPECT_NEAR(got.background[i], plain.background[i], 1e-7);
  }
  EXPECT_NEAR(got.chi_square, plain.chi_square, 1e-6 * plain.chi_square);
}

}  // namespace
}  // namespace calcispec
