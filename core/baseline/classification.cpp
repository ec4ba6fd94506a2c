#include "core/baseline/classification.hpp"

#include <algorithm>
#include <cmath>

namespace calcispec {
namespace {

struct Moments {
  double mean = 0;
  double deviation = 0;
  std::size_t count = 0;
};

Moments moments_of(std::span<const double> values, const PointMask& mask) {
  Moments out;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (mask[i] != 0) {
      out.mean += values[i];
      ++out.count;
    }
  }
  out.mean /= static_cast<double>(std::max<std::size_t>(1, out.count));
  double square = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    const double away = mask[i] != 0 ? values[i] - out.mean : 0;
    square += away * away;
  }
  out.deviation = std::sqrt(square / static_cast<double>(std::max<std::size_t>(2, out.count) - 1));
  return out;
}

double mean_about(std::span<const double> y, std::size_t at, std::size_t half) {
  const std::size_t first = at > half ? at - half : 0;
  const std::size_t end = std::min(y.size(), at + half + 1);
  double sum = 0;
  for (std::size_t i = first; i < end; ++i) {
    sum += y[i];
  }
  return sum / static_cast<double>(end - first);
}

}  // namespace

double standard_deviation(std::span<const double> y) {
  return moments_of(y, PointMask(y.size(), 1)).deviation;
}

std::size_t classification_window(const ParameterSet& given,
                                  std::span<const double> y,
                                  MovingExtremes& extremes) {
  return std::min(y.size(),
                  given.is_set("half_window") ? static_cast<std::size_t>(given.real("half_window"))
                                              : (automatic_half_window(y, extremes) + 1) / 2);
}
std::size_t classification_smoothing(const ParameterSet& given, std::size_t half) {
  return given.is_set("smooth_half_window")
             ? static_cast<std::size_t>(given.real("smooth_half_window"))
             : half;
}
std::size_t interpolation_window(const ParameterSet& given) {
  return static_cast<std::size_t>(given.integer("interp_half_window"));
}

void refine(PointMask& mask, std::size_t least) {
  const std::size_t n = mask.size();
  for (std::size_t i = 0; i < n;) {
    std::size_t end = i;
    while (end < n && mask[end] != 0) {
      ++end;
    }
    const bool touches_an_end = i == 0 || end == n;
    if (end - i < least && !touches_an_end) {
      std::fill(mask.begin() + static_cast<std::ptrdiff_t>(i),
                mask.begin() + static_cast<std::ptrdiff_t>(end),
                char{0});
    }
    i = std::max(end, i + 1);
  }
  const PointMask before = mask;
  for (std::size_t i = 1; i + 1 < n; ++i) {
    if (before[i - 1] != 0 && before[i + 1] != 0) {
      mask[i] = 1;
    }
  }
}

PointMask below_iterated_threshold(std::span<const double> values, double num_std) {
  PointMask mask(values.size(), 1);
  while (true) {
    const auto moments = moments_of(values, mask);
    const double limit = moments.mean + num_std * moments.deviation;
    PointMask next(values.size());
    for (std::size_t i = 0; i < values.size(); ++i) {
      next[i] = values[i] < limit ? char{1} : char{0};
    }
    const bool has_points = std::count(next.begin(), next.end(), char{1}) >= 2;
    if (next == mask || !has_points) {
      return has_points ? next : mask;
    }
    mask = next;
  }
}

void bridge(std::span<const double> x,
            std::span<const double> y,
            const PointMask& mask,
            std::size_t half,
            std::span<double> out) {
  const std::size_t n = y.size();
  std::copy(y.begin(), y.end(), out.begin());
  for (std::size_t i = 0; i < n;) {
    if (mask[i] != 0) {
      ++i;
      continue;
    }
    std::size_t end = i;
    while (end < n && mask[end] == 0) {
      ++end;
    }
    const std::size_t left = i == 0 ? 0 : i - 1;
    const std::size_t right = end == n ? n - 1 : end;
    const double left_mean = mean_about(y, left, half);
    const double right_mean = mean_about(y, right, half);
    const double slope = right > left ? (right_mean - left_mean) / (x[right] - x[left]) : 0;
    for (std::size_t k = left + 1; k < right; ++k) {
      out[k] = left_mean + slope * (x[k] - x[left]);
    }
    i = end;
  }
}

void rolling_deviation(std::span<const double> y, std::size_t half, std::span<double> out) {
  const std::size_t n = y.size();
  const std::size_t period = std::max<std::size_t>(1, 2 * (n - 1));
  const auto at = [&](std::ptrdiff_t i) {
    const auto k = static_cast<std::size_t>(std::abs(i)) % period;
    return y[k < n ? k : period - k];
  };
  const auto reach = static_cast<std::ptrdiff_t>(half);
  const double count = 2 * static_cast<double>(half) + 1;
  // Mean and squares about it, updated as a point leaves and one enters (Welford).
  double mean = 0;
  for (std::ptrdiff_t k = -reach; k <= reach; ++k) {
    mean += at(k) / count;
  }
  double square = 0;
  for (std::ptrdiff_t k = -reach; k <= reach; ++k) {
    square += (at(k) - mean) * (at(k) - mean);
  }
  for (std::size_t i = 0; i < n; ++i) {
    out[i] = std::sqrt(std::max(0.0, square) / std::max(1.0, count - 1));
    const double leaves = at(static_cast<std::ptrdiff_t>(i) - reach);
    const double enters = at(static_cast<std::ptrdiff_t>(i) + reach + 1);
    const double next = mean + (enters - leaves) / count;
    square += (enters - leaves) * (enters - next + leaves - mean);
    mean = next;
  }
}

}  // namespace calcispec
