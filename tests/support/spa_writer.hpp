// Writes OMNIC SPA and SPG files of any units and counts, from the published layout alone.
#pragma once

#include "tests/support/byte_writer.hpp"

#include <cstdint>
#include <vector>

namespace calcispec::test {

struct SpaSpectrum {
  std::uint8_t x_unit = 1;
  std::uint8_t y_unit = 17;
  float first_x = 0;
  float last_x = 0;
  std::vector<float> y;
  std::string title;
};

inline std::string spa_bytes(const std::vector<SpaSpectrum>& spectra,
                             const std::string& history = {}) {
  ByteWriter out;
  out.text_at(0, "Spectral Data File\r\n");
  out.text_at(30, "made for a test");
  std::size_t line = 304;
  std::size_t lines = 0;
  std::size_t start = 304 + 16 * (4 * spectra.size() + 2);
  const auto add = [&](std::uint8_t key, const std::string& bytes) {
    out.put_at(line, key);
    out.put_at(line + 2, static_cast<std::uint32_t>(start));
    out.put_at(line + 6, static_cast<std::uint32_t>(bytes.size()));
    out.text_at(start, bytes);
    start += bytes.size();
    line += 16;
    ++lines;
  };
  for (const auto& one : spectra) {
    ByteWriter header;
    header.pad_to(140);
    header.put_at(4, static_cast<std::uint32_t>(one.y.size()));
    header.put_at(8, one.x_unit);
    header.put_at(12, one.y_unit);
    header.put_at(16, one.first_x);
    header.put_at(20, one.last_x);
    header.put_at(36, std::uint32_t{64});
    add(2, header.bytes());
    if (!one.title.empty()) {
      auto title = one.title;
      title.resize(264, '\0');
      add(107, title);
    }
    ByteWriter y;
    for (const float value : one.y) {
      y.put(value);
    }
    add(3, y.bytes());
  }
  if (!history.empty()) {
    add(27, history);
  }
  out.put_at(294, static_cast<std::uint16_t>(lines));
  out.put_at(296, std::uint32_t{3737043778U});  // 2018-06-02 19:42:58
  return out.bytes();
}

}  // namespace calcispec::test
