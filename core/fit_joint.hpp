// fit_jointly: one model on several spectra that share some of its parameters.
#pragma once

#include "core/fit.hpp"

#include <limits>
#include <span>
#include <string>
#include <vector>

namespace calcispec {

/// A parameter of a band that has one value in all spectra. One that is tied stands for the
/// parameter it follows; one that is held fixed is shared anyway.
struct SharedParameter {
  Index band = 0;
  Index parameter = 0;
};

struct JointModel {
  BandModel model;
  std::vector<SharedParameter> shared;
  /// The amounts of all bands keep one ratio to each other; only their common size differs.
  bool shares_ratios = false;
};

/// As the arguments of fit_bands; axes may differ.
struct JointSpectrum {
  std::span<const double> x;
  std::span<const double> y;
  std::span<const double> sigma;
};

struct JointFitResult {
  FitStatus status = FitStatus::failed;
  std::string message;  // a sentence, never empty
  /// One per spectrum. Standard errors and covariances are those of the joint fit: a shared value
  /// and its error are the same in all. n_free, reduced_chi_square, aic and bic count the shared
  /// parameters once in each.
  std::vector<FitResult> spectra;
  std::vector<FreeParameter> shared;  // one per free number that is shared, ratios left out
  std::vector<double> covariance;     // of those; rows of what sits at a bound are 0
  std::vector<double> ratios;         // of the amounts of the bands to that of `reference`
  Index reference = -1;               // band
  double chi_square = std::numeric_limits<double>::quiet_NaN();  // of all
  double reduced_chi_square = std::numeric_limits<double>::quiet_NaN();
  double aic = std::numeric_limits<double>::quiet_NaN();
  double bic = std::numeric_limits<double>::quiet_NaN();
  Index points = 0;
  Index n_free = 0;  // shared ones counted once
  Index iterations = 0;
};

/// Fits all spectra at once.
///
/// Model      as fit_bands for each; parameters of `shared` have one value in all
/// In, out    sigma of no spectrum given: all are taken to have the same, from the residual;
///            given for some only: an error
/// Parameters options as for fit_bands; losses other than squares are not offered
/// Status     as fit_bands; one spectrum that cannot be fitted makes the whole fail. Throws
///            Error{invalid_argument} for a faulty model, an unknown shared parameter, or bounds of
///            amounts whose ratios are shared
/// Method     starts from fits of each spectrum alone, shared values from their weighted mean; then
///            Levenberg-Marquardt over the shared parameters, for each trial of which the others
///            are fitted spectrum by spectrum; normal equations by Schur complement
/// Accuracy   the same minimum and errors as one dense fit of everything: tests/core
/// Cost       linear in the number of spectra: about 10 short fits of each
/// Source     Triggs et al., LNCS 1883 (2000) 298 (elimination of what is not shared)
CALCISPEC_API JointFitResult fit_jointly(const JointModel& model,
                                         std::span<const JointSpectrum> spectra,
                                         const FitOptions& options = {},
                                         Index jobs = 0);

}  // namespace calcispec
