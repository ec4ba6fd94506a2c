// The table of the sweep operator: normal equations scaled to a unit diagonal, some of their
// variables swept in.
#pragma once

#include "core/export.hpp"
#include "core/kernels/pack.hpp"

#include <Eigen/Core>

#include <algorithm>
#include <array>
#include <cmath>
#include <span>
#include <vector>

namespace calcispec::kernels {

/// What SweepSolver works on: H and g, of which the free block holds its negative inverse, the rest
/// what is left of H when the free variables are eliminated. The table is passed over for some
/// pivots at a time.
class SweepTable {
 public:
  [[nodiscard]] Index count() const { return count_; }
  /// H, of which the lower half is read: row >= column; valid until solve().
  [[nodiscard]] double& h(Index row, Index column) { return table_(row + 1, column + 1); }
  [[nodiscard]] double& g(Index row) { return table_(row + 1, 0); }

  /// weight * (x[first] * first_part + x[second] * second_part)^2 / 2, added to what is minimised.
  struct Term {
    Index first = 0;
    double first_part = 1;
    Index second = -1;  // -1: none
    double second_part = 0;
    double weight = 0;
  };

  /// False where H would not be positive definite.
  bool add(std::span<const Term> terms) {
    for (std::size_t first = 0; first < terms.size(); first += panel) {
      if (!add_panel(terms.subspan(first, std::min(panel, terms.size() - first)))) {
        return false;
      }
    }
    return true;
  }

  [[nodiscard]] bool is_free(Index i) const { return is_free_[static_cast<std::size_t>(i)] != 0; }
  [[nodiscard]] Index free_count() const {
    return static_cast<Index>(std::count(is_free_.begin(), is_free_.end(), char{1}));
  }
  [[nodiscard]] double x(Index i) const {
    return is_free(i) ? table_(i + 1, 0) * scale_[i + 1] : 0;
  }
  /// 0 where one of them is at its bound.
  [[nodiscard]] double covariance(Index i, Index j) const {
    return is_free(i) && is_free(j)
               ? -table_(std::max(i, j) + 1, std::min(i, j) + 1) * scale_[i + 1] * scale_[j + 1]
               : 0;
  }
  /// v'Cv with the covariances C.
  [[nodiscard]] double variance_along(const Eigen::VectorXd& v) const {
    Eigen::VectorXd scaled = Eigen::VectorXd::Zero(padded_size());
    for (Index i = 0; i < count_; ++i) {
      scaled[i + 1] = is_free(i) ? v[i] * scale_[i + 1] : 0;
    }
    Eigen::VectorXd passed(padded_size());
    multiply(scaled.data(), passed.data());
    return -scaled.dot(passed);
  }
  /// At a bound: the variance it would have if it were free.
  [[nodiscard]] double variance(Index i) const {
    const double own = table_(i + 1, i + 1);
    return (is_free(i) ? -own : 1 / std::max(own, 1e-12)) * scale_[i + 1] * scale_[i + 1];
  }

 protected:
  // The right-hand side is the first row and column; columns are worked on in pairs.
  [[nodiscard]] static Index padded_size(Index count) { return (count + 8) / 8 * 8; }
  [[nodiscard]] static Index column_count(Index count) { return (count + 2) / 2 * 2; }
  [[nodiscard]] Index padded_size() const { return padded_size(count_); }
  [[nodiscard]] Index column_count() const { return column_count(count_); }

  void reset(Index count) {
    table_.resize(padded_size(count + spare), column_count(count + spare));
    count_ = count;
    const Index rows = padded_size();
    for (Index j = 0; j < column_count(); ++j) {
      table_.col(j).segment(j, rows - j).setZero();
    }
    is_free_.assign(static_cast<std::size_t>(count), 0);
  }

  // A copy with room for `more` variables.
  void copy(const SweepTable& other, Index more) {
    count_ = other.count_;
    more += spare;
    table_.resize(padded_size(count_ + more), column_count(count_ + more));
    const Index rows = padded_size();
    for (Index j = 0; j < column_count(); ++j) {
      table_.col(j).segment(j, rows - j) = other.table_.col(j).segment(j, rows - j);
    }
    scale_ = other.scale_;
    is_free_ = other.is_free_;
  }

  void grow(Index added) {
    const Index rows = padded_size();
    const Index columns = column_count();
    count_ += added;
    if (padded_size() > table_.rows() || column_count() > table_.cols()) {
      table_.conservativeResize(padded_size(count_ + spare), column_count(count_ + spare));
    }
    const Index more = padded_size() - rows;
    table_.block(rows, 0, more, columns).setZero();
    table_.block(0, columns, padded_size(), column_count() - columns).setZero();
    scale_.conservativeResize(padded_size());
    scale_.tail(more).setOnes();
    is_free_.resize(static_cast<std::size_t>(count_), 0);
  }

  // Only these rows and columns are left; row 0 is the first.
  void keep(const std::vector<Index>& kept) {
    const auto rows = static_cast<Index>(kept.size());
    for (Index j = 0; j < rows; ++j) {
      const Index from = kept[static_cast<std::size_t>(j)];
      scale_[j] = scale_[from];
      if (j > 0) {
        is_free_[static_cast<std::size_t>(j - 1)] = is_free_[static_cast<std::size_t>(from - 1)];
      }
      for (Index i = j; i < rows; ++i) {
        table_(i, j) = table_(kept[static_cast<std::size_t>(i)], from);
      }
    }
    count_ = rows - 1;
    is_free_.resize(static_cast<std::size_t>(count_));
    for (Index j = 0; j < column_count(); ++j) {
      table_.col(j).segment(rows, padded_size() - rows).setZero();
    }
    if (column_count() > rows) {
      table_.col(rows).head(padded_size()).setZero();
    }
    scale_.conservativeResize(padded_size());
    scale_.tail(padded_size() - rows).setOnes();
  }

  // The table, of which the lower half is stored, times a vector of the padded size.
  void multiply(const double* x, double* y) const {
    const Index size = padded_size();
    std::fill(y, y + size, 0.0);
    for (Index j = 0; j <= count_; ++j) {
      const double* column = table_.data() + j * table_.rows();
      const Pack own = broadcast(x[j]);
      const Index first = j / lane_count * lane_count;
      // A pack that begins above the diagonal is taken one by one.
      const Index start = first == j ? j : std::min(first + lane_count, size);
      double along = 0;
      for (Index i = j; i < start; ++i) {
        y[i] += i > j ? column[i] * x[j] : 0;
        along += column[i] * x[i];
      }
      Pack sum_along{};
      for (Index i = start; i < size; i += lane_count) {
        const Pack value = load(column + i);
        sum_along += value * load(x + i);
        store(load(y + i) + value * own, y + i);
      }
      // A column that begins on a pack has its diagonal in both.
      y[j] += along + sum(sum_along) - (start == j ? column[j] * x[j] : 0);
    }
  }

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
      const Eigen::VectorXd w =
          mask.cwiseProduct(matrix.block(1, 1, count_, count_).selfadjointView<Eigen::Lower>() * v);
      value = w.norm() / std::max(v.norm(), 1e-300);
      v = w / std::max(w.norm(), 1e-300);
    }
    return value;
  }

  void scale() {
    scale_.setOnes(padded_size());
    for (Index i = 1; i <= count_; ++i) {
      scale_[i] = 1 / std::sqrt(std::max(table_(i, i), 1e-300));
    }
    scale_table();
  }

  void scale_table() {
    for (Index j = 0; j <= count_; ++j) {
      table_.col(j).head(padded_size()).array() *= scale_.array() * scale_[j];
    }
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

  Index count_ = 0;
  Eigen::MatrixXd table_;  // g as first column and row, H; swept; the lower half
  Eigen::VectorXd scale_;
  std::vector<char> is_free_;

 private:
  static constexpr std::size_t panel = 4;
  static constexpr Index spare = 16;  // places for variables to come
  static constexpr auto panel_columns = static_cast<Index>(panel);

  void clear_panel(std::size_t count) {
    for (auto* columns : {&before_, &own_, &factors_}) {
      columns->resize(padded_size(), panel_columns);
      columns->rightCols(panel_columns - static_cast<Index>(count)).setZero();
    }
    inverse_.fill(0);
  }

  void pass_all() {
    for (Index j = 0; j <= count_; j += 2) {
      pass(j);
    }
  }

  bool sweep_panel(const Index* pivots, std::size_t count) {
    clear_panel(count);
    for (std::size_t p = 0; p < count; ++p) {
      gather(pivots[p] + 1, before_.col(static_cast<Index>(p)));
    }
    now_ = before_;
    for (std::size_t p = 0; p < count; ++p) {
      if (!sweep_within(pivots, count, p)) {
        return false;
      }
    }
    find_factors(pivots, count);
    pass_all();
    for (std::size_t p = 0; p < count; ++p) {
      scatter(pivots[p] + 1, now_.col(static_cast<Index>(p)));
    }
    return true;
  }

  // A whole column of the table, of which the lower half is stored.
  void gather(Index k, Eigen::Ref<Eigen::VectorXd> out) const {
    out.head(k) = table_.row(k).head(k).transpose();
    const Index left = padded_size() - k;
    out.tail(left) = table_.col(k).segment(k, left);
  }

  void scatter(Index k, const Eigen::Ref<const Eigen::VectorXd>& from) {
    table_.row(k).head(k) = from.head(k).transpose();
    const Index left = padded_size() - k;
    table_.col(k).segment(k, left) = from.tail(left);
  }

  // The sweep of one pivot on the columns of its panel.
  bool sweep_within(const Index* pivots, std::size_t count, std::size_t p) {
    const Index k = pivots[p] + 1;
    auto column = now_.col(static_cast<Index>(p));
    const double pivot = column[k];
    if (!(std::abs(pivot) > 1e-13)) {
      return false;
    }
    char& free = is_free_[static_cast<std::size_t>(pivots[p])];
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
        factor -= own_(pivots[p] + 1, at) * factors_.col(at).array();
      }
      factor *= inverse_[p];
    }
  }

  // The lower halves of two neighbouring columns of the table through all sweeps of a panel.
  void pass(Index j) {
    const Index size = padded_size();
    const double* own = own_.data();
    std::array<double, 2 * panel> factor;
    for (std::size_t p = 0; p < panel; ++p) {
      factor[2 * p] = factors_(j, static_cast<Index>(p));
      factor[2 * p + 1] = factors_(j + 1, static_cast<Index>(p));
    }
    double* left = table_.data() + j * table_.rows();
    double* right = left + table_.rows();
    for (Index i = j / lane_count * lane_count; i < size; i += lane_count) {
      Pack a = load(left + i);
      Pack b = load(right + i);
      unrolled<panel>([&](auto p) {
        const Pack from = load(own + static_cast<Index>(p) * size + i);
        a -= factor[2 * p] * from;
        b -= factor[2 * p + 1] * from;
      });
      store(a, left + i);
      store(b, right + i);
    }
  }

  // H + weight v v' is what is left of H bordered by v and -1 / weight when that variable is swept
  // in: its column as the sweeps so far leave it, then one sweep more.
  bool add_panel(std::span<const Term> terms) {
    clear_panel(terms.size());
    std::array<std::array<double, panel>, panel> cross{};
    for (std::size_t p = 0; p < terms.size(); ++p) {
      border(terms[p], own_.col(static_cast<Index>(p)));
    }
    for (std::size_t p = 0; p < terms.size(); ++p) {
      for (std::size_t q = 0; q <= p; ++q) {
        cross[p][q] = -along(terms[p], own_.col(static_cast<Index>(q)));
      }
      cross[p][p] -= 1 / terms[p].weight;
    }
    for (std::size_t p = 0; p < terms.size(); ++p) {
      const double pivot = cross[p][p];
      if (!(-pivot * terms[p].weight > 1e-12)) {
        return false;
      }
      inverse_[p] = 1 / pivot;
      const auto own = own_.col(static_cast<Index>(p));
      factors_.col(static_cast<Index>(p)) = inverse_[p] * own;
      for (std::size_t q = p + 1; q < terms.size(); ++q) {
        const double factor = cross[q][p] * inverse_[p];
        own_.col(static_cast<Index>(q)) -= factor * own;
        for (std::size_t r = p + 1; r <= q; ++r) {
          cross[q][r] -= factor * cross[r][p];
        }
      }
    }
    pass_all();
    return true;
  }

  void border(const Term& term, Eigen::Ref<Eigen::VectorXd> out) {
    out.setZero();
    const auto take = [&](Index i, double part) {
      const double own = part * scale_[i + 1];
      if (is_free(i)) {
        gather(i + 1, column_);
        out -= own * column_;
      } else {
        out[i + 1] += own;
      }
    };
    column_.resize(padded_size());
    take(term.first, term.first_part);
    if (term.second >= 0) {
      take(term.second, term.second_part);
    }
  }

  // Sum over the free variables of a term.
  [[nodiscard]] double along(const Term& term,
                             const Eigen::Ref<const Eigen::VectorXd>& column) const {
    const auto part = [&](Index i, double own) {
      return is_free(i) ? own * scale_[i + 1] * column[i + 1] : 0.0;
    };
    return part(term.first, term.first_part) +
           (term.second >= 0 ? part(term.second, term.second_part) : 0.0);
  }

  // Of a panel's pivots: whole columns as they were, as they are, and as they were at their turn.
  Eigen::MatrixXd before_;
  Eigen::MatrixXd now_;
  Eigen::MatrixXd own_;
  Eigen::MatrixXd factors_;
  Eigen::VectorXd column_;
  std::array<double, panel> inverse_{};
};

}  // namespace calcispec::kernels
