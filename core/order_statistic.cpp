#include "core/order_statistic.hpp"

#include "core/kernels/pack.hpp"

#include <algorithm>
#include <utility>

namespace calcispec {
namespace {

using kernels::lane_count;
using kernels::Pack;

Index count_up_to(std::span<const double> values, double limit) {
  Index count = 0;
  for (const double value : values) {
    count += value <= limit ? 1 : 0;
  }
  return count;
}

std::pair<double, double> range_of(std::span<const double> values) {
  double low = values.front();
  double high = low;
  const auto whole = static_cast<Index>(values.size()) / lane_count * lane_count;
  if (whole > 0) {
    Pack lows = kernels::load(values.data());
    Pack highs = lows;
    for (Index i = lane_count; i < whole; i += lane_count) {
      const Pack here = kernels::load(values.data() + i);
      lows = kernels::minimum(here, lows);
      highs = kernels::maximum(here, highs);
    }
    for (Index lane = 0; lane < lane_count; ++lane) {
      low = std::min(low, lows[lane]);
      high = std::max(high, highs[lane]);
    }
  }
  for (const double value : values.subspan(static_cast<std::size_t>(whole))) {
    low = std::min(low, value);
    high = std::max(high, value);
  }
  return {low, high};
}

// Those above `low` and at most `high` come to the front; their number.
Index gather_between(std::span<double> values, double low, double high) {
  std::size_t kept = 0;
  for (const double value : values) {
    values[kept] = value;
    kept += static_cast<std::size_t>(value > low) & static_cast<std::size_t>(value <= high);
  }
  return static_cast<Index>(kept);
}

}  // namespace

double order_statistic(std::span<double> values, Index k) {
  constexpr int most_counts = 12;
  constexpr Index few = 16;
  auto [low, high] = range_of(values);  // the one looked for is above `low`, at most `high`
  Index below = count_up_to(values, low);
  if (below > k) {
    return low;
  }
  auto upto = static_cast<Index>(values.size());
  for (int count = 0; count < most_counts && upto - below > few; ++count) {
    // Where it would be if they were spread evenly; each third time in the middle.
    const double even = (static_cast<double>(k - below) + 0.5) / static_cast<double>(upto - below);
    const double guess = low + (count % 3 == 2 ? 0.5 : even) * (high - low);
    if (!(guess > low && guess < high)) {
      break;
    }
    const Index now = count_up_to(values, guess);
    if (now > k) {
      high = guess;
      upto = now;
    } else {
      low = guess;
      below = now;
    }
  }
  const Index kept = gather_between(values, low, high);
  if (kept == 0) {
    return values.front();  // NaN
  }
  const auto at = values.begin() + std::min(k - below, kept - 1);
  std::nth_element(values.begin(), at, values.begin() + kept);
  return *at;
}

double upper_median(std::span<double> values) {
  return order_statistic(values, static_cast<Index>(values.size() / 2));
}

}  // namespace calcispec
