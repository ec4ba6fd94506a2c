// Whole zlib streams in one go, and the order of bytes in which HDF5 packs numbers: by libdeflate
// where it was there at build, else by zlib.
#pragma once

#include <span>
#include <string_view>
#include <vector>

namespace calcispec::io {

/// A zlib stream that holds exactly out.size() bytes; false for any other.
[[nodiscard]] bool inflate_exactly(std::string_view packed, std::span<char> out);

/// Packs numbers of four bytes as the filters shuffle and deflate of HDF5 do, quickly rather than
/// tightly (level 1). The bytes depend on the library at hand, never on what came before.
class NumberPacker {
 public:
  NumberPacker();
  NumberPacker(const NumberPacker&) = delete;
  NumberPacker& operator=(const NumberPacker&) = delete;
  NumberPacker(NumberPacker&&) = delete;
  NumberPacker& operator=(NumberPacker&&) = delete;
  ~NumberPacker();

  /// Until the next call; empty where memory ran out.
  std::span<const char> pack(std::span<const float> numbers);

 private:
  std::vector<char> shuffled_;
  std::vector<char> packed_;
  void* packer_ = nullptr;  // of libdeflate
};

}  // namespace calcispec::io
