// Writes SPC files of any flags, exponents and unit codes, from the published layout alone.
#pragma once

#include "tests/support/byte_writer.hpp"

#include <cmath>
#include <cstdint>
#include <vector>

namespace calcispec::test {

struct SpcSubfile {
  int exponent = 0;            // -128: floating point
  std::vector<double> stored;  // integers, or the values themselves for floating point
  std::vector<double> x;       // own axis
  float z = 0;
};

struct SpcFile {
  std::uint8_t flags = 0;
  std::uint8_t version = 0x4B;
  std::uint8_t experiment = 0;
  int exponent = 0;
  std::uint32_t points = 0;
  double first_x = 0;
  double last_x = 0;
  std::uint8_t x_unit = 1;
  std::uint8_t y_unit = 2;
  std::vector<double> x;  // shared list
  std::vector<SpcSubfile> subfiles;
  std::string log;     // text of the log block
  std::string labels;  // own labels, with zero bytes between
};

inline void put_spc_subfile(ByteWriter& out, const SpcFile& file, std::size_t index) {
  const auto& subfile = file.subfiles[index];
  out.put(std::uint8_t{0});
  out.put(static_cast<std::int8_t>(subfile.exponent));
  out.put(static_cast<std::uint16_t>(index));
  out.put(subfile.z);
  out.put(subfile.z);
  out.put(0.0F);
  out.put(static_cast<std::uint32_t>(subfile.x.size()));
  for (int i = 0; i < 3; ++i) {
    out.put(std::uint32_t{0});
  }
  const bool is_multi = (file.flags & 0x04U) != 0;
  const int exponent = is_multi ? subfile.exponent : file.exponent;
  for (const double x : subfile.x) {
    if (file.exponent == -128) {
      out.put(static_cast<float>(x));
    } else {
      out.put(static_cast<std::int32_t>(std::lround(std::ldexp(x, 32 - file.exponent))));
    }
  }
  for (const double value : subfile.stored) {
    if (exponent == -128) {
      out.put(static_cast<float>(value));
    } else if ((file.flags & 0x01U) != 0) {
      out.put(static_cast<std::int16_t>(value));
    } else if (file.version == 0x4D) {
      const auto word = static_cast<std::uint32_t>(static_cast<std::int32_t>(value));
      out.put(static_cast<std::uint16_t>(word >> 16U));
      out.put(static_cast<std::uint16_t>(word & 0xFFFFU));
    } else {
      out.put(static_cast<std::int32_t>(value));
    }
  }
}

inline std::string spc_bytes(const SpcFile& file) {
  ByteWriter out(file.version == 0x4C);
  const bool is_old = file.version == 0x4D;
  out.put(file.flags);
  out.put(file.version);
  if (is_old) {
    out.put(static_cast<std::int16_t>(file.exponent));
    out.put(static_cast<float>(file.points));
    out.put(static_cast<float>(file.first_x));
    out.put(static_cast<float>(file.last_x));
    out.put(file.x_unit);
    out.put(file.y_unit);
    out.pad_to(224);
  } else {
    out.put(file.experiment);
    out.put(static_cast<std::int8_t>(file.exponent));
    out.put(static_cast<std::int32_t>(file.points));
    out.put(file.first_x);
    out.put(file.last_x);
    out.put(static_cast<std::int32_t>(file.subfiles.size()));
    out.put(file.x_unit);
    out.put(file.y_unit);
    out.pad_to(512);
    // 2021-03-04 05:06
    out.put_at(32, std::uint32_t{2021U << 20U | 3U << 16U | 4U << 11U | 5U << 6U | 6U});
    out.text_at(88, "made for a test");
    out.text_at(218, file.labels);
  }
  for (const double x : file.x) {
    out.put(static_cast<float>(x));
  }
  for (std::size_t k = 0; k < file.subfiles.size(); ++k) {
    put_spc_subfile(out, file, k);
  }
  if (!file.log.empty()) {
    out.put_at(248, static_cast<std::int32_t>(out.size()));
    const auto start = out.size();
    out.put(static_cast<std::uint32_t>(64 + file.log.size()));
    out.put(static_cast<std::uint32_t>(4096));
    out.put(std::uint32_t{64});
    out.pad_to(start + 64);
    out.append(file.log);
  }
  return out.bytes();
}

}  // namespace calcispec::test
