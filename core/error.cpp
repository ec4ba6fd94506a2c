#include "core/error.hpp"

#include <utility>

namespace calcispec {

namespace {

// A sentence may quote a file: a zero would cut it short, other control characters would reach the
// terminal.
std::string without_controls(std::string message) {
  for (char& c : message) {
    const auto code = static_cast<unsigned char>(c);
    if ((code < 0x20 && c != '\n' && c != '\t') || code == 0x7f) {
      c = '?';
    }
  }
  return message;
}

}  // namespace

Error::Error(ErrorCode code, const std::string& message, std::string place)
    : std::runtime_error(without_controls(message)), code_(code), place_(std::move(place)) {}

void require(bool condition, std::string_view message) {
  if (!condition) {
    throw Error(ErrorCode::invalid_argument, std::string(message));
  }
}

}  // namespace calcispec
