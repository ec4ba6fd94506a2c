// minimize_least_squares: dense Levenberg-Marquardt with box bounds and covariance.
#pragma once

#include "core/export.hpp"

#include <functional>
#include <limits>
#include <span>
#include <string_view>
#include <vector>

namespace calcispec {

/// How a fit ended. `converged` and `at_bounds` are answers; `stalled` and `iteration_limit` are
/// the best point found; `failed` is none.
enum class FitStatus {
  converged,        // a stop rule is met, no free parameter sits at a bound
  at_bounds,        // a stop rule is met and at least one free parameter sits at a bound
  stalled,          // no step lowers chi-square although no stop rule is met
  iteration_limit,  // stopped before a stop rule was met
  failed,           // no finite starting point, too few points, nothing to fit
  not_fitted        // left out on purpose (quality gate)
};

/// "converged", "at_bounds", ...
CALCISPEC_API std::string_view fit_status_name(FitStatus status);

/// absolute: sigma is known, covariance = (J'J)^-1; scaled: only relative weights are known,
/// covariance = (J'J)^-1 * chi_square / (n - p).
enum class StandardErrorKind { absolute, scaled };

/// Fills residuals (points) and, unless its span is empty, the Jacobian d residual / d parameter
/// (column-major, points x parameters). Returns false where the model has no value; NaN does as
/// well.
using ResidualFunction = std::function<bool(
    std::span<const double> parameters, std::span<double> residuals, std::span<double> jacobian)>;

struct LeastSquaresProblem {
  Index points = 0;
  std::vector<double> start;
  std::vector<double> lower = {};  // empty: none; per parameter, -infinity allowed
  std::vector<double> upper = {};
  ResidualFunction evaluate;
};

/// With F = sum of squared residuals, g = J'r, d the step, p the parameters, D the column norms of
/// J (largest so far):
struct LeastSquaresOptions {
  Index max_iterations = 5000;        // accepted and rejected steps together
  double function_tolerance = 1e-15;  // stop: predicted decrease <= tolerance * F and
                                      //       |actual decrease| <= tolerance * F
  double step_tolerance = 1e-13;      // stop: |D d| <= tolerance * (|D p| + tolerance)
  double gradient_tolerance = 1e-15;  // stop: max_j |g_j| / (D_j sqrt F) <= tolerance
  double initial_damping = 1e-3;      // lambda of the first step, (J'J + lambda D^2) d = -g
  double acceleration_limit = 0.75;   // a step counts only if 2 |D a| / |D v| is below: v the
                                      //       linear step, a its second-order correction
  double singular_tolerance = 1e-13;  // pivot of the scaled R below this: not identifiable
  StandardErrorKind standard_errors = StandardErrorKind::scaled;
};

struct LeastSquaresResult {
  FitStatus status = FitStatus::failed;
  std::vector<double> parameters;
  /// Infinite where a parameter is not identifiable, NaN where it sits at a bound.
  std::vector<double> standard_errors;
  std::vector<double> covariance;  // parameters x parameters; rows of such parameters are 0
  std::vector<bool> is_at_bound;
  double sum_of_squares = std::numeric_limits<double>::quiet_NaN();
  Index iterations = 0;
  Index evaluations = 0;
};

/// Minimum of a sum of squares by Levenberg-Marquardt on a QR factorisation.
///
/// Model      minimise F = sum r_i(p)^2, lower <= p <= upper
/// Parameters stop rules in LeastSquaresOptions
/// Needs      a finite start (it is moved into the bounds), analytic Jacobian
/// Status     converged | at_bounds | stalled | iteration_limit | failed; never throws on numerics,
///            throws Error{invalid_argument} where sizes disagree
/// Accuracy   NIST StRD: docs/nist_strd.md
/// Cost       one QR of points x p per accepted step; two or three evaluations per step
/// Source     More, LNM 630 (1978) 105 (scaling); Nielsen, IMM-REP-1999-05 (damping); Transtrum &
///            Sethna, arXiv:1201.5885 (second-order correction)
CALCISPEC_API LeastSquaresResult minimize_least_squares(const LeastSquaresProblem& problem,
                                                        const LeastSquaresOptions& options = {});

}  // namespace calcispec
