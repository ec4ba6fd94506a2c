// fill_intervals: intervals of a finished band fit by profile likelihood or by the bootstrap.
#pragma once

#include "core/fit_joint.hpp"

#include <cstdint>
#include <span>

namespace calcispec {

/// profile    all values at which chi-square, made least over everything else, exceeds that of the
///            answer by no more than the quantile of chi-square with one degree of freedom (errors
///            absolute) or of F(1, n - p) times chi-square / (n - p) (errors scaled)
/// bootstrap  quantiles of the answers to simulated spectra, corrected for bias (BC percentiles),
///            with Student's t in place of the normal where errors are scaled
enum class IntervalKind { none, profile, bootstrap };

/// parametric draws noise of the stated sigma (counts: Poisson numbers) about the fitted curve;
/// residual draws from the standardised residuals, centred and widened by sqrt(n / (n - p)).
enum class BootstrapKind { parametric, residual };

struct IntervalOptions {
  IntervalKind kind = IntervalKind::profile;
  double level = 0.95;  // 0 to 1, ends excluded
  BootstrapKind bootstrap = BootstrapKind::parametric;
  Index draws = 999;
  std::uint64_t seed = 1;
};

CALCISPEC_API std::string_view interval_kind_name(IntervalKind kind);

/// Fills `interval` of every value of `result`, which is the answer of fit_bands to the same
/// arguments; nothing happens if that has no finite chi-square.
///
/// Model      as fit_bands; errors absolute or scaled as result.standard_errors says
/// Parameters profile takes least squares only, the bootstrap any loss
/// Status     note of each interval; throws Error{invalid_argument} for level, draws or a loss that
///            cannot be used
/// Accuracy   profile: ends to 1e-3 of the distance from the answer; a second minimum that the
///            profile does not run through is not seen. bootstrap: about 1 / sqrt(draws), and
///            neither kind knows of noise that is correlated
/// Cost       profile: about 10 short fits per value; bootstrap: one fit per draw
/// Source     Venzon & Moolgavkar, Appl. Stat. 37 (1988) 87; Bates & Watts, Nonlinear Regression
///            Analysis (1988) 205; Efron, J. Am. Stat. Assoc. 82 (1987) 171 (bias correction);
///            Hesterberg, Am. Stat. 69 (2015) 371 (Student's t)
CALCISPEC_API void fill_intervals(const BandModel& model,
                                  std::span<const double> x,
                                  std::span<const double> y,
                                  std::span<const double> sigma,
                                  const FitOptions& fit,
                                  const IntervalOptions& options,
                                  FitResult& result);

/// Fills `interval` of every value of every spectrum of a joint fit, by the bootstrap: all spectra
/// are drawn and fitted jointly again. A shared value has the same interval in all.
///
/// In, out    result: the answer of fit_jointly to the same arguments; nothing happens if it failed
/// Status     as fill_intervals; throws Error{invalid_argument} for the profile kind
/// Cost       a joint fit per draw, draws on `jobs` threads (0: usable cores); the same numbers for
///            every number of threads
/// Source     as fill_intervals
CALCISPEC_API void fill_joint_intervals(const JointModel& model,
                                        std::span<const JointSpectrum> spectra,
                                        const FitOptions& fit,
                                        const IntervalOptions& options,
                                        Index jobs,
                                        JointFitResult& result);

/// Quantile of Student's t with `freedom` degrees of freedom; infinity gives that of the normal.
///
/// Accuracy   1e-9 of the value for 0.5 <= probability < 1 - 1e-12
/// Source     Abramowitz & Stegun (1964) 26.7.3, 26.7.4; inverted by bisection
CALCISPEC_API double student_quantile(double probability, double freedom);

}  // namespace calcispec
