#include "core/build_info.hpp"

#include <fftw3.h>

namespace calcispec {

std::string_view version() {
  return CALCISPEC_VERSION;
}
std::string_view cpu_level() {
  return CALCISPEC_CPU_LEVEL;
}
std::string_view fft_library() {
  return fftw_version;
}

}  // namespace calcispec
