// The data files built into this library, by name.
#pragma once

#include <string_view>

namespace calcispec::models {

/// Throws Error{internal} if there is no such file.
std::string_view embedded_file(std::string_view name);

}  // namespace calcispec::models
