// ByteSource: the bytes of a binary file; every read is checked against the end before it happens.
#pragma once

#include "io/format.hpp"

#include <bit>
#include <concepts>
#include <cstdint>
#include <cstring>
#include <span>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

namespace calcispec::io {

enum class ByteOrder { little, big };

/// A mapped file or a buffer. Nothing outside it is ever read, and nothing is allocated before the
/// bytes that fill it are known to be there: a list of numbers costs at most eight times the file.
class ByteSource {
 public:
  explicit ByteSource(const FileView& file, ByteOrder order = ByteOrder::little)
      : bytes_(file.bytes), path_(file.path), order_(order) {}

  [[nodiscard]] std::uint64_t size() const noexcept { return bytes_.size(); }
  [[nodiscard]] const std::string& path() const noexcept { return path_; }
  [[nodiscard]] bool holds(std::uint64_t offset, std::uint64_t count) const noexcept {
    return offset <= size() && count <= size() - offset;
  }
  /// Throws Error{unreadable_input}: offset, bytes needed, size of the file.
  void need(std::uint64_t offset, std::uint64_t count, std::string_view what) const;
  /// Throws Error{unreadable_input} at the byte.
  [[noreturn]] void fail(std::uint64_t offset, const std::string& message) const;

  [[nodiscard]] std::string_view bytes(std::uint64_t offset,
                                       std::uint64_t count,
                                       std::string_view what) const;
  /// UTF-8 up to the first zero byte, without blanks at the ends.
  [[nodiscard]] std::string text(std::uint64_t offset,
                                 std::uint64_t count,
                                 std::string_view what) const;

  /// One number, for example get<float>(20, "the first axis value").
  template <typename Number>
  [[nodiscard]] Number get(std::uint64_t offset, std::string_view what) const {
    need(offset, sizeof(Number), what);
    return at<Number>(offset);
  }

  /// `count` numbers in a row as doubles.
  template <typename Number>
  [[nodiscard]] std::vector<double> list(std::uint64_t offset,
                                         std::uint64_t count,
                                         std::string_view what) const {
    if (count > size()) {  // so that the product below cannot wrap
      need(offset, count, what);
    }
    need(offset, count * sizeof(Number), what);
    std::vector<double> out(count);
    fill<Number>(offset, out, what);
    return out;
  }

  /// The same into room that is there.
  template <typename Number>
  void fill(std::uint64_t offset, std::span<double> out, std::string_view what) const {
    need(offset, out.size() * sizeof(Number), what);
    if (order_ == ByteOrder::big) {
      for (std::size_t i = 0; i < out.size(); ++i) {
        out[i] = static_cast<double>(at<Number>(offset + i * sizeof(Number)));
      }
      return;
    }
    const char* from = bytes_.data() + offset;
    for (std::size_t i = 0; i < out.size(); ++i) {
      Number value;
      std::memcpy(&value, from + i * sizeof(Number), sizeof(Number));
      out[i] = static_cast<double>(value);
    }
  }

 private:
  template <typename Number>
  [[nodiscard]] Number at(std::uint64_t offset) const {
    static_assert(std::endian::native == std::endian::little);
    unsigned char raw[sizeof(Number)];
    std::memcpy(raw, bytes_.data() + offset, sizeof(Number));
    if (order_ == ByteOrder::big) {
      for (std::size_t i = 0; i < sizeof(Number) / 2; ++i) {
        const auto kept = raw[i];
        raw[i] = raw[sizeof(Number) - 1 - i];
        raw[sizeof(Number) - 1 - i] = kept;
      }
    }
    Number out;
    std::memcpy(&out, raw, sizeof(Number));
    return out;
  }

  std::string_view bytes_;
  std::string path_;
  ByteOrder order_;
};

/// Whether the file starts with these bytes.
[[nodiscard]] inline bool starts_with(const FileView& file, std::string_view magic) {
  return file.bytes.substr(0, magic.size()) == magic;
}

}  // namespace calcispec::io
