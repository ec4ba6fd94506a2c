// Weighted sums over a moving window.
#pragma once

#include "core/export.hpp"

#include <span>

namespace calcispec {

/// out[i] = sum over k of weights[k] * y[i + k], for all whole windows.
///
/// Shape      out: y.size() - weights.size() + 1 values, apart from y
/// Errors     Error{invalid_argument} where there is no whole window or `out` has another length
/// Cost       a multiplication per weight and window, in packs
CALCISPEC_API void correlate(std::span<const double> y,
                             std::span<const double> weights,
                             std::span<double> out);

}  // namespace calcispec
