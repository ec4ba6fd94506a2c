// fit_bands: nonlinear fit of bands and a background: bounds, ties, covariance, derived quantities.
#pragma once

#include "core/band_shape.hpp"
#include "core/broadening.hpp"
#include "core/least_squares.hpp"
#include "core/spectra_matrix.hpp"

#include <limits>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace calcispec {

/// value = ratio * (value of another band's parameter) + offset. Chains are followed; a circle is
/// an error. Amounts may be tied to amounts only.
struct BandTie {
  Index band = -1;       // index in the model; -1: not tied
  Index parameter = -1;  // index in that band's shape
  double ratio = 1;
  double offset = 0;
};

/// One parameter of a band. NaN means automatic: a start found from the spectrum, the range of the
/// shape's table cut to what the axis can hold (amounts from 0).
struct BandParameter {
  double start = std::numeric_limits<double>::quiet_NaN();
  double lower = std::numeric_limits<double>::quiet_NaN();
  double upper = std::numeric_limits<double>::quiet_NaN();
  bool is_fixed = false;  // held at `start`
  BandTie tie = {};
};

struct Band {
  std::string id;
  const BandShape* shape = nullptr;       // find_band_shape("pseudo_voigt")
  std::vector<BandParameter> parameters;  // in the order of the shape's table

  /// All parameters automatic.
  static CALCISPEC_API Band make(std::string id, const BandShape& shape);
  /// By name; throws Error{invalid_argument} if the shape has none of that name.
  CALCISPEC_API BandParameter& parameter(std::string_view name);
};

/// polynomial: sum c_k t^k; legendre: sum c_k P_k(t); spline: cubic B-splines on `intervals` equal
/// parts; t = (x - middle) / half_range of the points fitted, so that t runs from -1 to 1.
enum class FitBackground { none, polynomial, legendre, spline };

struct BandModel {
  std::vector<Band> bands;
  FitBackground background = FitBackground::polynomial;
  Index degree = 1;     // of polynomial and legendre, 0 to 30
  Index intervals = 4;  // of the spline, 1 to 27; it has intervals + 3 coefficients
  double from = -std::numeric_limits<double>::infinity();  // points outside are left out
  double to = std::numeric_limits<double>::infinity();
  /// The bands, not the background, are broadened by it; their parameters are those before. No band
  /// may be narrower than an eighth of its width.
  Broadening broadening = {};
};

/// Which spectra get further starts. Doubtful is an answer that may be a side minimum: chi-square
/// beyond its scatter, a band lost at a bound or with an amount known to less than 25 %.
enum class FurtherStarts {
  doubtful,           // and only until an answer is beyond doubt: for maps
  doubtful_or_placed  // and those whose starts were not all given
};

/// What is made least: sum of squares; Huber's or Cauchy's loss of (y - m) / sigma, for points that
/// lie off (they need sigma); or the likelihood of counts (y counts, sigma is not used).
///
/// huber      z^2 / 2 up to |z| = 1.345, then linear; cauchy: 2.385^2 / 2 log(1 + (z / 2.385)^2);
///            both lose 5 % of efficiency on normal noise
/// poisson    m - y log m; errors from the Fisher information
/// Method     iteratively reweighted squares, until no weight changes by more than 1e-7 of itself
/// Errors     robust: mean psi^2 / (mean psi')^2 times the inverse normal equations
/// Source     Huber, Ann. Math. Statist. 35 (1964) 73; Holland & Welsch, Commun. Stat. A6 (1977)
/// 813
enum class FitLoss { least_squares, huber, cauchy, poisson };

struct FitOptions {
  Index max_iterations = 200;  // per start
  /// Stop: predicted decrease of chi-square <= tolerance * chi-square + 1e-28 sum (y / sigma)^2 at
  /// a damping <= 0.1.
  double tolerance = 1e-9;
  StandardErrorKind standard_errors = StandardErrorKind::absolute;
  bool wants_covariance = true;  // without it there are no standard errors
  /// Further starts: bands are put one by one where they explain most, then all are displaced on an
  /// even grid; the least chi-square wins. 0: never.
  Index extra_starts = 16;
  FurtherStarts further_starts = FurtherStarts::doubtful_or_placed;
  /// A spectrum of known sigma whose chi-square under the background alone is within so many
  /// standard deviations of what noise gives is not fitted (status not_fitted). 0: all are.
  double gate = 0;
  FitLoss loss = FitLoss::least_squares;
};

/// Why a standard error is not a finite number.
enum class NoErrorReason { none, fixed, at_bound, not_identifiable, not_requested, no_freedom };
/// A sentence for a report, e.g. "at its bound: an interval needs the likelihood".
CALCISPEC_API std::string_view no_error_text(NoErrorReason reason);

/// How an interval of core/fit_intervals.hpp ended, or why there is none.
enum class IntervalNote {
  none,           // both ends are where the likelihood or the draws put them
  not_requested,  //
  ends_at_bound,  // an end is the bound of the parameter
  open,           // an end is infinite: the data do not limit it on that side
  fixed,          // nothing to vary
  side_minimum,   // a lower chi-square was met on the way: the answer is not the least
  failed          // too few points, or no fit on the way
};
/// A sentence for a report; empty for none.
CALCISPEC_API std::string_view interval_note_text(IntervalNote note);

struct FitInterval {
  double low = std::numeric_limits<double>::quiet_NaN();
  double high = std::numeric_limits<double>::quiet_NaN();
  IntervalNote note = IntervalNote::not_requested;
};

struct FittedValue {
  double value = std::numeric_limits<double>::quiet_NaN();
  /// Finite and > 0 exactly when `reason` is none.
  double standard_error = std::numeric_limits<double>::quiet_NaN();
  bool is_at_bound = false;
  NoErrorReason reason = NoErrorReason::not_requested;
  FitInterval interval = {};  // filled by fill_intervals()
};

struct FittedBand {
  std::vector<FittedValue> parameters;  // in the order of the shape's table
  FittedValue height;
  FittedValue fwhm;
  FittedValue area;  // -infinity to infinity, without the background
  // Intervals of what core/fit_diagnostics.hpp derives.
  FitInterval area_share = {};
  FitInterval asymmetry = {};
};

/// Which parameter a row of the covariance belongs to; band -1: coefficient of the background.
struct FreeParameter {
  Index band = -1;
  Index parameter = 0;
};

struct FitResult {
  FitStatus status = FitStatus::failed;
  std::string message;  // a sentence, never empty
  std::vector<FittedBand> bands;
  std::vector<FittedValue> background;  // coefficients
  double background_middle = 0;         // of t
  double background_half_range = 1;
  double chi_square = std::numeric_limits<double>::quiet_NaN();  // sum ((y - m) / sigma)^2
  double reduced_chi_square = std::numeric_limits<double>::quiet_NaN();
  double aic = std::numeric_limits<double>::quiet_NaN();
  double bic = std::numeric_limits<double>::quiet_NaN();
  double noise_sigma = std::numeric_limits<double>::quiet_NaN();  // sqrt(points / sum 1/sigma^2)
  StandardErrorKind standard_errors = StandardErrorKind::absolute;
  Index points = 0;  // used
  Index n_free = 0;
  Index iterations = 0;             // all starts together
  Index starts = 0;                 // number of starts tried
  std::vector<FreeParameter> free;  // n_free entries
  std::vector<double> covariance;   // n_free x n_free; rows without a standard error are 0
  double gradient_norm = std::numeric_limits<double>::quiet_NaN();  // max |g_j| sd_j over free ones
};

CALCISPEC_API std::string_view fit_loss_name(FitLoss loss);

/// Fits one spectrum.
///
/// Model      y = sum of bands + background + noise(sigma)
/// In, out    x strictly monotonic; sigma: one per point, or one number for all, or empty =
/// unknown:
///            equal weights, sigma taken from the residual and standard errors scaled. Points where
///            y or sigma is not finite, or sigma <= 0, are left out.
/// Status     converged | at_bounds | stalled | iteration_limit | failed | not_fitted; never throws
/// on numerics.
///            Throws Error{invalid_argument} for a model that is wrong (unknown tie, bounds that
///            cross, sizes that disagree); all faults in one message.
/// Method     amounts and background are solved exactly for every trial of the other parameters
///            (variable projection), those by Levenberg-Marquardt within the box
/// Accuracy   minimum within 1e-4 of the least chi-square known: bench/kernel_fit_bench.cpp
/// Cost       300 points, 4 pseudo-Voigt bands and a line: about 65 us at AVX-512
/// Source     Golub & Pereyra, Inverse Problems 19 (2003) R1; Kaufman, BIT 15 (1975) 49
CALCISPEC_API FitResult fit_bands(const BandModel& model,
                                  std::span<const double> x,
                                  std::span<const double> y,
                                  std::span<const double> sigma,
                                  const FitOptions& options = {});

/// Every row of a matrix with the same model. sigma: as above, or one row-major value per element.
/// Results are bitwise the same as from fit_bands, with any number of threads. jobs = 0: usable
/// cores.
CALCISPEC_API std::vector<FitResult> fit_bands(const BandModel& model,
                                               const SpectraMatrix& spectra,
                                               std::span<const double> sigma,
                                               const FitOptions& options = {},
                                               Index jobs = 0);

/// Curves of an answer on any rising x: the whole model, its background, or one band.
CALCISPEC_API std::vector<double> fitted_curve(const BandModel& model,
                                               const FitResult& result,
                                               std::span<const double> x);
CALCISPEC_API std::vector<double> fitted_background(const BandModel& model,
                                                    const FitResult& result,
                                                    std::span<const double> x);
CALCISPEC_API std::vector<double> fitted_band(const BandModel& model,
                                              const FitResult& result,
                                              Index band,
                                              std::span<const double> x);

}  // namespace calcispec
