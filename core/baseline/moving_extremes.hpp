// Moving minima and maxima, and the half window that suits a spectrum, for morphology.
#pragma once

#include "core/parameter.hpp"

#include <limits>
#include <span>
#include <vector>

namespace calcispec {

inline constexpr ParameterInfo half_window_parameter{
    .name = "half_window",
    .type = ParameterType::real,
    .minimum = 1,
    .maximum = 1e6,
    .standard = std::numeric_limits<double>::quiet_NaN(),
    .unit = "points",
    .help = "points on either side; automatic: where the opened spectrum stops changing"};

/// Erosion, dilation, opening and closing over 2 * half + 1 points; edges are mirrored, the last
/// point once more. Cost: log2 of the window comparisons a point, a register of points at a time.
class MovingExtremes {
 public:
  void erode(std::span<const double> y, std::size_t half, std::span<double> out);
  void dilate(std::span<const double> y, std::size_t half, std::span<double> out);
  void open(std::span<const double> y, std::size_t half, std::span<double> out);
  void close(std::span<const double> y, std::size_t half, std::span<double> out);
  /// From the erosion over any half window to that over one more.
  void erode_further(std::span<double> eroded);

 private:
  template <typename Better>
  void move(std::span<const double> y, std::size_t half, std::span<double> out, Better better);

  std::vector<double> padded_;
  std::vector<double> eroded_;
};

/// The first half window from which on three more in a row change the opened spectrum by less than
/// a part in 1e6. Cost: one opening per half window tried.
/// Source: Perez-Pueyo et al., Appl. Spectrosc. 64 (2010) 595
std::size_t automatic_half_window(std::span<const double> y, MovingExtremes& extremes);

/// The parameter, or the automatic one.
std::size_t half_window_of(const ParameterSet& parameters,
                           std::span<const double> y,
                           MovingExtremes& extremes);

}  // namespace calcispec
