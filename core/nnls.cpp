#include "core/nnls.hpp"

#include "core/decomposition.hpp"
#include "core/error.hpp"
#include "core/kernels/bounded_solve.hpp"
#include "core/kernels/pack.hpp"
#include "core/parallel.hpp"

#include <Eigen/Core>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <utility>

namespace calcispec {
namespace {

using Eigen::MatrixXd;
using Eigen::VectorXd;
using kernels::lane_count;
using kernels::Pack;

// Products of y with `count` neighbouring columns.
template <std::size_t count>
void products(std::span<const double> y, const double* columns, double* out) {
  const auto points = static_cast<Index>(y.size());
  std::array<Pack, count> sums{};
  Index i = 0;
  for (; i + lane_count <= points; i += lane_count) {
    const Pack values = kernels::load(y.data() + i);
    kernels::unrolled<count>([&](auto k) {
      sums[k] += values * kernels::load(columns + static_cast<Index>(k) * points + i);
    });
  }
  for (std::size_t k = 0; k < count; ++k) {
    out[k] = kernels::sum(sums[k]);
    for (Index rest = i; rest < points; ++rest) {
      out[k] += y[static_cast<std::size_t>(rest)] * columns[static_cast<Index>(k) * points + rest];
    }
  }
}

// Takes amount times column off, four columns at a time.
void take_off(const MatrixXd& columns, const VectorXd& amounts, VectorXd& y) {
  Index k = 0;
  for (; k + 4 <= columns.cols(); k += 4) {
    y.noalias() -= amounts[k] * columns.col(k) + amounts[k + 1] * columns.col(k + 1) +
                   amounts[k + 2] * columns.col(k + 2) + amounts[k + 3] * columns.col(k + 3);
  }
  for (; k < columns.cols(); ++k) {
    y.noalias() -= amounts[k] * columns.col(k);
  }
}

// The columns, scaled to norm 1, as an orthonormal basis times a small triangle: every spectrum is
// then a problem of the size of the triangle.
struct Projection {
  MatrixXd columns;  // scaled
  VectorXd norms;    // 1 for a column of zeros
  MatrixXd basis;
  MatrixXd triangle;
  MatrixXd gram;
  std::vector<double> lower;
  bool is_deficient = false;

  explicit Projection(const Columns& given)
      : columns(Eigen::Map<const MatrixXd>(given.values.data(), given.points, given.count())),
        norms(given.count()),
        lower(static_cast<std::size_t>(given.count()), 0.0) {
    for (Index k = 0; k < columns.cols(); ++k) {
      const double top = columns.rows() > 0 ? columns.col(k).cwiseAbs().maxCoeff() : 0;
      const double norm = top > 0 ? top * (columns.col(k) / top).norm() : 0;
      norms[k] = norm > 0 ? norm : 1;
      columns.col(k) /= norms[k];
    }
    auto parts = orthonormal_parts(columns);
    basis = std::move(parts.basis);
    triangle = std::move(parts.triangle);
    gram = triangle.transpose() * triangle;
    for (Index k = 0; k < columns.cols(); ++k) {
      if (gram(k, k) < 0.5) {
        gram(k, k) = 1;  // a column of zeros stays at 0
      }
    }
    const Cholesky cholesky(gram);
    const double least = cholesky.is_positive() ? cholesky.factor().diagonal().minCoeff() : 0;
    is_deficient = least < 1e-6;
  }
};

/// Lawson & Hanson's active set on the triangle, every step by QR: for columns so dependent that
/// their Gram matrix no longer tells which amounts are positive. The objective falls with every
/// step, so that it cannot cycle.
class CarefulSolver {
 public:
  CarefulSolver(const MatrixXd& triangle, const VectorXd& y) : triangle_(triangle), y_(y) {}

  // False if the steps did not suffice.
  bool solve(VectorXd& x) {
    x.setZero(triangle_.cols());
    std::vector<char> is_refused(static_cast<std::size_t>(triangle_.cols()), 0);
    for (Index step = 0; step < 20 + 10 * triangle_.cols(); ++step) {
      const VectorXd gain = triangle_.transpose() * (y_ - triangle_ * x);
      const Index entering = most_gain(gain, x, is_refused);
      if (entering < 0) {
        return true;
      }
      if (enter(entering, x)) {
        std::fill(is_refused.begin(), is_refused.end(), char{0});
      } else {
        is_refused[static_cast<std::size_t>(entering)] = 1;
      }
    }
    return false;
  }

 private:
  static Index most_gain(const VectorXd& gain,
                         const VectorXd& x,
                         const std::vector<char>& is_refused) {
    Index found = -1;
    double most = 1e-13;
    for (Index i = 0; i < gain.size(); ++i) {
      if (x[i] == 0 && is_refused[static_cast<std::size_t>(i)] == 0 && gain[i] > most) {
        most = gain[i];
        found = i;
      }
    }
    return found;
  }

  // Minimum over the positive amounts and the entering one, walked to and cut at the bounds. False,
  // with x as it was, if the entering amount would not rise: its gain was rounding.
  bool enter(Index entering, VectorXd& x) {
    std::vector<Index> free{entering};
    for (Index i = 0; i < x.size(); ++i) {
      if (x[i] > 0) {
        free.push_back(i);
      }
    }
    bool is_first = true;
    while (!free.empty()) {
      const VectorXd values = minimum_over(free);
      if (is_first && values[0] <= 0) {
        return false;
      }
      is_first = false;
      double part = 1;
      for (std::size_t k = 0; k < free.size(); ++k) {
        const double to = values[static_cast<Index>(k)];
        if (to <= 0) {
          part = std::min(part, x[free[k]] / (x[free[k]] - to));
        }
      }
      std::vector<Index> kept;
      for (std::size_t k = 0; k < free.size(); ++k) {
        const double from = x[free[k]];
        const double to = values[static_cast<Index>(k)];
        const bool is_cut = to <= 0 && from <= part * (from - to);
        x[free[k]] = is_cut ? 0 : from + part * (to - from);
        if (!is_cut) {
          kept.push_back(free[k]);
        }
      }
      if (kept.size() == free.size()) {
        break;
      }
      free = std::move(kept);
    }
    return true;
  }

  [[nodiscard]] VectorXd minimum_over(const std::vector<Index>& free) const {
    MatrixXd part(triangle_.rows(), static_cast<Index>(free.size()));
    for (std::size_t k = 0; k < free.size(); ++k) {
      part.col(static_cast<Index>(k)) = triangle_.col(free[k]);
    }
    return solve_least_squares(part, y_);
  }

  const MatrixXd& triangle_;
  const VectorXd& y_;
};

// One thread's solver: memory that every spectrum uses again.
class RowSolver {
 public:
  explicit RowSolver(const Projection& projection)
      : projection_(projection),
        right_(projection.gram.rows()),
        solver_(projection.gram, right_, projection.lower),
        is_free_(projection.lower.size()) {}

  NnlsStatus solve(std::span<const double> y, double* amounts, double& residual_norm) {
    const Index count = right_.size();
    const Eigen::Map<const VectorXd> values(y.data(), static_cast<Index>(y.size()));
    const double largest = values.cwiseAbs().maxCoeff<Eigen::PropagateNaN>();
    if (!std::isfinite(largest)) {
      std::fill_n(amounts, count, std::numeric_limits<double>::quiet_NaN());
      residual_norm = std::numeric_limits<double>::quiet_NaN();
      return NnlsStatus::not_finite;
    }
    project(y);
    const double top = projected_.size() > 0 ? projected_.cwiseAbs().maxCoeff() : 0;
    const double scale = top > 0 ? top * (projected_ / top).norm() : 0;
    auto status = projection_.is_deficient ? NnlsStatus::rank_deficient : NnlsStatus::converged;
    amounts_.setZero(count);
    if (scale > 0) {
      projected_ /= scale;
      status = solve_small(status);
    }
    amounts_ *= scale;
    Eigen::Map<VectorXd>(amounts, count) = amounts_.cwiseQuotient(projection_.norms);
    residual_ = values;
    take_off(projection_.columns, amounts_, residual_);
    residual_norm = largest > 0 ? (residual_ / largest).norm() * largest : 0;
    return status;
  }

 private:
  void project(std::span<const double> y) {
    const auto& basis = projection_.basis;
    projected_.resize(basis.cols());
    Index k = 0;
    for (; k + 8 <= basis.cols(); k += 8) {
      products<8>(y, basis.col(k).data(), projected_.data() + k);
    }
    for (; k < basis.cols(); ++k) {
      products<1>(y, basis.col(k).data(), projected_.data() + k);
    }
  }

  NnlsStatus solve_small(NnlsStatus status) {
    right_.noalias() = projection_.triangle.transpose() * projected_;
    std::fill(is_free_.begin(), is_free_.end(), char{1});
    if (solver_.solve(is_free_).is_converged) {
      // The Gram matrix has the square of the columns' condition; the residual in the span of the
      // columns has not.
      find_gradient();
      solver_.refine(gradient_);
      find_gradient();
      if (is_optimal()) {
        amounts_ = solver_.solution().x.cwiseMax(0);
        return status;
      }
    }
    return CarefulSolver(projection_.triangle, projected_).solve(amounts_)
               ? status
               : NnlsStatus::iteration_limit;
  }

  void find_gradient() {
    gap_.noalias() = projection_.triangle * solver_.solution().x - projected_;
    gradient_.noalias() = projection_.triangle.transpose() * gap_;
  }

  // In units of |y|: setting an amount just below 0 to 0 moves no gradient by more than it.
  [[nodiscard]] bool is_optimal() const {
    constexpr double tolerance = 1e-10;
    const double count = static_cast<double>(is_free_.size());
    for (Index i = 0; i < gradient_.size(); ++i) {
      const bool is_free = is_free_[static_cast<std::size_t>(i)] != 0;
      const double least = is_free ? solver_.solution().x[i] * count : gradient_[i];
      if (least < -tolerance || (is_free && gradient_[i] > tolerance) ||
          (is_free && gradient_[i] < -tolerance)) {
        return false;
      }
    }
    return true;
  }

  const Projection& projection_;
  VectorXd right_;
  kernels::BoundedSolver solver_;
  std::vector<char> is_free_;
  VectorXd projected_;
  VectorXd gap_;
  VectorXd gradient_;
  VectorXd amounts_;
  VectorXd residual_;
};

void check_nnls(const Columns& columns, const SpectraMatrix& spectra) {
  require(spectra.axis != nullptr, "non-negative least squares needs spectra with an axis");
  require(columns.count() > 0, "non-negative least squares needs at least one column");
  require(columns.points == spectra.points(), "the columns and the spectra differ in length");
  require(columns.values.size() == static_cast<std::size_t>(columns.points * columns.count()),
          "the columns are not complete");
  require(std::all_of(columns.values.begin(),
                      columns.values.end(),
                      [](double value) { return std::isfinite(value); }),
          "a column holds values that are not finite");
}

}  // namespace

NnlsResult solve_nnls(const Columns& columns, const SpectraMatrix& spectra, Index jobs) {
  check_nnls(columns, spectra);
  const Projection projection(columns);
  NnlsResult result;
  const auto rows = static_cast<std::size_t>(spectra.rows());
  result.columns = columns.count();
  result.amounts.resize(rows * static_cast<std::size_t>(result.columns));
  result.residual_norm.resize(rows);
  result.status.resize(rows);
  constexpr Index block = 64;
  parallel_for((spectra.rows() + block - 1) / block, jobs, [&](Index item) {
    RowSolver solver(projection);
    for (Index r = item * block; r < std::min(spectra.rows(), (item + 1) * block); ++r) {
      const auto at = static_cast<std::size_t>(r);
      result.status[at] = solver.solve(
          spectra.row(r), result.amounts.data() + r * result.columns, result.residual_norm[at]);
    }
  });
  return result;
}

}  // namespace calcispec
