// solve_mixture: joint linear solver of columns and a smooth background; knows no phase.
#pragma once

#include "core/export.hpp"

#include <span>
#include <utility>
#include <vector>

namespace calcispec {

/// Column-major points x count.
struct Columns {
  Index points = 0;
  std::vector<double> values;

  [[nodiscard]] Index count() const noexcept {
    return points == 0 ? 0 : static_cast<Index>(values.size()) / points;
  }
  [[nodiscard]] std::span<double> column(Index index) {
    return {values.data() + index * points, static_cast<std::size_t>(points)};
  }
  [[nodiscard]] std::span<const double> column(Index index) const {
    return {values.data() + index * points, static_cast<std::size_t>(points)};
  }
};

/// One extra least-squares row: precision * (sum of coefficient * amount - target)^2.
struct PriorRow {
  std::vector<std::pair<Index, double>> terms;  // column index, coefficient
  double target = 0;
  double precision = 0;  // 1 / sd^2
};

/// Smooth background: cubic B-splines with a penalty on the differences of its coefficients. The
/// stiffness is the reciprocal prior variance of these differences; polynomials of a degree below
/// the order are always free.
struct BackgroundOptions {
  bool is_present = true;
  double knot_spacing = 0;  // axis units; 0 = range / 24
  double stiffness = 0;     // > 0 fixed; 0 = chosen by marginal likelihood per spectrum
  Index penalty_order = 2;  // 1..3 and more
};

struct MixtureProblem {
  std::span<const double> x;
  std::span<const double> y;
  std::span<const double> sigma;  // standard deviation per point; <= 0 leaves the point out
  const Columns* columns = nullptr;
  std::vector<double> lower;  // per column, -infinity allowed; upper bounds are not needed
  std::vector<PriorRow> prior;
  BackgroundOptions background;
};

enum class MixtureStatus { converged, iteration_limit, not_finite, singular };

struct MixtureSolution {
  MixtureStatus status = MixtureStatus::not_finite;
  std::vector<double> amounts;
  std::vector<double> covariance;  // count x count; rows and columns of amounts at a bound are 0
  std::vector<bool> is_at_bound;
  /// Per column: its variance, for an amount at its bound the one it would have if it were free.
  std::vector<double> variance;
  std::vector<double> background;  // points, zero without a background
  std::vector<double> fitted;      // points, columns only
  double stiffness = 0;
  double chi_square = 0;            // data rows only
  double effective_parameters = 0;  // background included
  double condition_number = 0;      // of the scaled normal matrix of the free columns
};

/// Weighted least squares with lower bounds, prior rows and a penalised background.
///
/// Model      y = columns * amounts + background + noise(sigma), amounts >= lower
/// Needs      points >= 4, finite x rising, finite y where sigma > 0
/// Status     converged | iteration_limit (active set) | not_finite | singular
/// Cost       one product of the columns with themselves, then work on small matrices only
/// Source     Lawson & Hanson 1974, ch. 23 (active set); Wood, JRSS-B 73 (2011) 3 (stiffness)
CALCISPEC_API MixtureSolution solve_mixture(const MixtureProblem& problem);

}  // namespace calcispec
