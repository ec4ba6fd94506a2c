#include "io/format.hpp"

namespace calcispec::io {

std::span<const Format> formats() {
  return {};
}

}  // namespace calcispec::io
