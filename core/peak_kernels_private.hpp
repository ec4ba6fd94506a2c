// Filters of find_peaks: zero-mean symmetric kernels of unit norm at scales sqrt 2 apart.
#pragma once

#include "core/peak_finding.hpp"

#include <span>
#include <vector>

namespace calcispec::peaks {

struct Kernel {
  std::vector<double> weights;  // 0 to half window; symmetric; squares of the whole sum to 1
  double fwhm = 0;              // points: the Gaussian it answers to most
  double crossing_rate = 0;     // of the answers to noise: root mean square slope
  Index step = 1;               // distance of the points a maximum is interpolated from
  double slope_norm = 0;        // norm of kernel(+step) - kernel(-step)

  [[nodiscard]] Index half() const { return static_cast<Index>(weights.size()) - 1; }
  /// Its answer on top of a Gaussian of height 1.
  [[nodiscard]] double gain(double fwhm_points) const;
};

/// Fine to coarse, the finest for single points; none wider than half of `points`.
std::vector<Kernel> make_kernels(PeakFinder finder, double largest_fwhm, Index points);

/// Without its best polynomial in the index: what is left of a broad background bends too little to
/// look like a band.
std::vector<double> without_trend(const std::vector<double>& y);

/// Answers where the whole kernel lies on data (others 0): out[i] = sum w_j y[i + j].
void apply(const Kernel& kernel, std::span<const double> y, std::span<double> out);

/// Significance that mere noise exceeds anywhere with a probability of at most `rate`. `spread`:
/// relative uncertainty of sigma.
double threshold_for(const std::vector<Kernel>& kernels, Index points, double rate, double spread);

}  // namespace calcispec::peaks
