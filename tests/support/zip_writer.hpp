// Packs bytes as gzip and as zip archives, by zlib alone.
#pragma once

#include "tests/support/byte_writer.hpp"

#include <cstdint>
#include <string>
#include <utility>
#include <vector>
#include <zlib.h>

namespace calcispec::test {

/// window_bits: 31 gzip, -15 raw.
inline std::string deflated(const std::string& bytes, int window_bits) {
  z_stream stream{};
  deflateInit2(&stream, Z_BEST_COMPRESSION, Z_DEFLATED, window_bits, 8, Z_DEFAULT_STRATEGY);
  std::string out(deflateBound(&stream, static_cast<uLong>(bytes.size())), '\0');
  stream.next_in = reinterpret_cast<Bytef*>(const_cast<char*>(bytes.data()));
  stream.avail_in = static_cast<uInt>(bytes.size());
  stream.next_out = reinterpret_cast<Bytef*>(out.data());
  stream.avail_out = static_cast<uInt>(out.size());
  deflate(&stream, Z_FINISH);
  out.resize(stream.total_out);
  deflateEnd(&stream);
  return out;
}

inline std::string gzip_bytes(const std::string& bytes) {
  return deflated(bytes, 31);
}

/// Every second member is stored, the others are deflated.
inline std::string zip_bytes(const std::vector<std::pair<std::string, std::string>>& members) {
  ByteWriter out;
  std::string list;
  std::uint16_t count = 0;
  for (const auto& [name, bytes] : members) {
    const bool is_packed = count % 2 == 0;
    const auto packed = is_packed ? deflated(bytes, -15) : bytes;
    const auto start = static_cast<std::uint32_t>(out.size());
    ByteWriter common;  // from the flags to the length of the extra field
    common.put(std::uint16_t{0});
    common.put(static_cast<std::uint16_t>(is_packed ? 8 : 0));
    common.put(std::uint32_t{0});
    common.put(static_cast<std::uint32_t>(
        crc32(0, reinterpret_cast<const Bytef*>(bytes.data()), static_cast<uInt>(bytes.size()))));
    common.put(static_cast<std::uint32_t>(packed.size()));
    common.put(static_cast<std::uint32_t>(bytes.size()));
    common.put(static_cast<std::uint16_t>(name.size()));
    common.put(std::uint16_t{0});
    out.append(std::string("PK\x03\x04\x14\0", 6));
    out.append(common.bytes());
    out.append(name);
    out.append(packed);
    ByteWriter entry;
    entry.append(std::string("PK\x01\x02\x14\0\x14\0", 8) + common.bytes());
    entry.append(std::string(10, '\0'));
    entry.put(start);
    entry.append(name);
    list += entry.bytes();
    ++count;
  }
  const auto start = static_cast<std::uint32_t>(out.size());
  out.append(list + std::string("PK\x05\x06\0\0\0\0", 8));
  out.put(count);
  out.put(count);
  out.put(static_cast<std::uint32_t>(list.size()));
  out.put(start);
  out.put(std::uint16_t{0});
  return out.bytes();
}

}  // namespace calcispec::test
