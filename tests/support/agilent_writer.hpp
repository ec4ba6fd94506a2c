// Writes tiles of Agilent focal plane arrays and the parameters beside them.
#pragma once

#include "tests/support/byte_writer.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace calcispec::test {

/// images[point][row * nx + column], the lowest row first.
inline std::string agilent_tile(std::uint16_t nx,
                                std::uint16_t ny,
                                const std::vector<std::vector<float>>& images) {
  ByteWriter out;
  out.pad_to(1020);
  out.text_at(0, std::string("\0rG\0", 4));
  out.put_at(9, static_cast<std::uint32_t>(images.size()));
  out.put_at(24, nx);
  out.put_at(26, ny);
  for (const auto& image : images) {
    for (const float value : image) {
      out.put(value);
    }
  }
  return out.bytes();
}

struct AgilentParameters {
  double step = 0;
  std::int32_t start = 0;
  std::uint32_t points = 0;
  std::uint32_t interferogram_points = 0;
  double pixel_um = 5.5;
  std::string aggregation = "4";
  std::string optics = "Transmission";
  std::string atr = "No ATR";
};

inline std::string agilent_parameters(const AgilentParameters& given) {
  ByteWriter out;
  out.pad_to(2400);
  out.text_at(0, "\xD0\xCF\x11\xE0\xA1\xB1\x1A\xE1");
  out.put_at(2216, given.step);
  out.put_at(2228, given.start);
  out.put_at(2236, given.points);
  const auto number = [&](const std::string& name, double value) {
    out.append(name + std::string(12, '\x01') + "1.00");
    out.append(std::string(12, '\0'));
    out.put(value);
  };
  const auto text = [&](const std::string& name, const std::string& value) {
    out.append(name + std::string(40, '\x04'));
    out.put(static_cast<std::uint32_t>(value.size()));
    out.append(value);
  };
  number("FPA Pixel Size", given.pixel_um);
  number("Interferogram", 0.000126);
  out.put(std::uint32_t{4});
  out.put(std::int32_t{-68});
  out.put(std::uint32_t{4});
  out.put(given.interferogram_points);
  text("PixelAggregationSize", given.aggregation);
  text("OpticsMode", given.optics);
  text("ATR Mode", given.atr);
  out.append(std::string(64, '\0'));
  return out.bytes();
}

}  // namespace calcispec::test
