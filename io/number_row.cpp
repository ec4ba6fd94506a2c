#include "io/number_row_private.hpp"

#include <array>
#include <charconv>
#include <cstdint>

namespace calcispec::io {
namespace {

// Powers of ten that doubles hold exactly.
constexpr std::array<double, 23> powers{1e0,  1e1,  1e2,  1e3,  1e4,  1e5,  1e6,  1e7,
                                        1e8,  1e9,  1e10, 1e11, 1e12, 1e13, 1e14, 1e15,
                                        1e16, 1e17, 1e18, 1e19, 1e20, 1e21, 1e22};
constexpr std::uint64_t largest_exact = std::uint64_t{1} << 53U;
constexpr int most_digits = 18;

bool is_row_digit(char c) {
  return static_cast<unsigned char>(c - '0') < 10;
}

// Whole digits, and how many; stops before a number could wrap.
struct Digits {
  std::uint64_t value = 0;
  int count = 0;

  void take(const char*& at, const char* end) {
    while (at != end && is_row_digit(*at) && count < most_digits) {
      value = 10 * value + static_cast<std::uint64_t>(*at - '0');
      ++count;
      ++at;
    }
  }
};

// A decimal number whose digits and power of ten are exact as doubles needs one rounding, so the
// quotient or product is the nearest double (Clinger, PLDI 1990). Null for all others.
const char* simple_number(const char* at, const char* end, double& value) {
  const bool is_negative = at != end && *at == '-';
  at += is_negative ? 1 : 0;
  Digits digits;
  digits.take(at, end);
  int power = 0;
  if (at != end && *at == '.') {
    ++at;
    const int before = digits.count;
    digits.take(at, end);
    power = before - digits.count;
  }
  if (digits.count == 0 || digits.count == most_digits) {
    return nullptr;
  }
  if (at != end && (*at == 'e' || *at == 'E')) {
    ++at;
    const bool is_small = at != end && *at == '-';
    at += at != end && (*at == '-' || *at == '+') ? 1 : 0;
    Digits exponent;
    exponent.take(at, end);
    if (exponent.count == 0 || exponent.count > 4) {
      return nullptr;
    }
    power += is_small ? -static_cast<int>(exponent.value) : static_cast<int>(exponent.value);
  }
  const auto last = static_cast<int>(powers.size()) - 1;
  if (digits.value > largest_exact || power > last || power < -last) {
    return nullptr;
  }
  const auto whole = static_cast<double>(digits.value);
  const double size = power < 0 ? whole / powers[static_cast<std::size_t>(-power)]
                                : whole * powers[static_cast<std::size_t>(power)];
  value = is_negative ? -size : size;
  return at;
}

const char* number_at(const char* at, const char* end, double& value) {
  if (const char* next = simple_number(at, end, value)) {
    return next;
  }
  at += at != end && *at == '+' ? 1 : 0;
  const auto [next, fault] = std::from_chars(at, end, value);
  return fault == std::errc() ? next : nullptr;
}

}  // namespace

bool parse_row(std::string_view line, char delimiter, std::span<double> out) {
  const char* at = line.data();
  const char* const end = at + line.size();
  const auto skip_blanks = [&] {
    while (at != end && *at == ' ' && delimiter != ' ') {
      ++at;
    }
  };
  for (std::size_t i = 0; i < out.size(); ++i) {
    skip_blanks();
    at = number_at(at, end, out[i]);
    if (at == nullptr) {
      return false;
    }
    skip_blanks();
    if (at == end) {
      return i + 1 == out.size();
    }
    if (*at != delimiter) {
      return false;
    }
    ++at;
  }
  skip_blanks();
  return at == end;
}

bool parse_parted(std::string_view line, std::vector<double>& out) {
  const char* at = line.data();
  const char* const end = at + line.size();
  const auto is_blank = [](char c) { return c == ' ' || c == '\t' || c == '\r' || c == '\f'; };
  const auto skip_blanks = [&] {
    while (at != end && is_blank(*at)) {
      ++at;
    }
  };
  out.clear();
  for (skip_blanks(); at != end; skip_blanks()) {
    double value = 0;
    at = number_at(at, end, value);
    if (at == nullptr || (at != end && !is_blank(*at))) {
      return false;
    }
    out.push_back(value);
  }
  return true;
}

std::string_view behind_cells(std::string_view line, char delimiter, std::size_t cells) {
  for (; cells > 0; --cells) {
    const auto next = line.find(delimiter);
    if (next == std::string_view::npos) {
      return {};
    }
    line.remove_prefix(next + 1);
  }
  return line;
}

}  // namespace calcispec::io
