// Quadratic problem with bounds at 0 by sweeping: minimise x'Hx/2 - g'x, some x >= 0; its inverse
// comes with it, and it can be changed afterwards.
#pragma once

#include "core/kernels/sweep_table.hpp"

#include <Eigen/Core>

#include <algorithm>
#include <cmath>
#include <span>
#include <vector>

namespace calcispec::kernels {

/// The sweep operator (Goodnight, Am. Stat. 33 (1979) 149) on the normal equations scaled to a unit
/// diagonal. A variable joins or leaves the free set at the cost of one rank-one update, and the
/// inverse of the free block and the Schur complements of the others stand ready afterwards.
/// Exchanges are those of BoundedSolver.
///
/// What is solved may be changed: variables appended or dropped, terms added. settle() solves it
/// again.
///
/// Cost       n^3 multiplications for n free variables, n^2 per exchange, term or variable changed
class SweepSolver : public SweepTable {
 public:
  /// Zero equations for `count` variables.
  void reset(Index count) {
    SweepTable::reset(count);
    kind_.assign(static_cast<std::size_t>(count), Kind::bounded);
  }

  /// Goes on from what `other` has solved, with room for `more` variables.
  void start_from(const SweepSolver& other, Index more) {
    copy(other, more);
    kind_ = other.kind_;
    is_converged_ = other.is_converged_;
  }

  /// `is_bounded`: x >= 0. `is_free`: the start and the result. False where H is singular.
  bool solve(const std::vector<char>& is_bounded, std::vector<char>& is_free) {
    scale();
    wrong_.clear();
    for (Index i = 0; i < count_; ++i) {
      const auto at = static_cast<std::size_t>(i);
      kind_[at] = is_bounded[at] != 0 ? Kind::bounded : Kind::unbounded;
      if (is_bounded[at] == 0 || is_free[at] != 0) {
        wrong_.push_back(i);
      }
    }
    if (!sweep(wrong_) || !settle()) {
      return false;
    }
    is_free = is_free_;
    return true;
  }

  /// Exchanges variables until each is on the right side of its bound.
  bool settle() {
    is_converged_ = false;
    Index best = count_ + 1;
    int patience = 3;
    for (Index round = 0; round < 20 + 3 * count_; ++round) {
      find_wrong();
      const auto wrong = static_cast<Index>(wrong_.size());
      if (wrong == 0) {
        is_converged_ = true;
        return true;
      }
      patience = wrong < best ? 3 : patience - 1;
      best = std::min(best, wrong);
      if (!exchange(patience >= 0)) {
        return false;
      }
    }
    return true;
  }

  /// New variables: column c of `h` holds H for all variables, the new ones included, and the c-th
  /// new one; `g` is theirs. Those that are not bounded, and those of `is_free`, join the free set.
  bool append(const Eigen::MatrixXd& h,
              const Eigen::VectorXd& g,
              const std::vector<char>& is_bounded,
              const std::vector<char>& is_free) {
    const Index before = count_;
    const Index added = h.cols();
    // What the sweeps so far do to the new columns follows from their free part.
    const Index rows = padded_size();
    Eigen::VectorXd own(added);
    Eigen::MatrixXd free = Eigen::MatrixXd::Zero(rows, added);
    Eigen::MatrixXd passed(rows, added);
    for (Index c = 0; c < added; ++c) {
      own[c] = 1 / std::sqrt(std::max(h(before + c, c), 1e-300));
      for (Index i = 0; i < before; ++i) {
        free(i + 1, c) = this->is_free(i) ? h(i, c) * scale_[i + 1] * own[c] : 0;
      }
      multiply(free.col(c).data(), passed.col(c).data());
    }
    const Eigen::MatrixXd corner = free.transpose() * passed;
    grow(added);
    kind_.resize(static_cast<std::size_t>(count_), Kind::bounded);
    scale_.segment(before + 1, added) = own;
    wrong_.clear();
    for (Index c = 0; c < added; ++c) {
      const Index at = before + 1 + c;
      table_(at, 0) = g[c] * own[c] - passed(0, c);
      for (Index i = 1; i <= before; ++i) {
        const double bound = this->is_free(i - 1) ? 0 : h(i - 1, c) * scale_[i] * own[c];
        table_(at, i) = bound - passed(i, c);
      }
      for (Index d = c; d < added; ++d) {
        table_(before + 1 + d, at) = h(before + d, c) * own[c] * own[d] + corner(d, c);
      }
      const auto flag = static_cast<std::size_t>(c);
      kind_[static_cast<std::size_t>(before + c)] =
          is_bounded[flag] != 0 ? Kind::bounded : Kind::unbounded;
      if (is_bounded[flag] == 0 || is_free[flag] != 0) {
        wrong_.push_back(before + c);
      }
    }
    return sweep(wrong_);
  }

  /// Takes variables out for good; their places stay.
  bool drop(std::span<const Index> variables) {
    wrong_.clear();
    for (const Index i : variables) {
      kind_[static_cast<std::size_t>(i)] = Kind::dropped;
      if (is_free(i)) {
        wrong_.push_back(i);
      }
    }
    return sweep(wrong_);
  }

  /// Gives up the places of dropped variables; for each variable where it stands now, -1: nowhere.
  std::vector<Index> close_gaps() {
    std::vector<Index> place(static_cast<std::size_t>(count_), -1);
    std::vector<Index> kept = {0};  // rows of the table
    for (Index i = 0; i < count_; ++i) {
      const auto at = static_cast<std::size_t>(i);
      if (kind_[at] != Kind::dropped) {
        const auto now = kept.size() - 1;
        place[at] = static_cast<Index>(now);
        kind_[now] = kind_[at];
        kept.push_back(i + 1);
      }
    }
    if (static_cast<Index>(kept.size()) <= count_) {
      keep(kept);
      kind_.resize(static_cast<std::size_t>(count_));
    }
    return place;
  }

  [[nodiscard]] bool is_converged() const { return is_converged_; }
  /// Of the scaled free block, by power iteration: good for its order of magnitude. `equations`:
  /// the same ones, not solved; they are scaled.
  [[nodiscard]] double condition_number(SweepSolver& equations) const {
    equations.scale_ = scale_;
    equations.scale_table();
    return free_count() == 0 ? 1
                             : largest_eigenvalue(equations.table_) * largest_eigenvalue(table_);
  }

 private:
  enum class Kind : char { unbounded, bounded, dropped };

  void find_wrong() {
    wrong_.clear();
    for (Index i = 0; i < count_; ++i) {
      const double own = table_(i + 1, 0);
      const bool is_wrong = is_free(i) ? own < -1e-10 : own > 1e-9;
      if (kind_[static_cast<std::size_t>(i)] == Kind::bounded && is_wrong) {
        wrong_.push_back(i);
      }
    }
  }

  bool exchange(bool all) {
    if (!all) {
      wrong_ = {wrong_.back()};
    }
    return sweep(wrong_);
  }

  std::vector<Kind> kind_;
  std::vector<Index> wrong_;
  bool is_converged_ = false;
};

}  // namespace calcispec::kernels
