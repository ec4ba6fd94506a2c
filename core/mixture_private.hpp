// The parts of the joint solver that work on normal equations: stiffness, bounds, uncertainty.
#pragma once

#include "core/decomposition.hpp"
#include "core/kernels/bounded_solve.hpp"
#include "core/mixture.hpp"

#include <Eigen/Core>

namespace calcispec::detail {

/// Weighted normal equations of [columns, background]; the data enter only here.
struct NormalEquations {
  Eigen::MatrixXd cc;  // columns x columns, prior rows included
  Eigen::MatrixXd bc;  // background x columns
  Eigen::MatrixXd bb;
  Eigen::VectorXd c;
  Eigen::VectorXd b;
  double yy = 0;  // prior targets included
  Index used_points = 0;
};

/// Background: penalty on its coefficients and the number of directions it leaves free.
struct Penalty {
  Eigen::MatrixXd matrix;  // empty without a background
  Index free_directions = 0;
};

/// The problem at one stiffness, background eliminated.
struct Reduced {
  Eigen::MatrixXd schur;  // columns x columns
  Eigen::VectorXd right;
  Cholesky background_factor;  // of no size without a background
  kernels::BoundedSolution solution;
  bool is_usable = false;
};

struct StiffnessChoice {
  double stiffness = 0;
  Reduced reduced;
};

struct Uncertainty {
  Eigen::MatrixXd covariance;    // columns x columns, 0 where at a bound
  std::vector<double> variance;  // at a bound: what it would be if free
};

Index interval_count(const BackgroundOptions& options, double range);

void add_prior(const std::vector<PriorRow>& prior, NormalEquations& normal);
/// A trace of ridge keeps equal columns solvable without moving any answer.
void add_ridge(NormalEquations& normal);

Reduced solve_at(const NormalEquations& normal,
                 const Penalty& penalty,
                 const std::vector<double>& lower,
                 double stiffness,
                 std::vector<char>& is_free);

/// Stiffness of largest restricted marginal likelihood with the noise scale profiled out: a misfit
/// of the columns then makes the background stiffer instead of letting it swallow the misfit.
/// For a given set of free columns one eigendecomposition diagonalises the problem, after which
/// every stiffness costs O(coefficients). `is_free` is the start and the result.
StiffnessChoice choose_stiffness(const NormalEquations& normal,
                                 const Penalty& penalty,
                                 const std::vector<double>& lower,
                                 std::vector<char>& is_free);

Uncertainty uncertainty_of(const Reduced& reduced);
/// The covariance with what the first `count` columns, bounded by 0, leave open where they stand at
/// their bound: each is as a normal distribution cut off there, the others follow it.
Eigen::MatrixXd covariance_beyond_bounds(const Reduced& reduced,
                                         const Uncertainty& uncertainty,
                                         Index count);
/// Of the scaled matrix of the free columns, by power iteration: good for its order of magnitude.
double condition_number(const Reduced& reduced, const Uncertainty& uncertainty);

}  // namespace calcispec::detail
