// Real Fourier and cosine transforms on FFTW with cached plans.
#pragma once

#include "core/export.hpp"

#include <complex>
#include <span>
#include <vector>

namespace calcispec {

/// Unnormalised forward transform: n reals to n / 2 + 1 complex values.
CALCISPEC_API void fft_forward(std::span<const double> y, std::vector<std::complex<double>>& out);
/// Its inverse, divided by n = y.size(). The coefficients are used up.
CALCISPEC_API void fft_inverse(std::vector<std::complex<double>>& coefficients,
                               std::span<double> y);
/// Cosine transform of the half-sample symmetric extension (DCT-II), in place, and its inverse.
CALCISPEC_API void cosine_forward(std::span<double> y);
CALCISPEC_API void cosine_inverse(std::span<double> y);

/// Plans are made under one lock, kept per length for the life of the process, and depend on the
/// length only (FFTW_ESTIMATE), so results are the same in every thread and run.

}  // namespace calcispec
