#include "core/mixture.hpp"

#include "core/error.hpp"
#include "core/kernels/bounded_solve.hpp"
#include "core/kernels/spline_basis.hpp"

#include <Eigen/Eigenvalues>

#include <algorithm>
#include <cmath>
#include <limits>

namespace calcispec {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

// Weighted normal equations of [columns, background]; the data enter only here.
struct NormalEquations {
  MatrixXd cc;  // columns x columns, prior rows included
  MatrixXd bc;  // background x columns
  MatrixXd bb;
  VectorXd c;
  VectorXd b;
  double yy = 0;  // prior targets included
  Index used_points = 0;
};

struct Background {
  MatrixXd basis;    // points x coefficients, empty without a background
  MatrixXd penalty;  // coefficients x coefficients
};

Background make_background(const MixtureProblem& problem) {
  Background background;
  if (!problem.background.is_present) {
    return background;
  }
  const double range = problem.x.back() - problem.x.front();
  const double spacing =
      problem.background.knot_spacing > 0 ? problem.background.knot_spacing : range / 24;
  const Index intervals =
      std::clamp<Index>(static_cast<Index>(std::llround(range / spacing)), 1, 200);
  background.basis = kernels::spline_basis(problem.x, intervals);
  background.penalty = kernels::second_difference_penalty(intervals + 3);
  return background;
}

void add_prior(const MixtureProblem& problem, NormalEquations& normal) {
  for (const auto& row : problem.prior) {
    for (const auto& [i, a] : row.terms) {
      normal.c[i] += row.precision * a * row.target;
      for (const auto& [j, b] : row.terms) {
        normal.cc(i, j) += row.precision * a * b;
      }
    }
    normal.yy += row.precision * row.target * row.target;
  }
}

NormalEquations make_normal(const MixtureProblem& problem, const Background& background) {
  const auto points = static_cast<Index>(problem.y.size());
  const Index columns = problem.columns->count();
  const Index splines = background.basis.cols();
  MatrixXd weighted(points, columns + splines + 1);
  VectorXd root_weight(points);
  NormalEquations normal;
  for (Index i = 0; i < points; ++i) {
    const double sigma = problem.sigma[static_cast<std::size_t>(i)];
    root_weight[i] = sigma > 0 ? 1 / sigma : 0;
    normal.used_points += sigma > 0 ? 1 : 0;
    weighted(i, columns + splines) = sigma > 0 ? problem.y[static_cast<std::size_t>(i)] / sigma : 0;
  }
  const Eigen::Map<const MatrixXd> dense(problem.columns->values.data(), points, columns);
  weighted.leftCols(columns) = root_weight.asDiagonal() * dense;
  weighted.middleCols(columns, splines) = root_weight.asDiagonal() * background.basis;
  MatrixXd gram = MatrixXd::Zero(weighted.cols(), weighted.cols());
  gram.selfadjointView<Eigen::Lower>().rankUpdate(weighted.transpose());
  gram.triangularView<Eigen::StrictlyUpper>() = gram.transpose();
  normal.cc = gram.topLeftCorner(columns, columns);
  normal.bc = gram.block(columns, 0, splines, columns);
  normal.bb = gram.block(columns, columns, splines, splines);
  normal.c = gram.block(0, columns + splines, columns, 1);
  normal.b = gram.block(columns, columns + splines, splines, 1);
  normal.yy = gram(columns + splines, columns + splines);
  add_prior(problem, normal);
  // A trace of ridge keeps equal columns solvable without moving any answer.
  for (Index i = 0; i < columns; ++i) {
    normal.cc(i, i) += 1e-10 * normal.cc(i, i) + std::numeric_limits<double>::min();
    if (normal.cc(i, i) < 1e-30) {
      normal.cc(i, i) = 1;  // a column without data and prior stays at 0
    }
  }
  return normal;
}

// The problem at one stiffness, background eliminated.
struct Reduced {
  MatrixXd schur;  // columns x columns
  Eigen::LLT<MatrixXd> background_factor;
  kernels::BoundedSolution solution;
  double objective = 0;  // data, prior and penalty
  double criterion = 0;  // -2 log marginal likelihood, constants left out
  bool is_usable = false;
};

double log_determinant(const Eigen::LLT<MatrixXd>& factor) {
  return 2 * factor.matrixLLT().diagonal().array().log().sum();
}

MatrixXd select(const MatrixXd& full, const std::vector<Index>& kept) {
  const auto count = static_cast<Index>(kept.size());
  MatrixXd part(count, count);
  for (Index j = 0; j < count; ++j) {
    for (Index i = 0; i < count; ++i) {
      part(i, j) = full(kept[static_cast<std::size_t>(i)], kept[static_cast<std::size_t>(j)]);
    }
  }
  return part;
}

Reduced solve_at(const NormalEquations& normal,
                 const Background& background,
                 const std::vector<double>& lower,
                 double stiffness,
                 std::vector<char>& is_free) {
  Reduced reduced;
  VectorXd right = normal.c;
  reduced.schur = normal.cc;
  double background_part = 0;
  if (background.basis.cols() > 0) {
    MatrixXd bb = normal.bb + stiffness * background.penalty;
    bb.diagonal() *= 1 + 1e-12;
    reduced.background_factor.compute(bb);
    if (reduced.background_factor.info() != Eigen::Success) {
      return reduced;
    }
    const VectorXd half_b = reduced.background_factor.matrixL().solve(normal.b);
    if (normal.bc.cols() > 0) {
      const MatrixXd half = reduced.background_factor.matrixL().solve(normal.bc);
      reduced.schur.noalias() -= half.transpose() * half;
      right.noalias() -= half.transpose() * half_b;
    }
    background_part = half_b.squaredNorm();
  }
  reduced.solution = kernels::BoundedSolver(reduced.schur, right, lower).solve(is_free);
  if (reduced.solution.is_singular) {
    return reduced;
  }
  const VectorXd& x = reduced.solution.x;
  reduced.objective = normal.yy - background_part - 2 * right.dot(x) + x.dot(reduced.schur * x);
  reduced.objective = std::max(reduced.objective, 1e-300);
  reduced.is_usable = true;
  const auto free_count = static_cast<double>(reduced.solution.free.size());
  if (background.basis.cols() > 0) {
    // Restricted marginal likelihood with the noise scale profiled out: a misfit of the columns
    // then makes the background stiffer instead of letting it swallow the misfit.
    const auto penalised = static_cast<double>(background.basis.cols() - 2);
    const double freedom = std::max(1.0, static_cast<double>(normal.used_points) - free_count - 2);
    double columns_part = 0;
    if (free_count > 0) {
      const Eigen::LLT<MatrixXd> block(select(reduced.schur, reduced.solution.free));
      columns_part = log_determinant(block);
      for (const Index i : reduced.solution.free) {
        columns_part -= std::log(normal.cc(i, i));  // free of the columns' scale
      }
    }
    reduced.criterion = freedom * std::log(reduced.objective) + columns_part +
                        log_determinant(reduced.background_factor) -
                        penalised * std::log(stiffness);
  }
  return reduced;
}

// Coarse walk over powers of ten, then thirds around the best; returns the best stiffness.
double choose_stiffness(const NormalEquations& normal,
                        const Background& background,
                        const std::vector<double>& lower,
                        std::vector<char>& is_free) {
  const double scale = normal.bb.trace() / static_cast<double>(normal.bb.rows());
  double best_exponent = 0;
  double best = std::numeric_limits<double>::infinity();
  const auto consider = [&](double exponent) {
    const Reduced reduced =
        solve_at(normal, background, lower, scale * std::pow(10.0, exponent), is_free);
    if (reduced.is_usable && reduced.criterion < best) {
      best = reduced.criterion;
      best_exponent = exponent;
    }
  };
  for (int exponent = 5; exponent >= -4; --exponent) {
    consider(exponent);
  }
  const double middle = best_exponent;
  for (const double offset : {-0.66, -0.33, 0.33, 0.66}) {
    consider(middle + offset);
  }
  return scale * std::pow(10.0, best_exponent);
}

bool is_finite_input(const MixtureProblem& problem) {
  for (std::size_t i = 0; i < problem.y.size(); ++i) {
    if (problem.sigma[i] > 0 && !std::isfinite(problem.y[i])) {
      return false;
    }
  }
  return true;
}

void check(const MixtureProblem& problem) {
  require(problem.columns != nullptr, "the mixture problem has no columns");
  require(problem.x.size() == problem.y.size() && problem.x.size() == problem.sigma.size(),
          "axis, ordinate and sigma of a mixture differ in length");
  require(problem.y.size() >= 4, "a mixture needs at least 4 points");
  require(problem.columns->count() == 0 ||
              problem.columns->points == static_cast<Index>(problem.y.size()),
          "the columns of a mixture and its ordinate differ in length");
  require(static_cast<Index>(problem.lower.size()) == problem.columns->count(),
          "a mixture needs one lower bound per column");
}

double condition_of(const MatrixXd& block) {
  if (block.rows() == 0) {
    return 1;
  }
  const VectorXd scale = block.diagonal().cwiseMax(1e-300).cwiseSqrt().cwiseInverse();
  const Eigen::SelfAdjointEigenSolver<MatrixXd> eigen(
      scale.asDiagonal() * block * scale.asDiagonal(), Eigen::EigenvaluesOnly);
  return eigen.eigenvalues().maxCoeff() / std::max(eigen.eigenvalues().minCoeff(), 1e-16);
}

void fill_covariance(const Reduced& reduced, Index columns, MixtureSolution& solution) {
  const auto& free = reduced.solution.free;
  solution.covariance.assign(static_cast<std::size_t>(columns * columns), 0.0);
  solution.is_at_bound.assign(static_cast<std::size_t>(columns), true);
  const MatrixXd block = select(reduced.schur, free);
  MatrixXd inverse = MatrixXd::Identity(block.rows(), block.cols());
  if (!free.empty()) {
    block.llt().solveInPlace(inverse);
  }
  for (std::size_t j = 0; j < free.size(); ++j) {
    solution.is_at_bound[static_cast<std::size_t>(free[j])] = false;
    for (std::size_t i = 0; i < free.size(); ++i) {
      solution.covariance[static_cast<std::size_t>(free[j] * columns + free[i])] =
          inverse(static_cast<Index>(i), static_cast<Index>(j));
    }
  }
  for (Index i = 0; i < columns; ++i) {
    const double own = solution.covariance[static_cast<std::size_t>(i * columns + i)];
    if (!solution.is_at_bound[static_cast<std::size_t>(i)]) {
      solution.variance.push_back(own);
      continue;
    }
    VectorXd link(block.rows());
    for (std::size_t j = 0; j < free.size(); ++j) {
      link[static_cast<Index>(j)] = reduced.schur(free[j], i);
    }
    const double shared = free.empty() ? 0 : link.dot(inverse * link);
    const double curvature = reduced.schur(i, i) - shared;
    solution.variance.push_back(1 / std::max(curvature, 1e-12 * reduced.schur(i, i)));
  }
  solution.condition_number = condition_of(block);
}

}  // namespace

MixtureSolution solve_mixture(const MixtureProblem& problem) {
  check(problem);
  MixtureSolution solution;
  const auto points = static_cast<Index>(problem.y.size());
  const Index columns = problem.columns->count();
  if (!is_finite_input(problem)) {
    return solution;
  }
  const Background background = make_background(problem);
  const NormalEquations normal = make_normal(problem, background);
  std::vector<char> is_free(static_cast<std::size_t>(columns), 1);
  double stiffness = problem.background.stiffness;
  if (background.basis.cols() > 0 && stiffness <= 0) {
    stiffness = choose_stiffness(normal, background, problem.lower, is_free);
  }
  const Reduced reduced = solve_at(normal, background, problem.lower, stiffness, is_free);
  if (!reduced.is_usable) {
    solution.status = MixtureStatus::singular;
    return solution;
  }
  solution.status =
      reduced.solution.is_converged ? MixtureStatus::converged : MixtureStatus::iteration_limit;
  solution.stiffness = stiffness;
  const VectorXd& x = reduced.solution.x;
  solution.amounts.assign(x.data(), x.data() + columns);
  const Eigen::Map<const MatrixXd> dense(problem.columns->values.data(), points, columns);
  const VectorXd fitted = dense * x;
  VectorXd smooth = VectorXd::Zero(points);
  solution.effective_parameters = static_cast<double>(reduced.solution.free.size());
  if (background.basis.cols() > 0) {
    smooth = background.basis * reduced.background_factor.solve(normal.b - normal.bc * x);
    const MatrixXd used = reduced.background_factor.solve(normal.bb);
    solution.effective_parameters += used.trace();
  }
  solution.fitted.assign(fitted.data(), fitted.data() + points);
  solution.background.assign(smooth.data(), smooth.data() + points);
  for (Index i = 0; i < points; ++i) {
    const double sigma = problem.sigma[static_cast<std::size_t>(i)];
    const double residual = problem.y[static_cast<std::size_t>(i)] - fitted[i] - smooth[i];
    solution.chi_square += sigma > 0 ? residual * residual / (sigma * sigma) : 0;
  }
  fill_covariance(reduced, columns, solution);
  return solution;
}

}  // namespace calcispec
