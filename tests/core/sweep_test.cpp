// SweepSolver against BoundedSolver, and its changes against solving anew.
#include "core/kernels/sweep.hpp"

#include "core/decomposition.hpp"
#include "core/kernels/bounded_solve.hpp"

#include <Eigen/Core>
#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace calcispec {
namespace {

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
    const Eigen::MatrixXd inverse =
        solve_symmetric(block, Eigen::MatrixXd::Identity(block.rows(), block.cols()));
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
    solver.start_from(solved, 1);
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
    for (Index i = 0; i < count; ++i) {
      EXPECT_EQ(solver.is_free(i), fresh.is_free(i)) << count << " " << i;
      EXPECT_NEAR(solver.x(i), fresh.x(i), 1e-9) << count << " " << i;
      for (Index j = 0; j < count; ++j) {
        EXPECT_NEAR(solver.covariance(i, j), fresh.covariance(i, j), 1e-9);
      }
    }
    kernels::SweepSolver equations_again;
    load(equations, count, equations_again);
    const double condition = fresh.condition_number(equations_again);
    load(equations, count, equations_again);
    EXPECT_NEAR(std::log(solver.condition_number(equations_again) / condition), 0, 0.5);
  }
}

// Many variables appended, some taken out, their places given up, and more appended where they
// were.
TEST(SweepSolver, GoesOnWhereGapsWereClosed) {
  constexpr Index count = 60;
  const auto equations = random_equations(count, 3);
  kernels::SweepSolver solver;
  load(equations, 9, solver);
  std::vector<char> is_free(9, 1);
  ASSERT_TRUE(solver.solve(std::vector<char>(9, 1), is_free));
  const auto append = [&](const std::vector<Index>& before, Index from, Index added) {
    Eigen::MatrixXd h(static_cast<Index>(before.size()) + added, added);
    for (Index c = 0; c < added; ++c) {
      for (std::size_t i = 0; i < before.size(); ++i) {
        h(static_cast<Index>(i), c) = equations.h(before[i], from + c);
      }
      h.col(c).tail(added) = equations.h.col(from + c).segment(from, added);
    }
    const std::vector<char> all(static_cast<std::size_t>(added), 1);
    return solver.append(h, equations.g.segment(from, added), all, all) && solver.settle();
  };
  std::vector<Index> kept(9);
  for (std::size_t i = 0; i < kept.size(); ++i) {
    kept[i] = static_cast<Index>(i);
  }
  ASSERT_TRUE(append(kept, 9, 31));
  std::vector<Index> dropped;
  kept.clear();
  for (Index i = 0; i < 40; ++i) {
    (i % 3 == 1 ? dropped : kept).push_back(i);
  }
  ASSERT_TRUE(solver.drop(dropped));
  const auto place = solver.close_gaps();
  ASSERT_EQ(place.size(), 40U);
  for (std::size_t i = 0; i < kept.size(); ++i) {
    EXPECT_EQ(place[static_cast<std::size_t>(kept[i])], static_cast<Index>(i));
  }
  EXPECT_EQ(place[1], -1);
  EXPECT_EQ(solver.count(), static_cast<Index>(kept.size()));
  ASSERT_TRUE(append(kept, 40, 20));
  for (Index i = 40; i < count; ++i) {
    kept.push_back(i);
  }
  kernels::SweepSolver fresh;
  const auto left = static_cast<Index>(kept.size());
  fresh.reset(left);
  for (Index j = 0; j < left; ++j) {
    fresh.g(j) = equations.g[kept[static_cast<std::size_t>(j)]];
    for (Index i = j; i < left; ++i) {
      fresh.h(i, j) =
          equations.h(kept[static_cast<std::size_t>(i)], kept[static_cast<std::size_t>(j)]);
    }
  }
  std::vector<char> start(kept.size(), 1);
  ASSERT_TRUE(fresh.solve(std::vector<char>(kept.size(), 1), start));
  Eigen::VectorXd v(left);
  double variance = 0;
  for (Index i = 0; i < left; ++i) {
    EXPECT_NEAR(solver.x(i), fresh.x(i), 1e-9) << i;
    v[i] = std::sin(static_cast<double>(i));
  }
  for (Index i = 0; i < left; ++i) {
    for (Index j = 0; j < left; ++j) {
      EXPECT_NEAR(solver.covariance(i, j), fresh.covariance(i, j), 1e-9);
      variance += v[i] * v[j] * fresh.covariance(i, j);
    }
  }
  EXPECT_NEAR(solver.variance_along(v) / variance, 1, 1e-9);
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

}  // namespace
}  // namespace calcispec
