#include "io/byte_source.hpp"

#include "core/error.hpp"
#include "io/text_file.hpp"

#include <algorithm>

namespace calcispec::io {

void ByteSource::need(std::uint64_t offset, std::uint64_t count, std::string_view what) const {
  if (!holds(offset, count)) {
    fail(offset,
         std::to_string(count) + " bytes of " + std::string(what) +
             " should stand there, but the file ends at byte " + std::to_string(size()) +
             "; it is cut off or damaged, copy or export it again");
  }
}

void ByteSource::fail(std::uint64_t offset, const std::string& message) const {
  throw Error(
      ErrorCode::unreadable_input, "at byte " + std::to_string(offset) + ": " + message, path_);
}

std::string_view ByteSource::bytes(std::uint64_t offset,
                                   std::uint64_t count,
                                   std::string_view what) const {
  need(offset, count, what);
  return bytes_.substr(offset, count);
}

std::string ByteSource::text(std::uint64_t offset,
                             std::uint64_t count,
                             std::string_view what) const {
  const auto raw = bytes(offset, count, what);
  return utf8_from(trimmed(raw.substr(0, std::min(raw.find('\0'), raw.size()))));
}

}  // namespace calcispec::io
