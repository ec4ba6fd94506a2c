// Writes OMNIC series (SRS) and maps (MAP), from the published notes on their layout alone.
#pragma once

#include "tests/support/byte_writer.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace calcispec::test {

struct OmnicSeries {
  float first_x = 0;
  float last_x = 0;
  std::uint8_t x_unit = 1;
  std::uint8_t y_unit = 17;
  std::vector<std::string> titles;
  std::vector<std::vector<float>> y;
  bool is_high_speed = false;
};

inline std::string omnic_head(const OmnicSeries& series) {
  ByteWriter out;
  out.pad_to(1300);
  out.put_at(4, static_cast<std::uint32_t>(series.y.front().size()));
  out.put_at(8, series.x_unit);
  out.put_at(12, series.y_unit);
  out.put_at(16, series.first_x);
  out.put_at(20, series.last_x);
  out.put_at(36, std::uint32_t{16});
  out.put_at(52, std::uint32_t{32});
  out.put_at(1006, 12.5F);
  out.put_at(1010, 0.25F);
  out.put_at(1026, static_cast<std::uint32_t>(series.y.size()));
  return out.bytes();
}

inline void append_omnic_spectra(ByteWriter& out, const OmnicSeries& series) {
  for (std::size_t i = 0; i < series.y.size(); ++i) {
    auto title = series.titles[i];
    title.resize(84, '\0');
    out.append((i == 0 ? "" : std::string(16, '\0')) + title);
    for (const float value : series.y[i]) {
      out.put(value);
    }
  }
}

inline std::string srs_bytes(const OmnicSeries& series) {
  const auto mark = series.is_high_speed
                        ? std::string("\x02\0\0\0\x18\0\0\0\0\0\x48\x43\0\xC8\xAF\x47", 16)
                        : std::string("\x02\0\0\0\x18\0\0\0\0\0\x48\x43\0\x50\x43\x47", 16);
  ByteWriter out;
  out.append("Spectral Exte File\r\n");
  out.pad_to(600);
  out.append(omnic_head(series));
  out.text_at(600 + 152, mark);
  out.append(std::string(200, '\x55'));
  for (int i = 0; i < (series.is_high_speed ? 3 : 2); ++i) {
    out.append(mark + std::string(44, '\0'));
  }
  append_omnic_spectra(out, series);
  out.append(std::string(80, '\0'));
  return out.bytes();
}

inline std::string omnic_map_bytes(const OmnicSeries& series) {
  constexpr std::uint32_t head = 900;
  ByteWriter out;
  out.append("Spectral Exte File\r\n");
  out.pad_to(head);
  out.put_at(372, head + 208);
  out.append(omnic_head(series));
  append_omnic_spectra(out, series);
  out.append(std::string(30, '\0'));
  return out.bytes();
}

}  // namespace calcispec::test
