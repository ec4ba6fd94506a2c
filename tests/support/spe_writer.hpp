// Writes Princeton SPE files of versions 2 and 3, from the published layout alone.
#pragma once

#include "tests/support/byte_writer.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace calcispec::test {

struct SpeFile {
  int type = 3;  // 0 float, 1 i32, 2 i16, 3 u16, 5 double, 6 u8, 8 u32
  std::uint16_t width = 0;
  std::uint16_t height = 1;
  std::vector<std::vector<double>> frames;  // width * height numbers each
  std::vector<double> polynomial;           // of the pixel, from 1
  std::uint8_t polynomial_unit = 4;
  double laser_nm = 0;
  std::string footer;                 // version 3 if there is one
  std::size_t bytes_after_frame = 0;  // version 3 keeps times there
};

inline void put_spe_number(ByteWriter& out, int type, double value) {
  switch (type) {
    case 0:
      return out.put(static_cast<float>(value));
    case 1:
      return out.put(static_cast<std::int32_t>(value));
    case 2:
      return out.put(static_cast<std::int16_t>(value));
    case 3:
      return out.put(static_cast<std::uint16_t>(value));
    case 5:
      return out.put(value);
    case 6:
      return out.put(static_cast<std::uint8_t>(value));
    default:
      return out.put(static_cast<std::uint32_t>(value));
  }
}

inline std::string spe_bytes(const SpeFile& file) {
  ByteWriter out;
  out.pad_to(4100);
  out.put_at(42, file.width);
  out.put_at(656, file.height);
  out.put_at(108, static_cast<std::int16_t>(file.type));
  out.put_at(1446, static_cast<std::int32_t>(file.frames.size()));
  out.put_at(1992, file.footer.empty() ? 2.5F : 3.0F);
  out.put_at(2996, std::uint32_t{0x01234567});
  out.put_at(4098, std::uint16_t{0x5555});
  out.text_at(20, "02Jun2018");
  out.text_at(200, "a comment");
  if (!file.polynomial.empty()) {
    out.put_at(3098, std::uint8_t{1});
    out.put_at(3100, file.polynomial_unit);
    out.put_at(3101, static_cast<std::uint8_t>(file.polynomial.size() - 1));
    for (std::size_t k = 0; k < file.polynomial.size(); ++k) {
      out.put_at(3263 + 8 * k, file.polynomial[k]);
    }
  }
  out.put_at(3311, file.laser_nm);
  for (const auto& frame : file.frames) {
    for (const double value : frame) {
      put_spe_number(out, file.type, value);
    }
    out.append(std::string(file.bytes_after_frame, '\x7F'));
  }
  if (!file.footer.empty()) {
    out.put_at(678, static_cast<std::uint64_t>(out.size()));
    out.append(file.footer);
  }
  return out.bytes();
}

}  // namespace calcispec::test
