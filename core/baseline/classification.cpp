#include "core/baseline/classification.hpp"

#include "core/kernels/pack.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace calcispec {
namespace {

struct Moments {
  double mean = 0;
  double deviation = 0;
  Index count = 0;
};

// Sum of `term` over the values below the limit, a register of them at a time.
template <class Term>
double sum_below(std::span<const double> values, double limit, const Term& term) {
  using kernels::lane_count;
  const auto count = static_cast<Index>(values.size());
  kernels::Pack sums{};
  Index i = 0;
  for (; i + lane_count <= count; i += lane_count) {
    const kernels::Pack here = kernels::load(values.data() + i);
    sums += here < limit ? term(here) : kernels::Pack{};
  }
  double sum = kernels::sum(sums);
  for (; i < count; ++i) {
    const double here = values[static_cast<std::size_t>(i)];
    sum += here < limit ? term(here) : 0;
  }
  return sum;
}

Moments moments_below(std::span<const double> values, double limit) {
  Moments out;
  for (const double value : values) {
    out.count += value < limit ? 1 : 0;
  }
  out.mean = sum_below(values, limit, [](auto value) { return value; }) /
             static_cast<double>(std::max<Index>(1, out.count));
  const double square = sum_below(values, limit, [&](auto value) {
    const auto away = value - out.mean;
    return away * away;
  });
  out.deviation = std::sqrt(square / static_cast<double>(std::max<Index>(2, out.count) - 1));
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
  return moments_below(y, std::numeric_limits<double>::infinity()).deviation;
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
  double limit = std::numeric_limits<double>::infinity();
  auto moments = moments_below(values, limit);
  while (true) {
    const double next = moments.mean + num_std * moments.deviation;
    const auto kept = moments_below(values, next);
    if (kept.count < 2) {
      break;
    }
    const bool is_same = kept.count == moments.count;  // one threshold's points hold another's
    limit = next;
    moments = kept;
    if (is_same) {
      break;
    }
  }
  PointMask mask(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    mask[i] = values[i] < limit ? char{1} : char{0};
  }
  return mask;
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
