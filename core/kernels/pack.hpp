// Pack: as many spectra side by side as this build of core handles at once.
#pragma once

#include <Eigen/Core>

namespace calcispec::kernels {

// Measured on a Zen 4 CPU: 16 lanes hide the latency of the recurrence with AVX-512; SSE2 has too
// few registers for 8.
#if defined(__AVX512F__)
inline constexpr int lane_count = 16;
#elif defined(__AVX2__)
inline constexpr int lane_count = 8;
#else
inline constexpr int lane_count = 4;
#endif

using Pack = Eigen::Array<double, lane_count, 1>;

}  // namespace calcispec::kernels
