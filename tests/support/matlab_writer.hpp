// Writes MATLAB 5 files in either byte order, plain or packed.
#pragma once

#include "tests/support/byte_writer.hpp"

#include <cstdint>
#include <string>
#include <vector>
#include <zlib.h>

namespace calcispec::test {

class MatWriter {
 public:
  explicit MatWriter(bool is_big = false) : is_big_(is_big) {}

  /// An element with its type; up to four bytes may go into its head.
  [[nodiscard]] std::string element(std::uint32_t type,
                                    const std::string& data,
                                    bool is_small = false) const {
    ByteWriter out(is_big_);
    if (is_small) {
      out.put((static_cast<std::uint32_t>(data.size()) << 16U) | type);
      out.append(data + std::string(4 - data.size(), '\0'));
      return out.bytes();
    }
    out.put(type);
    out.put(static_cast<std::uint32_t>(data.size()));
    out.append(data);
    constexpr std::uint32_t packed = 15;
    if (type != packed) {
      out.append(std::string((8 - data.size() % 8) % 8, '\0'));
    }
    return out.bytes();
  }

  template <typename Number>
  [[nodiscard]] std::string numbers(const std::vector<Number>& values) const {
    ByteWriter out(is_big_);
    for (const auto value : values) {
      out.put(value);
    }
    return out.bytes();
  }

  [[nodiscard]] std::string array(std::uint32_t kind,
                                  const std::vector<std::int32_t>& size,
                                  const std::string& name,
                                  const std::string& content) const {
    return element(14,
                   element(6, numbers<std::uint32_t>({kind, 0})) + element(5, numbers(size)) +
                       element(1, name) + content);
  }

  [[nodiscard]] std::string doubles(const std::string& name,
                                    const std::vector<std::int32_t>& size,
                                    const std::vector<double>& values) const {
    return array(6, size, name, element(9, numbers(values)));
  }
  /// Class double, stored as small whole numbers, as MATLAB does where it can.
  [[nodiscard]] std::string doubles_as_words(const std::string& name,
                                             const std::vector<std::int32_t>& size,
                                             const std::vector<std::uint16_t>& values) const {
    return array(6, size, name, element(4, numbers(values)));
  }
  [[nodiscard]] std::string text(const std::string& name, const std::string& value) const {
    std::vector<std::uint16_t> signs(value.begin(), value.end());
    return array(4, {1, static_cast<std::int32_t>(value.size())}, name, element(4, numbers(signs)));
  }
  [[nodiscard]] std::string cell(const std::vector<std::int32_t>& size,
                                 const std::string& parts) const {
    return array(1, size, "", parts);
  }
  /// `parts`: the fields in the order of the names, element after element.
  [[nodiscard]] std::string structure(const std::string& name,
                                      const std::vector<std::string>& names,
                                      const std::string& parts,
                                      const std::string& class_name = {},
                                      const std::vector<std::int32_t>& size = {1, 1}) const {
    std::string table;
    for (const auto& one : names) {
      table += one + std::string(32 - one.size(), '\0');
    }
    const auto head = class_name.empty() ? std::string() : element(1, class_name);
    return array(class_name.empty() ? 2 : 3,
                 size,
                 name,
                 head + element(5, numbers<std::int32_t>({32}), true) + element(1, table) + parts);
  }
  [[nodiscard]] std::string packed(const std::string& variable) const {
    auto size = compressBound(static_cast<uLong>(variable.size()));
    std::string out(size, '\0');
    compress(reinterpret_cast<Bytef*>(out.data()),
             &size,
             reinterpret_cast<const Bytef*>(variable.data()),
             static_cast<uLong>(variable.size()));
    out.resize(size);
    return element(15, out);
  }
  [[nodiscard]] std::string file(const std::string& variables) const {
    std::string head = "MATLAB 5.0 MAT-file, made for a test";
    head.resize(124, ' ');
    ByteWriter out(is_big_);
    out.append(head);
    out.put(std::uint16_t{0x0100});
    out.put(std::uint16_t{0x4D49});
    out.append(variables);
    return out.bytes();
  }

 private:
  bool is_big_;
};

}  // namespace calcispec::test
