// solve_nnls: amounts >= 0 of given columns in many spectra at once.
#pragma once

#include "core/mixture.hpp"
#include "core/spectra_matrix.hpp"

#include <vector>

namespace calcispec {

/// rank_deficient: the minimum is reached, but other amounts reach it as well, or nearly so.
enum class NnlsStatus { converged, rank_deficient, iteration_limit, not_finite };

struct NnlsResult {
  Index columns = 0;
  std::vector<double> amounts;        // row-major spectra x columns; NaN where not_finite
  std::vector<double> residual_norm;  // per spectrum: root of the sum of squares
  std::vector<NnlsStatus> status;     // per spectrum

  [[nodiscard]] std::span<const double> row(Index spectrum) const {
    return {amounts.data() + spectrum * columns, static_cast<std::size_t>(columns)};
  }
};

/// Non-negative least squares.
///
/// Model      minimise |y - columns * amounts|^2 with amounts >= 0, for every spectrum
/// Needs      finite columns as long as the spectra; a column of zeros gets the amount 0
/// Status     converged | rank_deficient | iteration_limit | not_finite (that spectrum only)
/// Accuracy   each gradient is within 1e-9 (rank_deficient: 1e-7) of |y| times the norm of its
///            column of what the conditions of Karush, Kuhn and Tucker ask for; amounts lose digits
///            with the condition of the columns, not with its square
/// Cost       per spectrum 4 * points * columns operations, then work on small matrices only
/// Source     Lawson & Hanson 1974, ch. 23; block pivoting as core/kernels/bounded_solve.hpp;
///            correction of the normal equations: Bjorck, Lin. Alg. Appl. 88/89 (1987) 31
/// The same bits alone, in any batch and with any number of threads. jobs = 0: usable cores.
/// Throws Error{invalid_argument} for columns that do not fit or are not finite.
CALCISPEC_API NnlsResult solve_nnls(const Columns& columns,
                                    const SpectraMatrix& spectra,
                                    Index jobs);

}  // namespace calcispec
