// Quadratic problem with lower bounds: minimise x'Hx/2 - g'x, x >= lower, H positive definite.
#pragma once

#include "core/decomposition.hpp"
#include "core/export.hpp"

#include <Eigen/Core>

#include <cmath>
#include <vector>

namespace calcispec::kernels {

struct BoundedSolution {
  Eigen::VectorXd x;
  std::vector<Index> free;  // indices of variables that are not at their bound, rising
  bool is_converged = false;
  bool is_singular = false;
};

/// Block principal pivoting (Judice & Pires, Computers Ops. Res. 21 (1994) 587) with Murty's single
/// exchange as the fallback that cannot cycle. `is_free` is the start and the result. The same
/// solver may be used again after g has changed; it then allocates nothing.
/// Cost: one Cholesky factorisation of the free block per exchange, usually 3-10.
class BoundedSolver {
 public:
  BoundedSolver(const Eigen::MatrixXd& h,
                const Eigen::VectorXd& g,
                const std::vector<double>& lower)
      : h_(h), g_(g), lower_(lower), block_(h.rows(), h.cols()), right_(h.rows()) {}

  const BoundedSolution& solve(std::vector<char>& is_free) {
    solution_.is_converged = false;
    solution_.is_singular = false;
    const Index count = g_.size();
    Index best = count + 1;
    int patience = 3;
    for (int iteration = 0; iteration < 20 + 3 * static_cast<int>(count); ++iteration) {
      if (!solve_free(is_free)) {
        solution_.is_singular = true;
        return solution_;
      }
      find_wrong(is_free);
      const auto wrong_count = static_cast<Index>(wrong_.size());
      if (wrong_count == 0) {
        solution_.is_converged = true;
        return solution_;
      }
      if (wrong_count < best) {
        best = wrong_count;
        patience = 3;
      } else {
        --patience;
      }
      exchange(patience >= 0, is_free);
    }
    return solution_;
  }

  /// Takes a correction of the free variables from a gradient computed more exactly elsewhere.
  void refine(const Eigen::VectorXd& gradient) {
    const auto count = static_cast<Index>(solution_.free.size());
    for (Index j = 0; j < count; ++j) {
      right_[j] = -gradient[solution_.free[static_cast<std::size_t>(j)]];
    }
    solve_factored(count);
    for (Index j = 0; j < count; ++j) {
      solution_.x[solution_.free[static_cast<std::size_t>(j)]] += right_[j];
    }
  }

  [[nodiscard]] const BoundedSolution& solution() const { return solution_; }

 private:
  bool solve_free(const std::vector<char>& is_free) {
    const Index count = g_.size();
    solution_.free.clear();
    solution_.x.setZero(count);
    for (Index i = 0; i < count; ++i) {
      if (is_free[static_cast<std::size_t>(i)] != 0) {
        solution_.free.push_back(i);
      } else {
        solution_.x[i] = lower_[static_cast<std::size_t>(i)];
      }
    }
    const auto free_count = static_cast<Index>(solution_.free.size());
    gradient_.noalias() = h_ * solution_.x - g_;
    if (free_count == 0) {
      return true;
    }
    for (Index j = 0; j < free_count; ++j) {
      const Index column = solution_.free[static_cast<std::size_t>(j)];
      right_[j] = -gradient_[column];
      for (Index i = j; i < free_count; ++i) {
        block_(i, j) = h_(solution_.free[static_cast<std::size_t>(i)], column);
      }
    }
    if (!factorize_in_place(block_.topLeftCorner(free_count, free_count))) {
      return false;
    }
    solve_factored(free_count);
    for (Index j = 0; j < free_count; ++j) {
      solution_.x[solution_.free[static_cast<std::size_t>(j)]] = right_[j];
    }
    gradient_.noalias() = h_ * solution_.x - g_;
    return right_.head(free_count).allFinite();
  }

  // right_ by the factor that block_ holds.
  void solve_factored(Index count) {
    const auto factor = block_.topLeftCorner(count, count).triangularView<Eigen::Lower>();
    factor.solveInPlace(right_.head(count));
    factor.transpose().solveInPlace(right_.head(count));
  }

  // Free variables below their bound, and bound ones whose gradient asks them to rise.
  void find_wrong(const std::vector<char>& is_free) {
    wrong_.clear();
    for (Index i = 0; i < g_.size(); ++i) {
      const double scale = std::sqrt(h_(i, i));
      const double low = lower_[static_cast<std::size_t>(i)];
      const bool free = is_free[static_cast<std::size_t>(i)] != 0;
      const bool below = free && (solution_.x[i] - low) * scale < -1e-10;
      const bool rising = !free && gradient_[i] < -1e-9 * scale;
      if (below || rising) {
        wrong_.push_back(i);
      }
    }
  }

  void exchange(bool all, std::vector<char>& is_free) const {
    const auto flip = [&](Index i) {
      auto& flag = is_free[static_cast<std::size_t>(i)];
      flag = flag != 0 ? char{0} : char{1};
    };
    if (!all) {
      flip(wrong_.back());
      return;
    }
    for (const Index i : wrong_) {
      flip(i);
    }
  }

  const Eigen::MatrixXd& h_;
  const Eigen::VectorXd& g_;
  const std::vector<double>& lower_;
  Eigen::MatrixXd block_;  // of H for the free variables, then its factor
  Eigen::VectorXd right_;
  Eigen::VectorXd gradient_;
  std::vector<Index> wrong_;
  BoundedSolution solution_;
};

}  // namespace calcispec::kernels
