#include "core/mixture.hpp"

#include "core/error.hpp"
#include "core/kernels/spline_basis.hpp"
#include "core/mixture_private.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace calcispec {
namespace {

using detail::NormalEquations;
using Eigen::MatrixXd;
using Eigen::VectorXd;

struct Background {
  MatrixXd basis;  // points x coefficients, empty without a background
  detail::Penalty penalty;
};

Background make_background(const MixtureProblem& problem) {
  Background background;
  if (!problem.background.is_present) {
    return background;
  }
  const Index intervals =
      detail::interval_count(problem.background, problem.x.back() - problem.x.front());
  const Index order = std::clamp<Index>(problem.background.penalty_order, 1, intervals + 2);
  background.basis = kernels::spline_basis(problem.x, intervals);
  background.penalty = {kernels::difference_penalty(intervals + 3, order), order};
  return background;
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
  detail::add_prior(problem.prior, normal);
  detail::add_ridge(normal);
  return normal;
}

bool is_finite_input(const MixtureProblem& problem) {
  for (std::size_t i = 0; i < problem.y.size(); ++i) {
    if (problem.sigma[i] > 0 && !std::isfinite(problem.y[i])) {
      return false;
    }
  }
  return true;
}

void check_mixture(const MixtureProblem& problem) {
  if (problem.columns == nullptr) {
    throw Error(ErrorCode::invalid_argument, "the mixture problem has no columns");
  }
  require(problem.x.size() == problem.y.size() && problem.x.size() == problem.sigma.size(),
          "axis, ordinate and sigma of a mixture differ in length");
  require(problem.y.size() >= 4, "a mixture needs at least 4 points");
  require(problem.columns->count() == 0 ||
              problem.columns->points == static_cast<Index>(problem.y.size()),
          "the columns of a mixture and its ordinate differ in length");
  require(static_cast<Index>(problem.lower.size()) == problem.columns->count(),
          "a mixture needs one lower bound per column");
}

}  // namespace

MixtureSolution solve_mixture(const MixtureProblem& problem) {
  check_mixture(problem);
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
  detail::Reduced reduced;
  if (background.basis.cols() > 0 && stiffness <= 0) {
    auto choice = detail::choose_stiffness(normal, background.penalty, problem.lower, is_free);
    stiffness = choice.stiffness;
    reduced = std::move(choice.reduced);
  } else {
    reduced = detail::solve_at(normal, background.penalty, problem.lower, stiffness, is_free);
  }
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
  const auto uncertainty = detail::uncertainty_of(reduced);
  solution.covariance.assign(uncertainty.covariance.data(),
                             uncertainty.covariance.data() + columns * columns);
  solution.is_at_bound.assign(static_cast<std::size_t>(columns), true);
  for (const Index i : reduced.solution.free) {
    solution.is_at_bound[static_cast<std::size_t>(i)] = false;
  }
  solution.variance = uncertainty.variance;
  solution.condition_number = detail::condition_number(reduced, uncertainty);
  return solution;
}

}  // namespace calcispec
