#include "core/least_squares.hpp"

#include "core/error.hpp"

#include <gtest/gtest.h>

#include <cmath>

namespace calcispec {
namespace {

// y = a exp(-b x) without noise, x = 0, 0.1, ...
LeastSquaresProblem decay(double a, double b, Index points = 20) {
  LeastSquaresProblem problem;
  problem.points = points;
  problem.start = {1, 1};
  problem.evaluate = [a, b](auto p, auto r, auto j) {
    for (std::size_t i = 0; i < r.size(); ++i) {
      const double x = 0.1 * static_cast<double>(i);
      const double e = std::exp(-p[1] * x);
      r[i] = p[0] * e - a * std::exp(-b * x);
      if (!j.empty()) {
        j[i] = e;
        j[r.size() + i] = -x * p[0] * e;
      }
    }
    return true;
  };
  return problem;
}

TEST(LeastSquares, FindsTheTruth) {
  const auto result = minimize_least_squares(decay(3, 0.7));
  EXPECT_EQ(result.status, FitStatus::converged);
  EXPECT_NEAR(result.parameters[0], 3, 1e-9);
  EXPECT_NEAR(result.parameters[1], 0.7, 1e-9);
}

TEST(LeastSquares, StopsAtABoundAndSaysSo) {
  auto problem = decay(3, 0.7);
  problem.lower = {0, 1};
  problem.upper = {10, 5};
  const auto result = minimize_least_squares(problem);
  EXPECT_EQ(result.status, FitStatus::at_bounds);
  EXPECT_EQ(result.parameters[1], 1);
  EXPECT_TRUE(result.is_at_bound[1]);
  EXPECT_TRUE(std::isnan(result.standard_errors[1]));
  EXPECT_GT(result.standard_errors[0], 0);
}

TEST(LeastSquares, LeavesABoundWhenTheMinimumLiesInside) {
  auto problem = decay(3, 0.7);
  problem.start = {0, 2};
  problem.lower = {0, 0.1};
  problem.upper = {10, 2};
  const auto result = minimize_least_squares(problem);
  EXPECT_EQ(result.status, FitStatus::converged);
  EXPECT_NEAR(result.parameters[1], 0.7, 1e-7);
}

TEST(LeastSquares, NamesParametersThatCannotBeToldApart) {
  LeastSquaresProblem problem;
  problem.points = 10;
  problem.start = {1, 1, 1};
  problem.evaluate = [](auto p, auto r, auto j) {  // p0 + p1 act as one
    for (std::size_t i = 0; i < r.size(); ++i) {
      const double x = static_cast<double>(i);
      r[i] = p[0] + p[1] + p[2] * x - (2 + 3 * x + ((i % 2) == 0 ? 0.1 : -0.1));
      if (!j.empty()) {
        j[i] = 1;
        j[r.size() + i] = 1;
        j[2 * r.size() + i] = x;
      }
    }
    return true;
  };
  const auto result = minimize_least_squares(problem);
  EXPECT_TRUE(std::isinf(result.standard_errors[0]));
  EXPECT_TRUE(std::isinf(result.standard_errors[1]));
  EXPECT_NEAR(result.parameters[0] + result.parameters[1], 2, 0.1);
  EXPECT_GT(result.standard_errors[2], 0);
  EXPECT_LT(result.standard_errors[2], 0.1);
}

TEST(LeastSquares, FailsWithoutAFiniteStart) {
  auto problem = decay(3, 0.7);
  problem.start = {std::nan(""), 1};
  EXPECT_EQ(minimize_least_squares(problem).status, FitStatus::failed);
  EXPECT_EQ(minimize_least_squares(decay(3, 0.7, 1)).status, FitStatus::failed);
}

TEST(LeastSquares, RefusesBoundsThatCross) {
  auto problem = decay(3, 0.7);
  problem.lower = {0, 2};
  problem.upper = {1, 1};
  EXPECT_THROW(minimize_least_squares(problem), Error);
}

}  // namespace
}  // namespace calcispec
