#include "core/error.hpp"

#include <utility>

namespace calcispec {

Error::Error(ErrorCode code, const std::string& message, std::string place)
    : std::runtime_error(message), code_(code), place_(std::move(place)) {}

void require(bool condition, std::string_view message) {
  if (!condition) {
    throw Error(ErrorCode::invalid_argument, std::string(message));
  }
}

}  // namespace calcispec
