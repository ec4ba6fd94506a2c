#include "core/mixture_private.hpp"

#include "core/decomposition.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

namespace calcispec::detail {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;

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

// Mean square of what is above 0 of a normal distribution.
double cut_normal_square(double mean, double variance) {
  const double sd = std::sqrt(variance);
  const double z = -mean / sd;
  if (z > 20) {
    return 2 * variance / (z * z);  // an exponential tail of mean sd / z
  }
  const double above = 0.5 * std::erfc(z / std::numbers::sqrt2);
  const double density = std::exp(-0.5 * z * z) / std::sqrt(2 * std::numbers::pi);
  return mean * mean + variance + mean * sd * density / above;
}

// The background alone, the free columns eliminated, in the basis where every stiffness is
// diagonal.
class StiffnessCurve {
 public:
  StiffnessCurve(const NormalEquations& normal,
                 const Penalty& penalty,
                 const std::vector<double>& lower,
                 const std::vector<char>& is_free) {
    std::vector<Index> free;
    VectorXd held = VectorXd::Zero(normal.c.size());
    for (Index i = 0; i < normal.c.size(); ++i) {
      if (is_free[static_cast<std::size_t>(i)] != 0) {
        free.push_back(i);
      } else {
        held[i] = lower[static_cast<std::size_t>(i)];
      }
    }
    MatrixXd information = normal.bb;
    VectorXd right = normal.b - normal.bc * held;
    const VectorXd shifted = normal.c - normal.cc * held;
    objective_ = normal.yy - 2 * normal.c.dot(held) + held.dot(normal.cc * held);
    if (!free.empty()) {
      eliminate(normal, free, shifted, information, right);
    }
    penalised_ = static_cast<double>(penalty.matrix.rows() - penalty.free_directions);
    freedom_ = std::max(1.0,
                        static_cast<double>(normal.used_points) - static_cast<double>(free.size()) -
                            static_cast<double>(penalty.free_directions));
    information.diagonal().array() += 1e-11 * information.trace();
    const Cholesky factor(information);
    is_usable_ = is_usable_ && factor.is_positive();
    if (!is_usable_) {
      return;
    }
    const MatrixXd half = factor.solve_lower(penalty.matrix);
    const auto eigen = symmetric_eigen(factor.solve_lower(half.transpose()));
    rates_ = eigen.values.cwiseMax(0);
    rates_.head(penalty.free_directions).setZero();
    power_ = (eigen.vectors.transpose() * factor.solve_lower(right)).cwiseAbs2();
  }

  [[nodiscard]] bool is_usable() const { return is_usable_; }

  /// -2 log marginal likelihood, constants left out.
  [[nodiscard]] double at(double stiffness) const {
    const Eigen::ArrayXd grown = 1 + stiffness * rates_.array();
    const double objective = std::max(objective_ - (power_.array() / grown).sum(), 1e-300);
    return freedom_ * std::log(objective) + grown.log().sum() - penalised_ * std::log(stiffness);
  }

 private:
  void eliminate(const NormalEquations& normal,
                 const std::vector<Index>& free,
                 const VectorXd& shifted,
                 MatrixXd& information,
                 VectorXd& right) {
    const auto count = static_cast<Index>(free.size());
    MatrixXd coupling(count, normal.bb.rows());
    VectorXd own(count);
    for (Index i = 0; i < count; ++i) {
      coupling.row(i) = normal.bc.col(free[static_cast<std::size_t>(i)]).transpose();
      own[i] = shifted[free[static_cast<std::size_t>(i)]];
    }
    const Cholesky block(select(normal.cc, free));
    if (!block.is_positive()) {
      is_usable_ = false;
      return;
    }
    coupling = block.solve_lower(coupling);
    own = block.solve_lower(own);
    information.noalias() -= coupling.transpose() * coupling;
    right.noalias() -= coupling.transpose() * own;
    objective_ -= own.squaredNorm();
  }

  bool is_usable_ = true;
  double objective_ = 0;
  double penalised_ = 0;
  double freedom_ = 1;
  VectorXd rates_;
  VectorXd power_;
};

// Power iteration; a condition number is read by its order of magnitude.
double largest_eigenvalue(const MatrixXd& matrix) {
  VectorXd v = VectorXd::LinSpaced(matrix.rows(), 1, 1.5);
  double value = 0;
  for (int k = 0; k < 12; ++k) {
    const VectorXd w = matrix * v;
    value = w.norm() / std::max(v.norm(), 1e-300);
    v = w / std::max(w.norm(), 1e-300);
  }
  return value;
}

}  // namespace

Index interval_count(const BackgroundOptions& options, double range) {
  const double spacing = options.knot_spacing > 0 ? options.knot_spacing : range / 24;
  return std::clamp<Index>(static_cast<Index>(std::llround(range / spacing)), 1, 200);
}

void add_prior(const std::vector<PriorRow>& prior, NormalEquations& normal) {
  for (const auto& row : prior) {
    for (const auto& [i, a] : row.terms) {
      normal.c[i] += row.precision * a * row.target;
      for (const auto& [j, b] : row.terms) {
        normal.cc(i, j) += row.precision * a * b;
      }
    }
    normal.yy += row.precision * row.target * row.target;
  }
}

void add_ridge(NormalEquations& normal) {
  for (Index i = 0; i < normal.cc.rows(); ++i) {
    normal.cc(i, i) += 1e-10 * normal.cc(i, i) + std::numeric_limits<double>::min();
    if (normal.cc(i, i) < 1e-30) {
      normal.cc(i, i) = 1;  // a column without data and prior stays at 0
    }
  }
}

Reduced solve_at(const NormalEquations& normal,
                 const Penalty& penalty,
                 const std::vector<double>& lower,
                 double stiffness,
                 std::vector<char>& is_free) {
  Reduced reduced;
  VectorXd right = normal.c;
  reduced.schur = normal.cc;
  if (penalty.matrix.rows() > 0) {
    MatrixXd bb = normal.bb + stiffness * penalty.matrix;
    bb.diagonal() *= 1 + 1e-12;
    reduced.background_factor = Cholesky(std::move(bb));
    if (!reduced.background_factor.is_positive()) {
      return reduced;
    }
    if (normal.bc.cols() > 0) {
      const VectorXd half_b = reduced.background_factor.solve_lower(normal.b);
      const MatrixXd half = reduced.background_factor.solve_lower(normal.bc);
      reduced.schur.noalias() -= half.transpose() * half;
      right.noalias() -= half.transpose() * half_b;
    }
  }
  reduced.solution = kernels::BoundedSolver(reduced.schur, right, lower).solve(is_free);
  reduced.right = right;
  reduced.is_usable = !reduced.solution.is_singular;
  return reduced;
}

StiffnessChoice choose_stiffness(const NormalEquations& normal,
                                 const Penalty& penalty,
                                 const std::vector<double>& lower,
                                 std::vector<char>& is_free) {
  const double scale = normal.bb.trace() / static_cast<double>(normal.bb.rows());
  constexpr double step = 0.25;  // of the exponent of ten, from 8 to -4
  constexpr int steps = 48;
  StiffnessChoice choice;
  double best_exponent = 0;
  // The set of free columns depends on the stiffness and the other way round: where nothing is
  // known of it, two rounds settle it.
  const bool is_new = std::find(is_free.begin(), is_free.end(), char{0}) == is_free.end();
  for (int round = 0; round < (is_new ? 2 : 1); ++round) {
    const StiffnessCurve curve(normal, penalty, lower, is_free);
    double best = std::numeric_limits<double>::infinity();
    for (int k = 0; curve.is_usable() && k <= steps; ++k) {
      const double exponent = 8 - k * step;
      const double value = curve.at(scale * std::pow(10.0, exponent));
      if (value < best) {
        best = value;
        best_exponent = exponent;
      }
    }
    choice.stiffness = scale * std::pow(10.0, best_exponent);
    const auto start = is_free;
    choice.reduced = solve_at(normal, penalty, lower, choice.stiffness, is_free);
    if (!choice.reduced.is_usable || is_free == start) {
      break;
    }
  }
  return choice;
}

Uncertainty uncertainty_of(const Reduced& reduced) {
  const auto& free = reduced.solution.free;
  const Index columns = reduced.schur.rows();
  Uncertainty out;
  out.covariance = MatrixXd::Zero(columns, columns);
  out.variance.assign(static_cast<std::size_t>(columns), -1.0);
  const MatrixXd block = select(reduced.schur, free);
  MatrixXd inverse = MatrixXd::Identity(block.rows(), block.cols());
  if (!free.empty()) {
    inverse = Cholesky(block).solve(inverse);
  }
  for (std::size_t j = 0; j < free.size(); ++j) {
    const auto column = static_cast<Index>(j);
    out.variance[static_cast<std::size_t>(free[j])] = inverse(column, column);
    for (std::size_t i = 0; i < free.size(); ++i) {
      out.covariance(free[i], free[j]) = inverse(static_cast<Index>(i), column);
    }
  }
  VectorXd link(block.rows());
  for (Index i = 0; i < columns; ++i) {
    double& variance = out.variance[static_cast<std::size_t>(i)];
    if (variance >= 0) {
      continue;
    }
    for (std::size_t j = 0; j < free.size(); ++j) {
      link[static_cast<Index>(j)] = reduced.schur(free[j], i);
    }
    const double shared = free.empty() ? 0 : link.dot(inverse * link);
    variance = 1 / std::max(reduced.schur(i, i) - shared, 1e-12 * reduced.schur(i, i));
  }
  return out;
}

MatrixXd covariance_beyond_bounds(const Reduced& reduced,
                                  const Uncertainty& uncertainty,
                                  Index count) {
  MatrixXd out = uncertainty.covariance;
  std::vector<char> is_free(static_cast<std::size_t>(reduced.schur.rows()), 0);
  for (const Index i : reduced.solution.free) {
    is_free[static_cast<std::size_t>(i)] = 1;
  }
  for (Index k = 0; k < count; ++k) {
    if (is_free[static_cast<std::size_t>(k)] != 0) {
      continue;
    }
    const double variance = uncertainty.variance[static_cast<std::size_t>(k)];
    if (!(variance > 0) || !std::isfinite(variance)) {
      continue;  // a column without a say
    }
    const double pull = reduced.right[k] - reduced.schur.row(k).dot(reduced.solution.x);
    const double square = cut_normal_square(variance * pull, variance);
    VectorXd change = -uncertainty.covariance * reduced.schur.col(k);
    change[k] = 1;
    out.noalias() += square * change * change.transpose();
  }
  return out;
}

double condition_number(const Reduced& reduced, const Uncertainty& uncertainty) {
  const auto& free = reduced.solution.free;
  if (free.empty()) {
    return 1;
  }
  const MatrixXd block = select(reduced.schur, free);
  const MatrixXd inverse = select(uncertainty.covariance, free);
  const VectorXd scale = block.diagonal().cwiseMax(1e-300).cwiseSqrt();
  return largest_eigenvalue(scale.cwiseInverse().asDiagonal() * block *
                            scale.cwiseInverse().asDiagonal()) *
         largest_eigenvalue(scale.asDiagonal() * inverse * scale.asDiagonal());
}

}  // namespace calcispec::detail
