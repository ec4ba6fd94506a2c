// Error: the one exception of the library, and require() for arguments at public entries.
#pragma once

#include "core/export.hpp"

#include <stdexcept>
#include <string>
#include <string_view>

namespace calcispec {

enum class ErrorCode {
  invalid_argument,  // a parameter or argument outside its documented range
  unreadable_input,  // a file that cannot be opened or understood
  bad_method,        // a method, bands, library or calibration file that is wrong
  output_failed,     // a result that could not be written
  interrupted,       // stopped by the user
  internal           // a fault of the program
};

/// The call could not do its job. what() is a whole sentence: what was found, what was expected,
/// what to do. `place` is file, file:line or file:line:column, empty where there is none.
class CALCISPEC_API Error : public std::runtime_error {
 public:
  Error(ErrorCode code, const std::string& message, std::string place = {});
  [[nodiscard]] ErrorCode code() const noexcept { return code_; }
  [[nodiscard]] const std::string& place() const noexcept { return place_; }

 private:
  ErrorCode code_;
  std::string place_;
};

/// Throws Error{invalid_argument} with the given sentence unless the condition holds.
CALCISPEC_API void require(bool condition, std::string_view message);

}  // namespace calcispec

#ifdef NDEBUG
#define CALCISPEC_ASSERT(condition) static_cast<void>(0)
#else
#include <cassert>
#define CALCISPEC_ASSERT(condition) assert(condition)
#endif
