// Writes PerkinElmer sp files (a tree of blocks) and fsm maps (a list of blocks).
#pragma once

#include "tests/support/byte_writer.hpp"

#include <cstdint>
#include <string>
#include <vector>

namespace calcispec::test {

inline std::string pe_block(std::uint16_t id, const std::string& content) {
  ByteWriter out;
  out.put(id);
  out.put(static_cast<std::uint32_t>(content.size()));
  out.append(content);
  return out.bytes();
}

inline std::string pe_text(std::uint16_t id, const std::string& text) {
  ByteWriter out;
  out.put(std::uint16_t{0x7523});
  out.put(static_cast<std::uint16_t>(text.size()));
  out.append(text);
  return pe_block(id, out.bytes());
}

inline std::string pe_head(const std::string& description) {
  auto padded = description;
  padded.resize(40, '\0');
  return "PEPE" + padded;
}

inline std::string sp_bytes(double first,
                            double last,
                            const std::vector<double>& y,
                            const std::string& y_unit = "A") {
  ByteWriter range;
  range.put(std::uint16_t{0x751D});
  range.put(first);
  range.put(last);
  ByteWriter count;
  count.put(std::uint16_t{0x752B});
  count.put(static_cast<std::uint32_t>(y.size()));
  ByteWriter numbers;
  numbers.put(std::uint16_t{0x7516});
  numbers.put(static_cast<std::uint32_t>(8 * y.size()));
  for (const double value : y) {
    numbers.put(value);
  }
  // The history holds blocks of the same numbers as the data set, one level down.
  const auto history = pe_block(35711, pe_block(121, pe_text(35703, "not the unit")));
  return pe_head("2D constant interval DataSet file") +
         pe_block(120,
                  history + pe_text(35697, "sample") + pe_block(35698, range.bytes()) +
                      pe_block(35701, count.bytes()) + pe_text(35703, "cm-1") +
                      pe_text(35704, y_unit) + pe_block(35708, numbers.bytes()));
}

struct FsmFile {
  std::int32_t nx = 0;
  std::int32_t ny = 0;
  double step_x_um = 6.25;
  double step_y_um = -6.25;
  double first = 4000;
  double last = 750;
  std::vector<std::vector<float>> pixels;
};

inline std::string fsm_bytes(const FsmFile& file) {
  ByteWriter head;
  head.put(std::uint16_t{4});
  head.append("name");
  const double points = file.pixels.empty() ? 3 : static_cast<double>(file.pixels.front().size());
  for (const double value : {file.step_x_um,
                             file.step_y_um,
                             (file.last - file.first) / (points - 1),
                             file.first,
                             file.last,
                             0.0,
                             0.0,
                             12.0,
                             34.0,
                             0.0}) {
    head.put(value);
  }
  head.put(file.nx);
  head.put(file.ny);
  head.put(static_cast<std::int32_t>(points));
  head.append(std::string(12, '\0'));
  auto out = pe_head("4D constant interval") + pe_block(5100, head.bytes()) + pe_block(5104, "#u");
  for (const auto& pixel : file.pixels) {
    ByteWriter numbers;
    for (const float value : pixel) {
      numbers.put(value);
    }
    out += pe_block(5105, numbers.bytes());
  }
  return out;
}

}  // namespace calcispec::test
