#include "core/baseline/edges.hpp"

#include <algorithm>
#include <utility>

namespace calcispec {

void extend_by_lines(std::span<const double> y, std::size_t pad, std::vector<double>& out) {
  extend_by_lines_through(y, pad, pad, out);
}

void extend_by_lines_through(std::span<const double> y,
                             std::size_t through,
                             std::size_t pad,
                             std::vector<double>& out) {
  const std::size_t n = y.size();
  out.resize(n + 2 * pad);
  std::copy(y.begin(), y.end(), out.begin() + static_cast<std::ptrdiff_t>(pad));
  const auto line = [&](std::size_t first, std::size_t count) {
    const auto m = static_cast<double>(count);
    const double middle = 0.5 * (m - 1);
    double mean = 0;
    double slope = 0;
    for (std::size_t i = 0; i < count; ++i) {
      mean += y[first + i] / m;
      slope += (static_cast<double>(i) - middle) * y[first + i];
    }
    const double squares = m * (m * m - 1) / 12;
    return std::pair{mean, squares > 0 ? slope / squares : 0.0};
  };
  const std::size_t count = std::min(through, n);
  const double middle = 0.5 * (static_cast<double>(count) - 1);
  const auto [left_mean, left_slope] = line(0, count);
  const auto [right_mean, right_slope] = line(n - count, count);
  for (std::size_t i = 0; i < pad; ++i) {
    const auto away = static_cast<double>(pad - i);
    out[i] = left_mean + left_slope * (-away - middle);
    const auto beyond = static_cast<double>(count + i);
    out[pad + n + i] = right_mean + right_slope * (beyond - middle);
  }
}

namespace {

// Means over 2 * half + 1 of the values from the first on.
void average(std::span<const double> padded, std::size_t half, std::span<double> out) {
  const std::size_t window = 2 * half + 1;
  double sum = 0;
  for (std::size_t i = 0; i < window; ++i) {
    sum += padded[i];
  }
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] = sum / static_cast<double>(window);
    if (i + 1 < out.size()) {
      sum += padded[i + window] - padded[i];
    }
  }
}

}  // namespace

void moving_average(std::span<const double> y, std::size_t half, std::span<double> out) {
  if (half == 0) {
    std::copy(y.begin(), y.end(), out.begin());
    return;
  }
  std::vector<double> padded;
  extend_by_lines(y, half, padded);
  average(padded, half, out);
}

void straight_average(std::span<const double> y, std::size_t half, std::vector<double>& out) {
  std::vector<double> padded;
  extend_by_lines_through(y, 2, half, padded);
  out.resize(y.size());
  average(padded, half, out);
}

void mirrored_average(std::span<const double> y, std::size_t half, std::span<double> out) {
  const std::size_t n = y.size();
  std::vector<double> padded(n + 2 * half);
  for (std::size_t i = 0; i < padded.size(); ++i) {
    // Mirrored with a period of 2 n.
    const std::size_t at = (i + 2 * n * (half / (2 * n) + 1) - half) % (2 * n);
    padded[i] = at < n ? y[at] : y[2 * n - 1 - at];
  }
  average(padded, half, out);
}

}  // namespace calcispec
