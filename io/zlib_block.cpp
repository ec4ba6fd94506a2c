#include "io/zlib_block.hpp"

#include "core/stored_numbers.hpp"

#include <cstddef>

#ifdef CALCISPEC_HAS_LIBDEFLATE
#include <libdeflate.h>
#else
#include <zlib.h>
#endif

namespace calcispec::io {
namespace {

constexpr int quick_level = 1;

}  // namespace

#ifdef CALCISPEC_HAS_LIBDEFLATE

bool inflate_exactly(std::string_view packed, std::span<char> out) {
  auto* const unpacker = libdeflate_alloc_decompressor();
  const bool is_whole =
      unpacker != nullptr &&
      libdeflate_zlib_decompress(
          unpacker, packed.data(), packed.size(), out.data(), out.size(), nullptr) ==
          LIBDEFLATE_SUCCESS;
  libdeflate_free_decompressor(unpacker);
  return is_whole;
}

NumberPacker::NumberPacker() : packer_(libdeflate_alloc_compressor(quick_level)) {}

NumberPacker::~NumberPacker() {
  libdeflate_free_compressor(static_cast<libdeflate_compressor*>(packer_));
}

std::span<const char> NumberPacker::pack(std::span<const float> numbers) {
  if (packer_ == nullptr) {
    return {};
  }
  auto* const packer = static_cast<libdeflate_compressor*>(packer_);
  shuffled_.resize(numbers.size_bytes());
  packed_.resize(libdeflate_zlib_compress_bound(packer, shuffled_.size()));
  planes_of_floats(numbers, shuffled_);
  const auto size = libdeflate_zlib_compress(
      packer, shuffled_.data(), shuffled_.size(), packed_.data(), packed_.size());
  return std::span(packed_).first(size);
}

#else

bool inflate_exactly(std::string_view packed, std::span<char> out) {
  auto size = static_cast<uLongf>(out.size());
  return uncompress(reinterpret_cast<Bytef*>(out.data()),
                    &size,
                    reinterpret_cast<const Bytef*>(packed.data()),
                    packed.size()) == Z_OK &&
         size == out.size();
}

NumberPacker::NumberPacker() = default;
NumberPacker::~NumberPacker() = default;

std::span<const char> NumberPacker::pack(std::span<const float> numbers) {
  shuffled_.resize(numbers.size_bytes());
  packed_.resize(compressBound(shuffled_.size()));
  planes_of_floats(numbers, shuffled_);
  auto size = static_cast<uLongf>(packed_.size());
  const int status = compress2(reinterpret_cast<Bytef*>(packed_.data()),
                               &size,
                               reinterpret_cast<const Bytef*>(shuffled_.data()),
                               shuffled_.size(),
                               quick_level);
  return std::span(packed_).first(status == Z_OK ? size : 0);
}

#endif

}  // namespace calcispec::io
