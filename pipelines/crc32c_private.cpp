#include "pipelines/crc32c_private.hpp"

#include <array>
#include <cstddef>
#include <cstring>
#include <nmmintrin.h>

namespace calcispec::detail {
namespace {

// The instruction, which every CPU of the second level has, takes three cycles and can start every
// cycle: three parts of this many bytes are gone through side by side.
constexpr std::size_t part_bytes = 4096;

constexpr std::uint32_t polynomial = 0x82F63B78U;  // reflected; RFC 3720, appendix B.4

constexpr std::uint32_t after_zero_byte(std::uint32_t crc) {
  for (int bit = 0; bit < 8; ++bit) {
    crc = (crc >> 1U) ^ ((crc & 1U) != 0 ? polynomial : 0U);
  }
  return crc;
}

// What zeros of one part make of a CRC, for each of its bytes: it is linear.
using PartTable = std::array<std::array<std::uint32_t, 256>, 4>;

PartTable make_part_table() {
  std::array<std::uint32_t, 32> of_bit{};
  for (std::size_t bit = 0; bit < of_bit.size(); ++bit) {
    auto crc = std::uint32_t{1} << bit;
    for (std::size_t k = 0; k < part_bytes; ++k) {
      crc = after_zero_byte(crc);
    }
    of_bit[bit] = crc;
  }
  PartTable out{};
  for (std::size_t byte = 0; byte < out.size(); ++byte) {
    for (std::size_t value = 0; value < out[byte].size(); ++value) {
      for (std::size_t bit = 0; bit < 8; ++bit) {
        out[byte][value] ^= ((value >> bit) & 1U) != 0 ? of_bit[8 * byte + bit] : 0U;
      }
    }
  }
  return out;
}

std::uint64_t after_part(const PartTable& table, std::uint64_t crc) {
  return table[0][crc & 0xFFU] ^ table[1][(crc >> 8U) & 0xFFU] ^ table[2][(crc >> 16U) & 0xFFU] ^
         table[3][(crc >> 24U) & 0xFFU];
}

std::uint64_t word_at(const char* at) {
  std::uint64_t word = 0;
  std::memcpy(&word, at, sizeof(word));
  return word;
}

}  // namespace

std::uint32_t crc32c(std::span<const char> bytes, std::uint32_t before) {
  static const auto table = make_part_table();
  std::uint64_t crc = ~before;
  for (; bytes.size() >= 3 * part_bytes; bytes = bytes.subspan(3 * part_bytes)) {
    std::uint64_t second = 0;
    std::uint64_t third = 0;
    const char* at = bytes.data();
    for (const char* const end = at + part_bytes; at < end; at += sizeof(std::uint64_t)) {
      crc = _mm_crc32_u64(crc, word_at(at));
      second = _mm_crc32_u64(second, word_at(at + part_bytes));
      third = _mm_crc32_u64(third, word_at(at + 2 * part_bytes));
    }
    crc = after_part(table, after_part(table, crc) ^ second) ^ third;
  }
  for (; bytes.size() >= sizeof(std::uint64_t); bytes = bytes.subspan(sizeof(std::uint64_t))) {
    crc = _mm_crc32_u64(crc, word_at(bytes.data()));
  }
  auto rest = static_cast<std::uint32_t>(crc);
  for (const char byte : bytes) {
    rest = _mm_crc32_u8(rest, static_cast<unsigned char>(byte));
  }
  return ~rest;
}

}  // namespace calcispec::detail
