// Writes WDF files: series and maps, complete or stopped, from the published layout alone.
#pragma once

#include "tests/support/byte_writer.hpp"

#include <cstdint>
#include <vector>

namespace calcispec::test {

struct WdfOrigin {
  std::uint32_t type = 3;  // with bit 31 for a key axis
  std::string name;
  std::vector<double> values;  // capacity of them
};

struct WdfFile {
  std::vector<float> axis;
  std::uint32_t x_unit = 1;
  std::uint32_t y_unit = 6;
  float laser_cm1 = 0;
  std::uint64_t capacity = 1;
  std::vector<std::vector<float>> spectra;  // as many as were measured
  std::vector<WdfOrigin> origins;
  std::uint32_t width = 0;  // of the map, 0: none
  std::uint32_t height = 0;
  std::uint32_t map_flags = 0;
  float step_x = 0;
  float step_y = 0;
  std::string white_light;  // bytes of a JPEG, empty: none
};

inline void add_wdf_block(ByteWriter& out, const char* name, const std::string& content) {
  out.append(std::string(name, 4));
  out.put(std::uint32_t{0});
  out.put(static_cast<std::uint64_t>(16 + content.size()));
  out.append(content);
}

inline std::string wdf_bytes(const WdfFile& file) {
  ByteWriter out;
  out.append("WDF1");
  out.put(std::uint32_t{1});
  out.put(std::uint64_t{512});
  out.pad_to(512);
  const auto points = static_cast<std::uint32_t>(file.axis.size());
  out.put_at(0x3C, points);
  out.put_at(0x40, file.capacity);
  out.put_at(0x48, static_cast<std::uint64_t>(file.spectra.size()));
  out.put_at(0x58, points);
  out.put_at(0x5C, static_cast<std::uint32_t>(file.origins.size()));
  out.put_at(0x98, file.y_unit);
  out.put_at(0x9C, file.laser_cm1);
  out.text_at(0xF0, "made for a test");
  ByteWriter data;
  for (const auto& spectrum : file.spectra) {
    for (const float y : spectrum) {
      data.put(y);
    }
  }
  data.pad_to(4 * points * static_cast<std::size_t>(file.capacity));
  add_wdf_block(out, "DATA", data.bytes());
  ByteWriter axis;
  axis.put(std::uint32_t{1});
  axis.put(file.x_unit);
  for (const float x : file.axis) {
    axis.put(x);
  }
  add_wdf_block(out, "XLST", axis.bytes());
  ByteWriter origins;
  origins.put(static_cast<std::uint32_t>(file.origins.size()));
  for (const auto& origin : file.origins) {
    origins.put(origin.type);
    origins.put(std::uint32_t{5});
    const auto at = origins.size();
    origins.text_at(at, origin.name);
    origins.pad_to(at + 16);
    for (const double value : origin.values) {
      origins.put(value);
    }
  }
  add_wdf_block(out, "ORGN", origins.bytes());
  if (file.width > 0) {
    ByteWriter map;
    map.put(file.map_flags);
    map.pad_to(20);
    map.put(file.step_x);
    map.put(file.step_y);
    map.put(1.0F);
    map.put(file.width);
    map.put(file.height);
    add_wdf_block(out, "WMAP", map.bytes());
  }
  if (!file.white_light.empty()) {
    add_wdf_block(out, "WHTL", file.white_light);
  }
  return out.bytes();
}

}  // namespace calcispec::test
