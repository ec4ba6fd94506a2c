// PeakScreen: where a spectrum is steep or bent, for baselines that look away there.
#pragma once

#include "core/parameter.hpp"

#include <span>
#include <vector>

namespace calcispec {

/// exp(-(d1 / rms d1)^2 / 2) exp(-(d2 / rms d2)^2 / 2) with d1 and d2 the first and second
/// derivative of the smoothed spectrum, per point.
///
/// Cost       O(points x half window x smoothings)
/// Source     Korepanov, J. Raman Spectrosc. 51 (2020) 2061
class PeakScreen {
 public:
  /// Half window of the smoothing in points, NaN: points / 200.
  PeakScreen(Index points, double half_window, Index smoothings);

  void factors(std::span<const double> y, std::span<double> out) const;

 private:
  std::vector<double> kernel_;  // empty: no smoothing
  std::size_t half_;
  Index smoothings_;
};

}  // namespace calcispec
