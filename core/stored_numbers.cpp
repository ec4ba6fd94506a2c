#include "core/stored_numbers.hpp"

#include "core/error.hpp"

#include <algorithm>
#include <array>
#include <bit>
#include <cstdint>
#include <cstring>

namespace calcispec {
namespace {

template <typename Bits>
Bits bits_at(const char* from, std::size_t i) {
  Bits bits = 0;
  std::memcpy(&bits, from + i * sizeof(Bits), sizeof(Bits));
  return bits;
}

template <typename Number, typename Bits>
void plain_to_doubles(const char* from, std::span<double> out) {
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = static_cast<double>(std::bit_cast<Number>(bits_at<Bits>(from, i)));
  }
}

template <typename Number, typename Bits>
void planes_to_doubles(const char* from, std::size_t stride, std::span<double> out) {
  constexpr std::size_t piece = 512;
  std::array<Bits, piece> bits{};
  for (std::size_t done = 0; done < out.size(); done += piece) {
    const std::size_t many = std::min(piece, out.size() - done);
    const auto* plane = reinterpret_cast<const unsigned char*>(from + done);
    for (std::size_t i = 0; i < many; ++i) {
      Bits value = 0;
      for (std::size_t b = 0; b < sizeof(Bits); ++b) {
        value |= static_cast<Bits>(plane[b * stride + i]) << (8 * b);
      }
      bits[i] = value;
    }
    for (std::size_t i = 0; i < many; ++i) {
      out[done + i] = static_cast<double>(std::bit_cast<Number>(bits[i]));
    }
  }
}

// All bits of the exponent are set in NaN and infinities alone: the largest exponent tells. Several
// side by side, so that none waits for the last.
template <typename Bits>
bool are_finite(std::span<const char> from, Bits exponent) {
  constexpr std::size_t lanes = 64 / sizeof(Bits);
  const std::size_t count = from.size() / sizeof(Bits);
  std::array<Bits, lanes> largest{};
  const auto take = [&](std::size_t i, Bits& top) {
    top = std::max(top, bits_at<Bits>(from.data(), i) & exponent);
  };
  std::size_t i = 0;
  for (; i + lanes <= count; i += lanes) {
    for (std::size_t k = 0; k < lanes; ++k) {
      take(i + k, largest[k]);
    }
  }
  for (; i < count; ++i) {
    take(i, largest[0]);
  }
  return *std::max_element(largest.begin(), largest.end()) != exponent;
}

void check(bool are_sizes, Index number_bytes) {
  require(are_sizes && (number_bytes == 4 || number_bytes == 8),
          "stored numbers have four or eight bytes, and as many as are asked for");
}

}  // namespace

void doubles_of_stored(std::span<const char> from, Index number_bytes, std::span<double> out) {
  check(from.size() == out.size() * static_cast<std::size_t>(number_bytes), number_bytes);
  number_bytes == 4 ? plain_to_doubles<float, std::uint32_t>(from.data(), out)
                    : plain_to_doubles<double, std::uint64_t>(from.data(), out);
}

void doubles_of_planes(std::span<const char> from,
                       Index stride,
                       Index number_bytes,
                       std::span<double> out) {
  const auto step = static_cast<std::size_t>(stride);
  check(stride >= 0 && number_bytes > 0 &&
            from.size() >= static_cast<std::size_t>(number_bytes - 1) * step + out.size(),
        number_bytes);
  number_bytes == 4 ? planes_to_doubles<float, std::uint32_t>(from.data(), step, out)
                    : planes_to_doubles<double, std::uint64_t>(from.data(), step, out);
}

void planes_of_floats(std::span<const float> numbers, std::span<char> out) {
  const std::size_t count = numbers.size();
  check(out.size() == 4 * count, 4);
  for (std::size_t i = 0; i < count; ++i) {
    const auto bits = std::bit_cast<std::uint32_t>(numbers[i]);
    out[i] = static_cast<char>(bits);
    out[count + i] = static_cast<char>(bits >> 8U);
    out[2 * count + i] = static_cast<char>(bits >> 16U);
    out[3 * count + i] = static_cast<char>(bits >> 24U);
  }
}

bool are_stored_finite(std::span<const char> from, Index number_bytes) {
  check(number_bytes > 0 && from.size() % static_cast<std::size_t>(number_bytes) == 0,
        number_bytes);
  return number_bytes == 4 ? are_finite<std::uint32_t>(from, 0x7F800000U)
                           : are_finite<std::uint64_t>(from, std::uint64_t{0x7FF} << 52U);
}

}  // namespace calcispec
