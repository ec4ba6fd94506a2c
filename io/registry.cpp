// The format table, made from formats.def.
#include "io/format.hpp"

#include <array>

namespace calcispec::io {

#define FORMAT(name) Format name##_format();
#include "io/formats.def"
#undef FORMAT

std::span<const Format> formats() {
  static const std::array table{
#define FORMAT(name) name##_format(),
#include "io/formats.def"
#undef FORMAT
  };
  return table;
}

}  // namespace calcispec::io
