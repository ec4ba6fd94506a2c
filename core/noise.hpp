// Noise of a spectrum estimated from its finest differences.
#pragma once

#include "core/export.hpp"

#include <span>

namespace calcispec {

/// Standard deviation of point-to-point noise, robust to bands and spikes: median of |second
/// differences| / (0.67449 sqrt 6). 0 for fewer than 5 points or a constant. Never NaN for finite
/// y.
CALCISPEC_API double estimate_noise(std::span<const double> y);

}  // namespace calcispec
