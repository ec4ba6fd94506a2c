// What the pictures share: numbers as short text, linear scales.
#pragma once

#include <array>
#include <charconv>
#include <limits>
#include <string>
#include <string_view>
#include <vector>

namespace calcispec::svg {

constexpr std::string_view font = "font-family=\"Helvetica,Arial,sans-serif\"";

/// One decimal: a tenth of a pixel.
inline std::string px(double value) {
  std::array<char, 32> text{};
  const auto end =
      std::to_chars(text.data(), text.data() + text.size(), value, std::chars_format::fixed, 1).ptr;
  return {text.data(), end};
}

struct Scale {
  double from = 0;
  double to = 1;
  double pixel_from = 0;
  double pixel_to = 1;

  [[nodiscard]] double at(double value) const {
    return pixel_from + (value - from) / (to - from) * (pixel_to - pixel_from);
  }
};

/// A step of 1, 2 or 5 times a power of ten that parts the range about so often.
double nice_step(double range, int count);

/// Multiples of the step within the range.
std::vector<double> ticks(double from, double to, double step);

/// With so many decimals.
std::string fixed_number(double value, int decimals);
/// A position on the axis, without a trailing ".0".
std::string axis_number(double value);
/// As many decimals as the step between ticks needs.
std::string tick_text(double value, double step);

/// A path through lowest and highest value of each pixel column: what the eye would see of all
/// points. Values that are no number are left out.
class Thinned {
 public:
  Thinned(const Scale& sx, const Scale& sy) : sx_(sx), sy_(sy) {}
  void add(double x, double y);
  std::string take();

 private:
  void flush();

  const Scale& sx_;
  const Scale& sy_;
  double column_ = std::numeric_limits<double>::quiet_NaN();
  double low_ = 0;
  double high_ = 0;
  std::string out_;
};

}  // namespace calcispec::svg
