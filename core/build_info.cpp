#include "core/build_info.hpp"

namespace calcispec {

std::string_view version() {
  return CALCISPEC_VERSION;
}
std::string_view cpu_level() {
  return CALCISPEC_CPU_LEVEL;
}

}  // namespace calcispec
