// Orthogonal wavelet filters of Daubechies, computed from their definition.
#pragma once

#include <vector>

namespace calcispec {

enum class WaveletFamily { daubechies, symlet };

/// Low-pass filter of 2 * moments coefficients whose squares sum to 1 and whose high-pass partner
/// has that many vanishing moments. daubechies: all roots inside the unit circle; symlet: the
/// choice of roots nearest to linear phase. 1 to 10 moments; kept after the first call.
/// Accuracy   1e-12
/// Source     Daubechies, Ten Lectures on Wavelets, SIAM 1992, ch. 6.1 and 8.1.1
const std::vector<double>& wavelet_filter(WaveletFamily family, int moments);

}  // namespace calcispec
