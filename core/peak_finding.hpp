// find_peaks: peaks and shoulders of a spectrum above noise, with a stated false-alarm rate.
#pragma once

#include "core/export.hpp"

#include <limits>
#include <span>
#include <string_view>
#include <vector>

namespace calcispec {

/// derivative: Savitzky-Golay second derivative; wavelet: Mexican hat. Both at several scales.
enum class PeakFinder { derivative, wavelet };

/// A shoulder has no maximum of its own in the smoothed spectrum.
enum class PeakKind { peak, shoulder };

struct PeakOptions {
  PeakFinder finder = PeakFinder::wavelet;
  /// Probability that a spectrum of mere noise on a line shows any peak at all.
  double false_alarm = 0.01;
  /// Widths sought, in points. NaN: a quarter of the points, from 200 on 50 points or an eighth.
  double largest_fwhm_points = std::numeric_limits<double>::quiet_NaN();
};

struct FoundPeak {
  double position = 0;
  double position_error = 0;  // 1 sigma, of this filter: no better than a fit, often worse
  double height = 0;          // above its surroundings, as a Gaussian of width `fwhm`
  double height_error = 0;    // 1 sigma, from the noise; the shape is taken as given
  double fwhm = 0;            // from the scale that answers most: a start, to 20 %
  double prominence = 0;      // of the smoothed spectrum; 0 for a shoulder
  double significance = 0;    // answer over its noise at that scale
  PeakKind kind = PeakKind::peak;
};

struct PeakList {
  std::vector<FoundPeak> peaks;  // rising positions
  double threshold = 0;          // of the significance
  double noise_sigma = 0;        // of one point (root mean square); 0: nothing to judge by
};

/// Peaks and shoulders.
///
/// Method     the spectrum is filtered at scales sqrt 2 apart; a maximum counts where it exceeds
///            the threshold and the dip towards a higher neighbour is itself significant; maxima
///            are followed from fine to coarse, the strongest answer gives width and height. Single
///            points (spikes) and what only grows up to the widest scale (background) are left out.
/// In, out    x strictly monotonic, not necessarily even: filters count points, so that widths
///            must be smooth in points; the spectrum is cut where points are missing or the
///            spacing jumps threefold. sigma: one per point, one for all, or empty = estimated.
/// Needs      noise independent from point to point; of smoothed or interpolated spectra give a
///            larger sigma
/// Accuracy   false alarms on white noise below `false_alarm`; detection: docs/band_fits.md
/// Cost       O(points x largest width); 1000 points 0.34 ms at SSE2
/// Source     Du, Kibbe & Lin, Bioinformatics 22 (2006) 2059 (ridges); the threshold is Rice's rate
///            of upcrossings (Bell Syst. Tech. J. 24 (1945) 46) summed over scales
CALCISPEC_API PeakList find_peaks(std::span<const double> x,
                                  std::span<const double> y,
                                  std::span<const double> sigma,
                                  const PeakOptions& options = {});

CALCISPEC_API std::string_view peak_finder_name(PeakFinder finder);
CALCISPEC_API std::string_view peak_kind_name(PeakKind kind);

}  // namespace calcispec
