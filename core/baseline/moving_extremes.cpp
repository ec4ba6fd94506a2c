#include "core/baseline/moving_extremes.hpp"

#include "core/baseline/polynomial_baseline.hpp"
#include "core/kernels/pack.hpp"

#include <algorithm>

namespace calcispec {
namespace {

constexpr double window_tolerance = 1e-6;
constexpr int hits_wanted = 3;

}  // namespace

namespace {

// Mirrored with a period of 2 n, `half` points more at either end.
void extend_mirrored(std::span<const double> y, std::size_t half, std::vector<double>& out) {
  const std::size_t n = y.size();
  out.resize(n + 2 * half);
  std::copy(y.begin(), y.end(), out.begin() + static_cast<std::ptrdiff_t>(half));
  const auto mirrored = [&](std::size_t at) { return at < n ? y[at] : y[2 * n - 1 - at]; };
  for (std::size_t k = 0; k < half; ++k) {
    out[half - 1 - k] = mirrored(k % (2 * n));
    out[half + n + k] = mirrored((n + k) % (2 * n));
  }
}

}  // namespace

// Windows of 1, 2, 4, ... points, each from two of the width before; two of them cover any width.
// Values ahead are read before they are overwritten.
template <typename Better>
void MovingExtremes::move(std::span<const double> y,
                          std::size_t half,
                          std::span<double> out,
                          Better better) {
  extend_mirrored(y, half, padded_);
  const std::size_t window = 2 * half + 1;
  const auto combine = [&](std::size_t ahead, std::size_t count, double* to) {
    const double* const from = padded_.data();
    constexpr std::size_t width = kernels::lane_count;
    std::size_t i = 0;
    for (; i + width <= count; i += width) {
      kernels::store(better(kernels::load(from + i), kernels::load(from + i + ahead)), to + i);
    }
    for (; i < count; ++i) {
      to[i] = better(from[i], from[i + ahead]);
    }
  };
  std::size_t covered = 1;
  for (; 2 * covered <= window; covered *= 2) {
    combine(covered, padded_.size() - 2 * covered + 1, padded_.data());
  }
  combine(window - covered, y.size(), out.data());
}

void MovingExtremes::erode(std::span<const double> y, std::size_t half, std::span<double> out) {
  move(y, half, out, [](auto a, auto b) { return b < a ? b : a; });
}
void MovingExtremes::dilate(std::span<const double> y, std::size_t half, std::span<double> out) {
  move(y, half, out, [](auto a, auto b) { return a < b ? b : a; });
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

void MovingExtremes::erode_further(std::span<double> eroded) {
  // The windows of both neighbours together are that of the point and one more at either end; the
  // erosion of a mirrored spectrum is mirrored.
  extend_mirrored(eroded, 1, padded_);
  for (std::size_t i = 0; i < eroded.size(); ++i) {
    eroded[i] = std::min(padded_[i], padded_[i + 2]);
  }
}

std::size_t automatic_half_window(std::span<const double> y, MovingExtremes& extremes) {
  std::vector<double> eroded(y.size());
  std::vector<double> opened(y.size());
  std::vector<double> next(y.size());
  extremes.erode(y, 1, eroded);
  extremes.dilate(eroded, 1, opened);
  std::size_t best = 1;
  int hits = 0;
  const std::size_t largest = std::max<std::size_t>(2, (y.size() - 1) / 2);
  for (std::size_t half = 2; half < largest; ++half) {
    extremes.erode_further(eroded);
    extremes.dilate(eroded, half, next);
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
