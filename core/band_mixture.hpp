// fit_band_mixture: bands in groups with expected ratios, each with small freedoms of position and
// width, fitted together with a smooth background and the error of the axis; knows no phase.
#pragma once

#include "core/mixture.hpp"

#include <span>
#include <vector>

namespace calcispec {

/// A pseudo-Voigt band; `skew` s makes its lower half 1 + s as wide, its upper half 1 - s, so that
/// width and area stay. Freedoms are prior standard deviations; 0 holds a value fixed.
struct MixtureBand {
  double center = 0;         // as tabulated, before the axis correction
  double fwhm = 0;           // as seen by the instrument
  double lorentz_share = 0;  // of the height
  double skew = 0;
  double center_sd = 0;  // own position against the table
  double log_fwhm_sd = 0;
  Index group = -1;             // -1: height free on its own
  double relative_height = 1;   // expected height per unit of the group's amount
  double log_height_sd = 0;     // spread of that ratio
  double lorentz_share_sd = 0;  // own, beside the common one
  double skew_lever = 1;        // part of the instrument's skew that a band of this width shows
  double width_lever = 1;       // part of its group's common change of log width
};

struct BandMixtureOptions {
  double shift_sd = 1;  // common shift of the axis, prior
  double shift_limit = 3;
  double stretch_sd = 0.001;  // relative, about the middle of the range
  double start_shift = 0;
  double lorentz_share_sd = 0;   // of all bands together, about their own
  double skew_sd = 0;            // of all bands together: an instrument with a tail
  double group_log_fwhm_sd = 0;  // of all bands of a group together: order and size of crystals
  bool scans_shift = true;       // try starts over the whole shift range, not only start_shift
  double misfit = 0;  // relative misfit of the band shapes added to sigma; < 0 = from the residual
  /// Over how many widths a band's misfit reaches; 0: in proportion to the signal at each point,
  /// which trusts the flanks of a strong band more than its top.
  double misfit_reach = 0;
  Index iterations = 8;
  BackgroundOptions background;
  bool seeks_ripple = false;  // a periodic part of the background, period 15..90 axis units
  double prune_sigmas = 0;    // bands below this many standard deviations leave; 0 = none
};

struct FittedMixtureBand {
  double height = 0;
  double height_u = 0;
  double center = 0;  // on the axis of the data
  double center_u = 0;
  double fwhm = 0;
  double fwhm_u = 0;
  double area = 0;
  double area_u = 0;
  /// Height and its uncertainty from the data alone, the expected ratio taken out.
  double own_height = 0;
  double own_height_u = 0;
  double lorentz_share = 0;
  double skew = 0;
};

struct BandMixtureResult {
  MixtureStatus status = MixtureStatus::not_finite;
  std::vector<FittedMixtureBand> bands;  // in input order
  std::vector<double> amounts;           // per group
  std::vector<double> group_log_width;   // per group: common change against the table
  std::vector<double> area_covariance;   // bands x bands
  double shift = 0;                      // measured = table + shift + stretch * (x - middle)
  double shift_u = 0;
  double stretch = 0;
  double lorentz_share = 0;  // added to that of every band
  double skew = 0;
  std::vector<double> background;
  std::vector<double> fitted;  // bands only
  std::vector<double> sigma;   // per point, misfit included
  double chi_square = 0;
  double effective_parameters = 0;
  double condition_number = 0;
  double stiffness = 0;      // of the background, as chosen
  double ripple_period = 0;  // 0: none found; the ripple is part of the background
};

/// Bands and background in one fit, shapes linearised about the current state.
///
/// Model      y = sum of height * pseudo-Voigt + background + noise; height >= 0; position and
///            log width of each band have normal priors, heights of a group a Student-t prior
///            (4 degrees of freedom) about their expected ratio, the axis a common shift and
///            stretch, all bands a common change of Lorentz share and a common skew, those of
///            a group a common change of log width
/// In, out    x rising, cm-1; sigma: noise per point, <= 0 leaves the point out
/// Status     that of the last linear solve; uncertainties are inflated by the reduced chi-square
///            where it exceeds 1
/// Cost       per iteration one product of (bands + shape columns) with themselves
CALCISPEC_API BandMixtureResult fit_band_mixture(std::span<const double> x,
                                                 std::span<const double> y,
                                                 std::span<const double> sigma,
                                                 std::span<const MixtureBand> bands,
                                                 Index groups,
                                                 const BandMixtureOptions& options);

/// Pseudo-Voigt of unit height: share * Lorentz + (1 - share) * Gauss, both of the given FWHM.
CALCISPEC_API double pseudo_voigt(double x, double center, double fwhm, double lorentz_share);
/// Adds height * pseudo-Voigt, skewed, on a rising axis; the Gaussian part only within three
/// widths.
CALCISPEC_API void add_pseudo_voigt(std::span<const double> x,
                                    const MixtureBand& band,
                                    double height,
                                    std::span<double> out);
/// Its area for unit height.
CALCISPEC_API double pseudo_voigt_area(double fwhm, double lorentz_share);

}  // namespace calcispec
