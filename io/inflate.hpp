// inflate(): packed bytes (zlib, gzip, raw deflate) unpacked under a limit.
#pragma once

#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

namespace calcispec::io {

enum class Packing { zlib, gzip, raw };

/// More than this is never unpacked: 4 GB.
constexpr std::uint64_t most_unpacked = std::uint64_t{4} << 30U;

struct Unpacked {
  std::string_view bytes;
  std::shared_ptr<const void> holder;  // keeps them
  bool is_complete = false;  // false: the packed bytes end early or are damaged from there on
};

/// What can be unpacked, at most `limit` bytes; more is an end like damage. gzip files of several
/// members are joined. More than 64 MB lie in a file without a name in the folder for temporary
/// files, so that they need no memory; Error{unreadable_input} where it has no room. Source: RFC
/// 1950, 1951, 1952, by zlib.
Unpacked inflate(std::string_view packed, Packing packing, std::uint64_t limit = most_unpacked);

/// CRC-32 of zip and gzip.
std::uint32_t crc32_of(std::string_view bytes);

}  // namespace calcispec::io
