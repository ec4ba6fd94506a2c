// Quadratic problem with bounds at 0 by sweeping: minimise x'Hx/2 - g'x, some x >= 0; its inverse
// comes with it.
#pragma once

#include "core/export.hpp"
#include "core/kernels/pack.hpp"

#include <Eigen/Core>

#include <algorithm>
#include <array>
#include <cmath>
#include <vector>

namespace calcispec::kernels {

/// The sweep operator (Goodnight, Am. Stat. 33 (1979) 149) on the normal equations scaled to a unit
/// diagonal. A variable joins or leaves the free set at the cost of one rank-one update, and the
/// inverse of the free block and the Schur complements of the others stand ready afterwards.
/// Exchanges are those of BoundedSolver.
///
/// Cost       n^3 multiplications for n free variables, n^2 per exchange
class SweepSolver {
 public:
  /// Zero equations for `count` variables.
  void reset(Index count) {
    count_ = count;
    // The right-hand side is the last row and column; columns are worked on in pairs.
    const Index padded = (count + 8) / 8 * 8;
    table_.setZero(padded, (count + 2) / 2 * 2);
    is_free_.assign(static_cast<std::size_t>(count), 0);
  }

  [[nodiscard]] Index count() const { return count_; }
  /// H, of which the lower half is read: row >= column; valid until solve().
  [[nodiscard]] double& h(Index row, Index column) { return table_(row, column); }
  [[nodiscard]] double& g(Index row) { return table_(count_, row); }

  /// `is_bounded`: x >= 0. `is_free`: the start and the result. False where H is singular.
  bool solve(const std::vector<char>& is_bounded, std::vector<char>& is_free) {
    scale();
    wrong_.clear();
    for (Index i = 0; i < count_; ++i) {
      const auto at = static_cast<std::size_t>(i);
      if (is_bounded[at] == 0 || is_free[at] != 0) {
        wrong_.push_back(i);
      }
    }
    if (!sweep(wrong_)) {
      return false;
    }
    is_converged_ = false;
    Index best = count_ + 1;
    int patience = 3;
    for (Index round = 0; round < 20 + 3 * count_; ++round) {
      find_wrong(is_bounded);
      const auto wrong = static_cast<Index>(wrong_.size());
      if (wrong == 0) {
        is_converged_ = true;
        break;
      }
      patience = wrong < best ? 3 : patience - 1;
      best = std::min(best, wrong);
      if (!exchange(patience >= 0)) {
        return false;
      }
    }
    is_free = is_free_;
    return true;
  }

  [[nodiscard]] bool is_converged() const { return is_converged_; }
  [[nodiscard]] bool is_free(Index i) const { return is_free_[static_cast<std::size_t>(i)] != 0; }
  [[nodiscard]] Index free_count() const {
    return static_cast<Index>(std::count(is_free_.begin(), is_free_.end(), char{1}));
  }
  [[nodiscard]] double x(Index i) const { return is_free(i) ? table_(count_, i) * scale_[i] : 0; }
  /// 0 where one of them is at its bound.
  [[nodiscard]] double covariance(Index i, Index j) const {
    return is_free(i) && is_free(j)
               ? -table_(std::max(i, j), std::min(i, j)) * scale_[i] * scale_[j]
               : 0;
  }
  /// At a bound: the variance it would have if it were free.
  [[nodiscard]] double variance(Index i) const {
    const double own = is_free(i) ? -table_(i, i) : 1 / std::max(table_(i, i), 1e-12);
    return own * scale_[i] * scale_[i];
  }
  /// Of the scaled free block, by power iteration: good for its order of magnitude.
  [[nodiscard]] double condition_number() const {
    return free_count() == 0 ? 1 : largest_eigenvalue(original_) * largest_eigenvalue(table_);
  }

 private:
  static constexpr std::size_t panel = 4;
  static constexpr auto panel_columns = static_cast<Index>(panel);

  // Of the free block of H or of its negative inverse.
  [[nodiscard]] double largest_eigenvalue(const Eigen::MatrixXd& matrix) const {
    constexpr int iterations = 4;
    Eigen::VectorXd mask = Eigen::VectorXd::Zero(count_);
    for (Index i = 0; i < count_; ++i) {
      mask[i] = is_free(i) ? 1 : 0;
    }
    Eigen::VectorXd v = mask;
    double value = 0;
    for (int k = 0; k < iterations; ++k) {
      const Eigen::VectorXd w = mask.cwiseProduct(
          matrix.topLeftCorner(count_, count_).selfadjointView<Eigen::Lower>() * v);
      value = w.norm() / std::max(v.norm(), 1e-300);
      v = w / std::max(w.norm(), 1e-300);
    }
    return value;
  }

  void scale() {
    scale_.setOnes(table_.rows());
    for (Index i = 0; i < count_; ++i) {
      scale_[i] = 1 / std::sqrt(std::max(table_(i, i), 1e-300));
    }
    for (Index j = 0; j <= count_; ++j) {
      table_.col(j).array() *= scale_.array() * (j < count_ ? scale_[j] : 1.0);
    }
    original_ = table_;
  }

  // Each of them in or out of the free set, some at a time: the table is passed over once for each
  // such panel.
  bool sweep(const std::vector<Index>& pivots) {
    for (std::size_t first = 0; first < pivots.size(); first += panel) {
      const auto count = std::min(panel, pivots.size() - first);
      if (!sweep_panel(pivots.data() + first, count)) {
        return false;
      }
    }
    return true;
  }

  bool sweep_panel(const Index* pivots, std::size_t count) {
    for (auto* columns : {&before_, &own_, &factors_}) {
      columns->resize(table_.rows(), panel_columns);
      columns->rightCols(panel_columns - static_cast<Index>(count)).setZero();
    }
    for (std::size_t p = 0; p < count; ++p) {
      gather(pivots[p], before_.col(static_cast<Index>(p)));
    }
    now_ = before_;
    inverse_.fill(0);
    for (std::size_t p = 0; p < count; ++p) {
      if (!sweep_within(pivots, count, p)) {
        return false;
      }
    }
    find_factors(pivots, count);
    for (Index j = 0; j <= count_; j += 2) {
      pass(j);
    }
    for (std::size_t p = 0; p < count; ++p) {
      scatter(pivots[p], now_.col(static_cast<Index>(p)));
    }
    return true;
  }

  // A whole column of the table, of which the lower half is stored.
  void gather(Index k, Eigen::Ref<Eigen::VectorXd> out) const {
    out.head(k) = table_.row(k).head(k).transpose();
    out.tail(table_.rows() - k) = table_.col(k).tail(table_.rows() - k);
  }

  void scatter(Index k, const Eigen::Ref<const Eigen::VectorXd>& from) {
    table_.row(k).head(k) = from.head(k).transpose();
    table_.col(k).tail(table_.rows() - k) = from.tail(table_.rows() - k);
  }

  // The sweep of one pivot on the columns of its panel.
  bool sweep_within(const Index* pivots, std::size_t count, std::size_t p) {
    const Index k = pivots[p];
    auto column = now_.col(static_cast<Index>(p));
    const double pivot = column[k];
    if (!(std::abs(pivot) > 1e-13)) {
      return false;
    }
    char& free = is_free_[static_cast<std::size_t>(k)];
    const double sign = free != 0 ? -1 : 1;
    free = free != 0 ? char{0} : char{1};
    inverse_[p] = 1 / pivot;
    auto own = own_.col(static_cast<Index>(p));
    own = column;
    own[k] = pivot - sign;  // so that its row is divided by the pivot in passing
    for (std::size_t q = 0; q < count; ++q) {
      if (q != p) {
        auto other = now_.col(static_cast<Index>(q));
        other -= (other[k] * inverse_[p]) * own;
      }
    }
    column = (sign * inverse_[p]) * own;
    column[k] = -inverse_[p];
    return true;
  }

  // By what the columns of a panel's pivots are taken off each column of the table.
  void find_factors(const Index* pivots, std::size_t count) {
    for (std::size_t p = 0; p < count; ++p) {
      auto factor = factors_.col(static_cast<Index>(p)).array();
      factor = before_.col(static_cast<Index>(p)).array();
      for (std::size_t q = 0; q < p; ++q) {
        const auto at = static_cast<Index>(q);
        factor -= own_(pivots[p], at) * factors_.col(at).array();
      }
      factor *= inverse_[p];
    }
  }

  // The lower halves of two neighbouring columns of the table through all sweeps of a panel.
  void pass(Index j) {
    const Index stride = table_.rows();
    const double* own = own_.data();
    std::array<double, 2 * panel> factor;
    for (std::size_t p = 0; p < panel; ++p) {
      factor[2 * p] = factors_(j, static_cast<Index>(p));
      factor[2 * p + 1] = factors_(j + 1, static_cast<Index>(p));
    }
    double* left = table_.data() + j * stride;
    double* right = left + stride;
    for (Index i = j / lane_count * lane_count; i < stride; i += lane_count) {
      Pack a = load(left + i);
      Pack b = load(right + i);
      unrolled<panel>([&](auto p) {
        const Pack from = load(own + static_cast<Index>(p) * stride + i);
        a -= factor[2 * p] * from;
        b -= factor[2 * p + 1] * from;
      });
      store(a, left + i);
      store(b, right + i);
    }
  }

  void find_wrong(const std::vector<char>& is_bounded) {
    wrong_.clear();
    for (Index i = 0; i < count_; ++i) {
      const bool is_wrong = is_free(i) ? table_(count_, i) < -1e-10 : table_(count_, i) > 1e-9;
      if (is_bounded[static_cast<std::size_t>(i)] != 0 && is_wrong) {
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

  Index count_ = 0;
  Eigen::MatrixXd table_;     // H, g as last column and row; swept
  Eigen::MatrixXd original_;  // scaled, not swept
  Eigen::VectorXd scale_;
  // Of a panel's pivots: whole columns as they were, as they are, and as they were at their turn.
  Eigen::MatrixXd before_;
  Eigen::MatrixXd now_;
  Eigen::MatrixXd own_;
  Eigen::MatrixXd factors_;
  std::array<double, panel> inverse_{};
  std::vector<char> is_free_;
  std::vector<Index> wrong_;
  bool is_converged_ = false;
};

}  // namespace calcispec::kernels
