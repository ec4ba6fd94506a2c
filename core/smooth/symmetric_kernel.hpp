// Smoothing with symmetric weights over reflected ends, and the widths that are tried.
#pragma once

#include "core/method_table.hpp"

#include <vector>

namespace calcispec {

/// Weights of an odd window, the middle one in the middle; their sum is 1.
using SymmetricKernel = std::vector<double>;

/// Smooths every row with `given`; where that is empty, with that of `candidates` (ordered by
/// width) that suits the row, by the rule in the parameters.
/// Cost: points * window, automatic: about 15 times that of the candidates' mean window
void smooth_by_kernel(const MethodCall& call,
                      const SymmetricKernel& given,
                      std::span<const SymmetricKernel> candidates);

}  // namespace calcispec
