// fit_spectra: reads spectra and fits one band set to each; what the fit command writes from.
#pragma once

#include "core/fit_diagnostics.hpp"
#include "core/fit_intervals.hpp"
#include "pipelines/analysis.hpp"
#include "pipelines/band_finding.hpp"
#include "pipelines/band_set.hpp"

#include <memory>
#include <optional>
#include <string>
#include <vector>

namespace calcispec {

/// Where the noise of a fit comes from; without any the errors are scaled.
enum class NoiseSource {
  counts,        // the likelihood of counts holds it
  given,         // the bands file
  estimated,     // core/noise.hpp on the range, widened to 256 points; one number for all points
  from_residual  // no noise found in the points (smoothed or made data): taken from the misfit
};

struct SpectrumFit {
  std::string input;  // path as given
  Index index = 0;    // within the file
  std::string id;
  std::shared_ptr<const io::Recording> recording;  // null when the input failed
  Index row = 0;                                   // of the recording
  NoiseSource noise = NoiseSource::estimated;
  FitResult result;  // status failed and a message when the input failed
  std::vector<BandExtras> extras;
  ResidualChecks residual;
  std::shared_ptr<const FoundBands> found;  // null: the bands of the run
  Diagnostics diagnostics;
  std::string input_sha256;
};

/// What a joint fit says of all its spectra together.
struct JointSummary {
  FitStatus status = FitStatus::failed;
  std::string message;
  Index spectra = 0;  // that took part
  double chi_square = std::numeric_limits<double>::quiet_NaN();
  double reduced_chi_square = std::numeric_limits<double>::quiet_NaN();
  double aic = std::numeric_limits<double>::quiet_NaN();
  double bic = std::numeric_limits<double>::quiet_NaN();
  Index points = 0;
  Index n_free = 0;
  std::vector<FreeParameter> shared;
  std::vector<double> covariance;  // of those
  std::vector<double> ratios;      // of the amounts of the bands; empty: not shared
};

struct FitRun {
  BandSet bands;
  std::vector<SpectrumFit> spectra;  // input order, failed inputs included
  std::vector<MapInfo> maps;
  FitLoss loss = FitLoss::least_squares;
  IntervalOptions intervals = {.kind = IntervalKind::none};
  std::optional<JointSummary> joint;  // nothing: each spectrum was fitted alone
};

struct FitRequest {
  std::vector<std::string> inputs;
  io::ReadOptions read;
  BandSet bands;
  /// Bands are found in each spectrum, or in the mean of a map; `bands` then gives the range.
  std::optional<BandSearchOptions> search;
  std::vector<Step> steps;  // before the fit
  /// Spectra whose range holds no more than background and noise are left out: chi-square of the
  /// background alone within so many standard deviations of its expectation. 0: never; nothing:
  /// `map_gate` for maps, never for others.
  std::optional<double> gate;
  FitOptions fit;
  /// Where the noise was estimated and chi-square / (n - p) exceeds `misfit_limit`, the model or
  /// the noise is wrong and errors from the noise alone would be too small: they are scaled.
  bool scales_misfit = false;
  bool keeps_covariance = false;
  IntervalOptions intervals = {.kind = IntervalKind::none};
  Index jobs = 0;
};

inline constexpr double map_gate = 3;
/// An estimate of the noise from 256 points is known to 9 %, its square to 18 %: three of that, and
/// the scatter of chi-square itself.
inline constexpr double misfit_limit = 2;

/// All spectra are fitted jointly if the bands say so; those without signal are then left out.
/// Transmittance is turned into absorbance first. Faulty inputs become entries with status failed.
FitRun fit_spectra(const FitRequest& request, const ProgressCallback& progress);

std::string_view name_of(NoiseSource source);
/// The bands fitted to a spectrum: found, or those of the run.
const BandModel& model_of(const FitRun& run, const SpectrumFit& entry);
/// Whether all spectra have the same bands.
bool has_one_model(const FitRun& run);

}  // namespace calcispec
