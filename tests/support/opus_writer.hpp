// Writes OPUS files of any blocks, from the published layout alone.
#pragma once

#include "tests/support/byte_writer.hpp"

#include <cstdint>
#include <vector>

namespace calcispec::test {

inline constexpr std::uint32_t opus_absorbance = 0x100F;
inline constexpr std::uint32_t opus_transmittance = 0x140F;
inline constexpr std::uint32_t opus_raman = 0x280F;
inline constexpr std::uint32_t opus_sample = 0x0407;
inline constexpr std::uint32_t opus_reference = 0x040B;
inline constexpr std::uint32_t opus_interferogram = 0x0807;
// Turns the type of a data block into that of its parameters.
inline constexpr std::uint32_t opus_status = 0x10;
inline constexpr std::uint32_t opus_superseded = 0x40000000;
inline constexpr std::uint32_t opus_series = 2U << 19U;

/// A list of parameters in the making.
class OpusValues {
 public:
  OpusValues& integer(const char* key, std::int32_t value) {
    head(key, 0, 2);
    out_.put(value);
    return *this;
  }
  OpusValues& real(const char* key, double value) {
    head(key, 1, 4);
    out_.put(value);
    return *this;
  }
  OpusValues& text(const char* key, std::string value) {
    value.resize((value.size() / 2 + 1) * 2, '\0');
    head(key, 2, value.size() / 2);
    out_.append(value);
    return *this;
  }
  [[nodiscard]] std::string bytes() const {
    auto out = out_;
    out.append(std::string("END\0\0\0\0\0", 8));
    return out.bytes();
  }

 private:
  void head(const char* key, int type, std::size_t words) {
    out_.append(std::string(key, 3) + '\0');
    out_.put(static_cast<std::int16_t>(type));
    out_.put(static_cast<std::int16_t>(words));
  }

  ByteWriter out_;
};

inline std::string opus_floats(const std::vector<double>& values, std::size_t padding = 0) {
  ByteWriter out;
  for (const double value : values) {
    out.put(static_cast<float>(value));
  }
  out.pad_to(4 * (values.size() + padding));
  return out.bytes();
}

/// Parameters of a data block.
inline std::string opus_status_bytes(std::size_t points, double first, double last, double scale) {
  return OpusValues()
      .integer("DPF", 1)
      .integer("NPT", static_cast<std::int32_t>(points))
      .real("FXV", first)
      .real("LXV", last)
      .real("CSF", scale)
      .text("DXU", "WN")
      .bytes();
}

struct OpusBlock {
  std::uint32_t type;
  std::string bytes;
};

inline std::string opus_bytes(const std::vector<OpusBlock>& blocks) {
  ByteWriter out;
  out.append("\x0A\x0A\xFE\xFE");
  out.put(920622.0);
  out.put(std::int32_t{24});
  out.put(std::int32_t{40});
  out.put(static_cast<std::int32_t>(blocks.size() + 1));
  std::size_t start = 24 + 12 * (blocks.size() + 1);
  const auto entry = [&](std::uint32_t type, std::size_t bytes, std::size_t at) {
    out.put(type);
    out.put(static_cast<std::int32_t>(bytes / 4));
    out.put(static_cast<std::int32_t>(at));
  };
  entry(13U << 10U, 12 * (blocks.size() + 1), 24);
  for (const auto& block : blocks) {
    entry(block.type, (block.bytes.size() + 3) / 4 * 4, start);
    start += (block.bytes.size() + 3) / 4 * 4;
  }
  for (const auto& block : blocks) {
    out.append(block.bytes);
    out.pad_to((out.size() + 3) / 4 * 4);
  }
  return out.bytes();
}

}  // namespace calcispec::test
