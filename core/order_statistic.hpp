// The k-th smallest of many values, and their median.
#pragma once

#include "core/export.hpp"

#include <span>

namespace calcispec {

/// The value that would stand at place `k` (from 0) if they were sorted, exactly.
///
/// Shape      values: not empty, k below their number; they are moved about
/// Errors     none; with NaN among them one of the values
/// Cost       about ten readings of all: counting how many lie below a guess has no branch that the
///            values decide, so it takes a fifth of std::nth_element for a thousand
[[nodiscard]] CALCISPEC_API double order_statistic(std::span<double> values, Index k);

/// The middle one, of an even number the upper one of the two in the middle.
[[nodiscard]] CALCISPEC_API double upper_median(std::span<double> values);

}  // namespace calcispec
