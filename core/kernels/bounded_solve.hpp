// Quadratic problem with lower bounds: minimise x'Hx/2 - g'x, x >= lower, H positive definite.
#pragma once

#include "core/export.hpp"

#include <Eigen/Cholesky>
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
/// exchange as the fallback that cannot cycle. `is_free` is the start and the result.
/// Cost: one Cholesky factorisation of the free block per exchange, usually 3-10.
class BoundedSolver {
 public:
  BoundedSolver(const Eigen::MatrixXd& h,
                const Eigen::VectorXd& g,
                const std::vector<double>& lower)
      : h_(h), g_(g), lower_(lower) {}

  BoundedSolution solve(std::vector<char>& is_free) {
    const Index count = g_.size();
    Index best = count + 1;
    int patience = 3;
    for (int iteration = 0; iteration < 20 + 3 * static_cast<int>(count); ++iteration) {
      if (!solve_free(is_free)) {
        solution_.is_singular = true;
        return solution_;
      }
      const std::vector<Index> wrong = find_wrong(is_free);
      const auto wrong_count = static_cast<Index>(wrong.size());
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
      exchange(wrong, patience >= 0, is_free);
    }
    return solution_;
  }

 private:
  bool solve_free(const std::vector<char>& is_free) {
    const Index count = g_.size();
    solution_.free.clear();
    solution_.x = Eigen::VectorXd::Zero(count);
    for (Index i = 0; i < count; ++i) {
      if (is_free[static_cast<std::size_t>(i)] != 0) {
        solution_.free.push_back(i);
      } else {
        solution_.x[i] = lower_[static_cast<std::size_t>(i)];
      }
    }
    const auto free_count = static_cast<Index>(solution_.free.size());
    gradient_ = h_ * solution_.x - g_;
    if (free_count == 0) {
      return true;
    }
    Eigen::MatrixXd block(free_count, free_count);
    Eigen::VectorXd right(free_count);
    for (Index j = 0; j < free_count; ++j) {
      const Index column = solution_.free[static_cast<std::size_t>(j)];
      right[j] = -gradient_[column];
      for (Index i = j; i < free_count; ++i) {
        block(i, j) = h_(solution_.free[static_cast<std::size_t>(i)], column);
      }
    }
    const Eigen::LLT<Eigen::MatrixXd, Eigen::Lower> factor(block);
    if (factor.info() != Eigen::Success) {
      return false;
    }
    const Eigen::VectorXd values = factor.solve(right);
    for (Index j = 0; j < free_count; ++j) {
      solution_.x[solution_.free[static_cast<std::size_t>(j)]] = values[j];
    }
    gradient_ = h_ * solution_.x - g_;
    return values.allFinite();
  }

  // Free variables below their bound, and bound ones whose gradient asks them to rise.
  [[nodiscard]] std::vector<Index> find_wrong(const std::vector<char>& is_free) const {
    std::vector<Index> wrong;
    for (Index i = 0; i < g_.size(); ++i) {
      const double scale = std::sqrt(h_(i, i));
      const double low = lower_[static_cast<std::size_t>(i)];
      const bool free = is_free[static_cast<std::size_t>(i)] != 0;
      const bool below = free && (solution_.x[i] - low) * scale < -1e-10;
      const bool rising = !free && gradient_[i] < -1e-9 * scale;
      if (below || rising) {
        wrong.push_back(i);
      }
    }
    return wrong;
  }

  static void exchange(const std::vector<Index>& wrong, bool all, std::vector<char>& is_free) {
    const auto flip = [&](Index i) {
      auto& flag = is_free[static_cast<std::size_t>(i)];
      flag = flag != 0 ? char{0} : char{1};
    };
    if (!all) {
      flip(wrong.back());
      return;
    }
    for (const Index i : wrong) {
      flip(i);
    }
  }

  const Eigen::MatrixXd& h_;
  const Eigen::VectorXd& g_;
  const std::vector<double>& lower_;
  Eigen::VectorXd gradient_;
  BoundedSolution solution_;
};

}  // namespace calcispec::kernels
