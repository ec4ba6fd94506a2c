// Version of the library and the CPU level at which the loaded core was built.
#pragma once

#include "core/export.hpp"

#include <string_view>

namespace calcispec {

CALCISPEC_API std::string_view version();
/// "x86-64-v2", "x86-64-v3", "x86-64-v4" or "native".
CALCISPEC_API std::string_view cpu_level();
/// Spectra side by side in a register of this build.
CALCISPEC_API Index lane_count();
/// "fftw-3.3.10-sse2-avx...": the FFT library as it names itself.
CALCISPEC_API std::string_view fft_library();

}  // namespace calcispec
