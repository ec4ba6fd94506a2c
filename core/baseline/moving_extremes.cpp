#include "core/baseline/moving_extremes.hpp"

#include "core/baseline/polynomial_baseline.hpp"

#include <algorithm>

namespace calcispec {
namespace {

constexpr double window_tolerance = 1e-6;
constexpr int hits_wanted = 3;

}  // namespace

template <typename Better>
void MovingExtremes::move(std::span<const double> y,
                          std::size_t half,
                          std::span<double> out,
                          Better better) {
  const std::size_t n = y.size();
  const std::size_t window = 2 * half + 1;
  const std::size_t blocks = (n + 2 * half + window - 1) / window;
  const std::size_t total = blocks * window;
  padded_.resize(total);
  forward_.resize(total);
  backward_.resize(total);
  for (std::size_t i = 0; i < total; ++i) {
    // Mirrored with a period of 2 n.
    const std::size_t at = (i + 2 * n * (half / (2 * n) + 1) - half) % (2 * n);
    padded_[i] = at < n ? y[at] : y[2 * n - 1 - at];
  }
  for (std::size_t block = 0; block < total; block += window) {
    forward_[block] = padded_[block];
    for (std::size_t i = block + 1; i < block + window; ++i) {
      forward_[i] = better(forward_[i - 1], padded_[i]);
    }
    backward_[block + window - 1] = padded_[block + window - 1];
    for (std::size_t i = block + window - 1; i-- > block;) {
      backward_[i] = better(backward_[i + 1], padded_[i]);
    }
  }
  for (std::size_t i = 0; i < n; ++i) {
    out[i] = better(backward_[i], forward_[i + window - 1]);
  }
}

void MovingExtremes::erode(std::span<const double> y, std::size_t half, std::span<double> out) {
  move(y, half, out, [](double a, double b) { return std::min(a, b); });
}
void MovingExtremes::dilate(std::span<const double> y, std::size_t half, std::span<double> out) {
  move(y, half, out, [](double a, double b) { return std::max(a, b); });
}
void MovingExtremes::open(std::span<const double> y, std::size_t half, std::span<double> out) {
  eroded_.resize(y.size());
  erode(y, half, eroded_);
  dilate(eroded_, half, out);
}

void MovingExtremes::close(std::span<const double> y, std::size_t half, std::span<double> out) {
  eroded_.resize(y.size());
  dilate(y, half, eroded_);
  erode(eroded_, half, out);
}

std::size_t automatic_half_window(std::span<const double> y, MovingExtremes& extremes) {
  std::vector<double> opened(y.size());
  std::vector<double> next(y.size());
  extremes.open(y, 1, opened);
  std::size_t best = 1;
  int hits = 0;
  const std::size_t largest = std::max<std::size_t>(2, (y.size() - 1) / 2);
  for (std::size_t half = 2; half < largest; ++half) {
    extremes.open(y, half, next);
    if (relative_change(opened, next) < window_tolerance) {
      best = hits == 0 ? half - 1 : best;
      if (++hits >= hits_wanted) {
        return best;
      }
    } else {
      hits = 0;
      best = half;
    }
    std::swap(opened, next);
  }
  return best;
}

std::size_t half_window_of(const ParameterSet& parameters,
                           std::span<const double> y,
                           MovingExtremes& extremes) {
  return parameters.is_set("half_window") ? static_cast<std::size_t>(parameters.real("half_window"))
                                          : automatic_half_window(y, extremes);
}

}  // namespace calcispec
