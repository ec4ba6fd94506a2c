// Noise of a spectrum estimated from its finest differences.
#pragma once

#include "core/axis.hpp"
#include "core/export.hpp"

#include <span>

namespace calcispec {

/// Standard deviation of point-to-point noise, robust to bands and spikes: median of |second
/// differences| / (0.67449 sqrt 6). `stride`: of points that far apart, for noise that neighbours
/// share. 0 for fewer than 3 + 2 stride points or a constant. Never NaN for finite y.
CALCISPEC_API double estimate_noise(std::span<const double> y, Index stride = 1);

/// Points from one independent value of the noise to the next: 1 for white noise, 2 to 4 where a
/// spectrum was interpolated, smoothed or zero-filled, so that neighbours share theirs.
///
/// How        fourth differences over s points grow with s as long as neighbours agree better than
///            points further apart, and then grow no more, nor do second ones, as those of bands go
///            on to; looked at where the spectrum is quietest (lower quartile over blocks of 64
///            points)
/// Errors     none; 1 where it cannot be told: fewer than 128 points, or more band than noise
/// Cost       as four estimates of noise for white noise, four more per point of stride
CALCISPEC_API Index noise_stride(std::span<const double> y);

/// Standard deviation that independent points would have which tell as much as these do: that of
/// the noise times the root of its stride.
CALCISPEC_API double independent_noise(std::span<const double> y);

}  // namespace calcispec
