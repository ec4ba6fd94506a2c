// Text of tables on a terminal: numbers and columns.
#pragma once

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <string>

namespace calcispec::cli {

/// Blanks up to the width, at least one.
inline std::string padded(std::string text, std::size_t width) {
  text.resize(std::max(width, text.size() + 1), ' ');
  return text;
}

namespace detail {
template <typename... Values>
std::string printed(const char* format, Values... values) {
  std::array<char, 64> buffer{};
  const int length = std::snprintf(buffer.data(), buffer.size(), format, values...);
  return {buffer.data(), static_cast<std::size_t>(std::max(0, length))};
}
}  // namespace detail

/// So many decimals; "-" for what is no number.
inline std::string fixed_text(double value, int decimals) {
  return std::isfinite(value) ? detail::printed("%.*f", decimals, value) : "-";
}

/// Three digits; "-" for what is no number.
inline std::string short_text(double value) {
  return std::isfinite(value) ? detail::printed("%.3g", value) : "-";
}

}  // namespace calcispec::cli
