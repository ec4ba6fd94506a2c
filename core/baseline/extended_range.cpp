#include "core/baseline/extended_range.hpp"

#include "core/baseline/edges.hpp"

#include <algorithm>
#include <cmath>

namespace calcispec {

ExtendedRange::Shape ExtendedRange::shape_of(const ParameterSet& set) {
  return {set.choice("side") != "right",
          set.choice("side") != "left",
          set.real("width_scale"),
          set.real("height_scale"),
          set.real("sigma_scale")};
}

ExtendedRange::ExtendedRange(const Axis& axis, const Shape& shape)
    : shape_(shape),
      added_(static_cast<std::size_t>(static_cast<double>(axis.size()) * shape.width)) {
  const auto x = axis.values();
  const double length = 0.5 * shape.width * (x.back() - x.front());
  const auto steps = static_cast<double>(added_);
  std::vector<double> values;
  for (std::size_t i = 0; i < added_ && shape.has_left; ++i) {
    values.push_back(x.front() - length + length / steps * static_cast<double>(i));
  }
  values.insert(values.end(), x.begin(), x.end());
  for (std::size_t i = 1; i <= added_ && shape.has_right; ++i) {
    values.push_back(x.back() + length / steps * static_cast<double>(i));
  }
  axis_ = Axis::make(std::move(values), axis.kind(), axis.unit());
}

double ExtendedRange::peak_height(std::span<const double> y) const {
  return shape_.height * std::abs(*std::max_element(y.begin(), y.end()));
}

double ExtendedRange::peak_part(std::size_t i) const {
  const double half = 0.5 * static_cast<double>(added_);
  const double step = added_ > 1 ? 2 * half / static_cast<double>(added_ - 1) : 0;
  const double t =
      (static_cast<double>(i) * step - half) / (shape_.sigma * static_cast<double>(added_));
  return std::exp(-0.5 * t * t);
}

void ExtendedRange::extend(std::span<const double> y, std::span<double> out) const {
  std::vector<double> lines;
  extend_by_lines(y, added_, lines);
  const double height = peak_height(y);
  for (std::size_t i = 0; i < added_; ++i) {
    const double peak = height * peak_part(i);
    lines[i] += peak;
    lines[added_ + y.size() + i] += peak;
  }
  const auto from = lines.begin() + static_cast<std::ptrdiff_t>(shape_.has_left ? 0 : added_);
  std::copy(from, from + static_cast<std::ptrdiff_t>(points()), out.begin());
}

double ExtendedRange::error(std::span<const double> y, std::span<const double> baseline) const {
  std::vector<double> lines;
  extend_by_lines(y, added_, lines);
  double sum = 0;
  for (std::size_t i = 0; i < added_ && shape_.has_right; ++i) {
    const double miss = lines[added_ + y.size() + i] - baseline[first() + y.size() + i];
    sum += miss * miss;
  }
  for (std::size_t i = 0; i < added_ && shape_.has_left; ++i) {
    const double miss = lines[i] - baseline[i];
    sum += miss * miss;
  }
  return sum;
}

double ExtendedRange::peaks_found(std::span<const double> y,
                                  std::span<const double> extended,
                                  std::span<const double> baseline) const {
  const std::size_t right = first() + y.size();
  double found = 0;
  double own = 0;
  for (std::size_t i = 0; i < added_; ++i) {
    const double part = i == 0 || i + 1 == added_ ? 0.5 : 1;
    found += shape_.has_left ? part * (extended[i] - baseline[i]) : 0;
    found += shape_.has_right ? part * (extended[right + i] - baseline[right + i]) : 0;
    own += part * peak_part(i);
  }
  const double sides = shape_.has_left && shape_.has_right ? 2 : 1;
  return found / (sides * own * peak_height(y));
}

}  // namespace calcispec
