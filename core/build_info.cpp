#include "core/build_info.hpp"

#include "core/kernels/pack.hpp"

#include <fftw3.h>

namespace calcispec {

std::string_view version() {
  return CALCISPEC_VERSION;
}
std::string_view cpu_level() {
  return CALCISPEC_CPU_LEVEL;
}
Index lane_count() {
  return kernels::lane_count;
}
std::string_view fft_library() {
  return fftw_version;
}

}  // namespace calcispec
