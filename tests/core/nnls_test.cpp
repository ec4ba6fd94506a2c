// solve_nnls against Lawson & Hanson, against its optimality conditions, and on degenerate input.
#include "core/nnls.hpp"

#include "core/error.hpp"
#include "core/kernels/bounded_solve.hpp"
#include "tests/oracle/nnls.hpp"

#include <Eigen/Cholesky>
#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>

namespace calcispec {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

struct Problem {
  Columns columns;
  SpectraMatrix spectra;

  [[nodiscard]] Eigen::Map<const MatrixXd> a() const {
    return {columns.values.data(), columns.points, columns.count()};
  }
  [[nodiscard]] Eigen::Map<const VectorXd> y(Index row) const {
    return {spectra.row(row).data(), spectra.points()};
  }
};

// Bands that overlap (`width` in distances between them); amounts of either sign, so that many end
// at 0.
Problem made_problem(Index points, Index count, Index rows, double width, double noise) {
  std::mt19937_64 random(3);
  std::normal_distribution<double> normal;
  Problem out;
  out.columns.points = points;
  for (Index k = 0; k < count; ++k) {
    for (Index i = 0; i < points; ++i) {
      const double t =
          static_cast<double>(i) * static_cast<double>(count + 1) / static_cast<double>(points);
      const double u = (t - static_cast<double>(k + 1)) / width;
      out.columns.values.push_back(static_cast<double>(k + 1) / (1 + u * u));
    }
  }
  std::vector<double> x;
  for (Index i = 0; i < points; ++i) {
    x.push_back(static_cast<double>(i));
  }
  out.spectra = SpectraMatrix::make(Axis::make(std::move(x), AxisKind::other, "point"), rows);
  for (Index r = 0; r < rows; ++r) {
    VectorXd amounts(count);
    for (double& amount : amounts) {
      amount = normal(random) + 0.3;
    }
    const VectorXd y = out.a() * amounts;
    for (Index i = 0; i < points; ++i) {
      out.spectra.row(r)[static_cast<std::size_t>(i)] = y[i] + noise * normal(random);
    }
  }
  return out;
}

VectorXd amounts_of(const NnlsResult& result, Index row) {
  return Eigen::Map<const VectorXd>(result.row(row).data(), result.columns);
}

// What the docstring promises, for every spectrum.
void expect_optimal(const Problem& problem, const NnlsResult& result) {
  for (Index r = 0; r < problem.spectra.rows(); ++r) {
    const VectorXd x = amounts_of(result, r);
    const VectorXd rest = problem.y(r) - problem.a() * x;
    const VectorXd gain = problem.a().transpose() * rest;
    for (Index k = 0; k < x.size(); ++k) {
      const bool is_plain = result.status[static_cast<std::size_t>(r)] == NnlsStatus::converged;
      const double scale =
          (is_plain ? 1e-9 : 1e-7) * problem.a().col(k).norm() * problem.y(r).norm();
      EXPECT_GE(x[k], 0);
      EXPECT_LE(gain[k], scale) << "spectrum " << r << ", column " << k;
      if (x[k] > 0) {
        EXPECT_GE(gain[k], -scale) << "spectrum " << r << ", column " << k;
      }
    }
    EXPECT_NEAR(result.residual_norm[static_cast<std::size_t>(r)],
                rest.norm(),
                1e-12 * problem.y(r).norm());
  }
}

TEST(Nnls, AgreesWithLawsonAndHanson) {
  for (const Index count : {1, 3, 8, 13, 20}) {
    for (const Index points : {40, 203}) {
      for (const double width : {0.3, 1.0}) {
        const auto problem = made_problem(points, count, 40, width, 0.2);
        const auto result = solve_nnls(problem.columns, problem.spectra, 1);
        expect_optimal(problem, result);
        for (Index r = 0; r < 40; ++r) {
          const VectorXd expected = oracle::lawson_hanson(problem.a(), problem.y(r));
          EXPECT_LT((amounts_of(result, r) - expected).norm(), 1e-7 * (1 + expected.norm()))
              << count << " columns, " << points << " points, spectrum " << r;
          EXPECT_EQ(result.status[static_cast<std::size_t>(r)], NnlsStatus::converged);
        }
      }
    }
  }
}

TEST(Nnls, IsOptimalForColumnsThatNearlyDepend) {
  for (const double width : {3.0, 10.0, 30.0}) {
    const auto problem = made_problem(150, 8, 60, width, 1e-3);
    expect_optimal(problem, solve_nnls(problem.columns, problem.spectra, 1));
  }
}

TEST(Nnls, RepeatedAndZeroColumnsGiveTheSameFit) {
  auto problem = made_problem(120, 5, 30, 0.7, 0.1);
  const auto plain = solve_nnls(problem.columns, problem.spectra, 1);
  auto& values = problem.columns.values;
  const std::vector<double> twin(values.begin() + 120, values.begin() + 240);
  values.insert(values.end(), twin.begin(), twin.end());
  values.insert(values.end(), 120, 0.0);
  const auto result = solve_nnls(problem.columns, problem.spectra, 1);
  expect_optimal(problem, result);
  for (std::size_t r = 0; r < 30; ++r) {
    EXPECT_EQ(result.status[r], NnlsStatus::rank_deficient);
    EXPECT_NEAR(result.residual_norm[r], plain.residual_norm[r], 1e-9 * plain.residual_norm[r]);
    EXPECT_EQ(result.row(static_cast<Index>(r))[6], 0);
  }
}

TEST(Nnls, MoreColumnsThanPointsIsAnswered) {
  const auto problem = made_problem(6, 9, 20, 0.8, 0.1);
  const auto result = solve_nnls(problem.columns, problem.spectra, 1);
  expect_optimal(problem, result);
  EXPECT_EQ(result.status[0], NnlsStatus::rank_deficient);
}

TEST(Nnls, NegativeZeroAndExtremeSpectra) {
  auto problem = made_problem(64, 4, 6, 0.5, 0.0);
  const auto fill = [&](Index row, double value) {
    for (double& y : problem.spectra.row(row)) {
      y = value;
    }
  };
  fill(0, 0.0);
  fill(1, -3.0);
  problem.spectra.row(2)[7] = std::nan("");
  problem.spectra.row(3)[63] = std::numeric_limits<double>::infinity();
  for (double& y : problem.spectra.row(4)) {
    y *= 1e200;
  }
  const auto result = solve_nnls(problem.columns, problem.spectra, 1);
  EXPECT_EQ(amounts_of(result, 0).norm(), 0);
  EXPECT_EQ(amounts_of(result, 1).norm(), 0);
  EXPECT_DOUBLE_EQ(result.residual_norm[1], 24);
  for (const Index bad : {2, 3}) {
    EXPECT_EQ(result.status[static_cast<std::size_t>(bad)], NnlsStatus::not_finite);
    EXPECT_TRUE(std::isnan(result.row(bad)[0]));
  }
  EXPECT_EQ(result.status[4], NnlsStatus::converged);
  EXPECT_TRUE(std::isfinite(result.residual_norm[4]));
  EXPECT_EQ(result.status[5], NnlsStatus::converged);
}

TEST(Nnls, SameBitsAloneReorderedAndInThreads) {
  const auto problem = made_problem(101, 9, 150, 0.9, 0.1);
  const auto batch = solve_nnls(problem.columns, problem.spectra, 1);
  const auto threads = solve_nnls(problem.columns, problem.spectra, 3);
  EXPECT_EQ(batch.amounts, threads.amounts);
  EXPECT_EQ(batch.residual_norm, threads.residual_norm);
  for (Index r = 0; r < 150; r += 7) {
    auto alone = SpectraMatrix::make(problem.spectra.axis, 1);
    const auto from = problem.spectra.row(r);
    std::copy(from.begin(), from.end(), alone.values.begin());
    const auto single = solve_nnls(problem.columns, alone, 1);
    EXPECT_TRUE(std::equal(single.row(0).begin(), single.row(0).end(), batch.row(r).begin())) << r;
  }
}

TEST(Nnls, ColumnsThatDoNotFitAreRefused) {
  auto problem = made_problem(30, 3, 2, 0.5, 0.1);
  auto columns = problem.columns;
  columns.values[4] = std::nan("");
  EXPECT_THROW(solve_nnls(columns, problem.spectra, 1), Error);
  columns = problem.columns;
  columns.points = 15;
  EXPECT_THROW(solve_nnls(columns, problem.spectra, 1), Error);
  EXPECT_THROW(solve_nnls(Columns{30, {}}, problem.spectra, 1), Error);
}

TEST(BoundedSolver, ManyRandomProblemsEndAtTheirMinimum) {
  std::mt19937_64 random(17);
  std::normal_distribution<double> normal;
  for (int attempt = 0; attempt < 400; ++attempt) {
    const Index count = 2 + attempt % 30;
    MatrixXd root(count + 1, count);
    for (double& value : root.reshaped()) {
      value = normal(random);
    }
    const MatrixXd h = root.transpose() * root + 1e-6 * MatrixXd::Identity(count, count);
    VectorXd g(count);
    std::vector<double> lower;
    for (double& value : g) {
      value = normal(random);
      lower.push_back(attempt % 3 == 0 ? 0 : 0.3 * normal(random));
    }
    std::vector<char> is_free(static_cast<std::size_t>(count), static_cast<char>(attempt % 2));
    kernels::BoundedSolver solver(h, g, lower);
    const auto& solution = solver.solve(is_free);
    ASSERT_TRUE(solution.is_converged);
    const VectorXd gradient = h * solution.x - g;
    for (Index i = 0; i < count; ++i) {
      const double scale = 1e-8 * std::sqrt(h(i, i)) * (1 + solution.x.norm());
      const double low = lower[static_cast<std::size_t>(i)];
      EXPECT_GE(solution.x[i], low - scale);
      EXPECT_GE(gradient[i], -10 * scale);
      if (solution.x[i] > low + scale) {
        EXPECT_LE(gradient[i], 10 * scale);
      }
    }
  }
}

}  // namespace
}  // namespace calcispec
