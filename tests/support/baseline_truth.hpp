// make_baseline_truth: spectra of known background, bands and noise, and the least error that any
// estimate of a band area can have on them. Includes nothing of core or models.
#pragma once

#include <cstdint>
#include <vector>

namespace calcispec::test {

enum class BackgroundShape { exponential, hump, polynomial, slope, scatter, mie, random };

struct BaselineTruthSettings {
  bool is_raman = true;
  BackgroundShape shape = BackgroundShape::exponential;
  double amplitude = 3;      // over the nominal tallest band
  double length_scale = 0;   // of a random background, as part of the axis
  double ripple = 0;         // etalon ripple as part of the background
  double ripple_period = 0;  // cm-1
  double shift_cm1 = 0;      // of all bands
  double jitter = 0.5;       // of positions, widths and heights
  double snr = 50;           // tallest band over noise
  std::uint64_t seed = 1;
};

/// Integral of the bands over a window, and the least standard deviation of an unbiased estimate.
struct WindowArea {
  double from_cm1 = 0;
  double to_cm1 = 0;
  double area = 0;
  double bound = 0;
};

struct BaselineTruth {
  std::vector<double> x;
  std::vector<double> y;
  std::vector<double> background;
  std::vector<double> bands;
  double tallest = 0;
  WindowArea carbonate;
  WindowArea phosphate;
};

/// Bands, backgrounds and noise by the formulae of the shared golden/README.md, other seeds.
///
/// Bound   Cramer-Rao with the distributions the bands were drawn from as prior information, free
///         heights, and a polynomial background of the least degree that leaves less than a third
///         of the noise (a ripple adds its sine and cosine at known period)
BaselineTruth make_baseline_truth(const BaselineTruthSettings& settings);

/// Trapezoid integral of `values` between two positions on a rising axis.
double window_integral(const std::vector<double>& x,
                       const std::vector<double>& values,
                       double from_cm1,
                       double to_cm1);

}  // namespace calcispec::test
