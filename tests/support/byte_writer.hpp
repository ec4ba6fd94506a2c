// ByteWriter: numbers and texts as bytes in either byte order, for files that tests make.
#pragma once

#include <algorithm>
#include <cstddef>
#include <cstring>
#include <string>

namespace calcispec::test {

class ByteWriter {
 public:
  explicit ByteWriter(bool is_big = false) : is_big_(is_big) {}

  template <typename Number>
  void put(Number value) {
    char raw[sizeof(Number)];
    std::memcpy(raw, &value, sizeof(Number));
    if (is_big_) {
      std::reverse(raw, raw + sizeof(Number));
    }
    bytes_.append(raw, sizeof(Number));
  }
  /// Overwrites at an offset, growing with zeros where needed.
  template <typename Number>
  void put_at(std::size_t offset, Number value) {
    ByteWriter one(is_big_);
    one.put(value);
    text_at(offset, one.bytes_);
  }
  void text_at(std::size_t offset, const std::string& text) {
    bytes_.resize(std::max(bytes_.size(), offset + text.size()), '\0');
    bytes_.replace(offset, text.size(), text);
  }
  void append(const std::string& text) { bytes_ += text; }
  void pad_to(std::size_t size) { bytes_.resize(std::max(bytes_.size(), size), '\0'); }

  [[nodiscard]] std::size_t size() const { return bytes_.size(); }
  [[nodiscard]] const std::string& bytes() const { return bytes_; }

 private:
  std::string bytes_;
  bool is_big_;
};

}  // namespace calcispec::test
