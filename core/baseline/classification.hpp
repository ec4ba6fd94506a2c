// Points of the background and straight lines over the rest, for baselines that classify points.
#pragma once

#include "core/baseline/moving_extremes.hpp"

#include <limits>
#include <span>
#include <vector>

namespace calcispec {

/// 1: the point belongs to the background.
using PointMask = std::vector<char>;

/// Runs of background shorter than `least` are dropped unless they touch an end, then single points
/// between two of the background are taken in.
void refine(PointMask& mask, std::size_t least);

/// Points below mean + num_std * standard deviation, both over those points alone, repeated until
/// they stay.
/// Source: Dietrich et al., J. Magn. Reson. 91 (1991) 1
PointMask below_iterated_threshold(std::span<const double> values, double num_std);

/// y with the runs outside the mask replaced by straight lines in x, from mean to mean over
/// 2 * half + 1 points about the last background point before and the first one after.
void bridge(std::span<const double> x,
            std::span<const double> y,
            const PointMask& mask,
            std::size_t half,
            std::span<double> out);

/// Standard deviation over 2 * half + 1 points, divisor one less; the ends are mirrored without
/// repeating the last point.
void rolling_deviation(std::span<const double> y, std::size_t half, std::span<double> out);

/// With divisor one less than the points.
double standard_deviation(std::span<const double> y);

inline constexpr ParameterInfo classification_window_parameter{
    .name = "half_window",
    .minimum = 1,
    .maximum = 1e6,
    .standard = std::numeric_limits<double>::quiet_NaN(),
    .unit = "points",
    .help = "points on either side; automatic: half of where the opened spectrum stops changing"};
inline constexpr ParameterInfo classification_smooth_parameter{
    .name = "smooth_half_window",
    .minimum = 0,
    .maximum = 1e6,
    .standard = std::numeric_limits<double>::quiet_NaN(),
    .unit = "points",
    .help = "half window of the moving average; automatic: half_window"};

/// The parameter half_window, or the automatic one; at most the length of the spectrum.
std::size_t classification_window(const ParameterSet& given,
                                  std::span<const double> y,
                                  MovingExtremes& extremes);
/// The parameter smooth_half_window, or the window of the method.
std::size_t classification_smoothing(const ParameterSet& given, std::size_t half);
/// The parameter interp_half_window.
std::size_t interpolation_window(const ParameterSet& given);

inline constexpr ParameterInfo interpolation_parameter{
    .name = "interp_half_window",
    .type = ParameterType::integer,
    .minimum = 0,
    .maximum = 1e6,
    .standard = 5,
    .unit = "points",
    .help = "half window of the mean from which lines over bands start"};
inline constexpr ParameterInfo least_length_parameter{
    .name = "min_length",
    .type = ParameterType::integer,
    .minimum = 1,
    .maximum = 1e6,
    .standard = 2,
    .unit = "points",
    .help = "shorter runs of background points are dropped"};

}  // namespace calcispec
