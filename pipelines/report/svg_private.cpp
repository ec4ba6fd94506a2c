#include "pipelines/report/svg_private.hpp"

#include "pipelines/report/analysis_text.hpp"

#include <algorithm>
#include <cmath>

namespace calcispec::svg {

double nice_step(double range, int count) {
  const double rough = range / count;
  const double power = std::pow(10, std::floor(std::log10(rough)));
  for (const double factor : {1.0, 2.0, 5.0}) {
    if (factor * power >= rough) {
      return factor * power;
    }
  }
  return 10 * power;
}

std::vector<double> ticks(double from, double to, double step) {
  std::vector<double> values;
  const auto last = static_cast<Index>(std::floor(to / step));
  for (auto k = static_cast<Index>(std::ceil(from / step)); k <= last; ++k) {
    values.push_back(static_cast<double>(k) * step);
  }
  return values;
}

std::string fixed_number(double value, int decimals) {
  std::array<char, 64> buffer{};
  const auto end =
      std::to_chars(
          buffer.data(), buffer.data() + buffer.size(), value, std::chars_format::fixed, decimals)
          .ptr;
  return {buffer.data(), end};
}

std::string axis_number(double value) {
  auto out = px(value);
  return out.size() > 2 && out.substr(out.size() - 2) == ".0" ? out.substr(0, out.size() - 2) : out;
}

std::string tick_text(double value, double step) {
  if (std::abs(value) < 1e-9 * step) {
    return "0";
  }
  if (std::abs(value) >= 1e5 || step < 1e-4) {
    return short_number(value);
  }
  const int digits = std::max(0, static_cast<int>(-std::floor(std::log10(step) + 1e-9)));
  return fixed_number(value, digits);
}

void Thinned::add(double x, double y) {
  if (!std::isfinite(y)) {
    return;
  }
  const double at = std::round(2 * sx_.at(x)) / 2;
  if (at != column_) {
    flush();
    column_ = at;
    low_ = y;
    high_ = y;
  }
  low_ = std::min(low_, y);
  high_ = std::max(high_, y);
}

std::string Thinned::take() {
  flush();
  return std::move(out_);
}

void Thinned::flush() {
  if (!std::isfinite(column_)) {
    return;
  }
  out_ += (out_.empty() ? "M" : "L") + px(column_) + " " + px(sy_.at(low_));
  if (high_ > low_) {
    out_ += "V" + px(sy_.at(high_));
  }
}

}  // namespace calcispec::svg
