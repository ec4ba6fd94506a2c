// SHA-256 of a text as 64 hexadecimal digits.
#pragma once

#include <string>
#include <string_view>

namespace calcispec {

std::string sha256_text(std::string_view text);

}  // namespace calcispec
