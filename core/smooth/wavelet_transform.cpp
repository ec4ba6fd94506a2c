#include "core/smooth/wavelet_transform.hpp"

#include "core/kernels/moving_sum.hpp"

#include <algorithm>

namespace calcispec {

std::vector<double> high_pass_of(std::span<const double> low) {
  std::vector<double> high(low.rbegin(), low.rend());
  for (std::size_t k = 1; k < high.size(); k += 2) {
    high[k] = -high[k];
  }
  return high;
}

void DecimatedWavelet::forward(std::span<const double> y, int levels, WaveletLevels& out) {
  const auto high = high_pass_of(filter_);
  const std::size_t taps = filter_.size();
  out.details.resize(static_cast<std::size_t>(levels));
  next_.assign(y.begin(), y.end());
  for (auto& detail : out.details) {
    const std::size_t count = (next_.size() + taps - 1) / 2;
    kernels::extend_reflected(next_, taps, extended_);
    detail.assign(count, 0.0);
    low_.assign(count, 0.0);
    for (std::size_t k = 0; k < count; ++k) {
      const double* const from = extended_.data() + 2 * k + 2;
      double low = 0;
      double rough = 0;
      for (std::size_t j = 0; j < taps; ++j) {
        low += filter_[j] * from[j];
        rough += high[j] * from[j];
      }
      low_[k] = low;
      detail[k] = rough;
    }
    next_.swap(low_);
  }
  out.rest = next_;
}

void DecimatedWavelet::inverse(const WaveletLevels& from, std::span<double> y) {
  const auto high = high_pass_of(filter_);
  const std::size_t taps = filter_.size();
  next_ = from.rest;
  for (std::size_t level = from.details.size(); level-- > 0;) {
    const auto& detail = from.details[level];
    const std::size_t count = detail.size();
    low_.assign(2 * count + taps, 0.0);
    for (std::size_t k = 0; k < count; ++k) {
      for (std::size_t j = 0; j < taps; ++j) {
        low_[2 * k + j] += filter_[j] * next_[k] + high[j] * detail[k];
      }
    }
    // What the forward transform had: one sample fewer where it was odd.
    const std::size_t wanted =
        level > 0 ? from.details[level - 1].size() : static_cast<std::size_t>(y.size());
    next_.assign(low_.begin() + static_cast<Index>(taps - 2),
                 low_.begin() + static_cast<Index>(taps - 2 + wanted));
  }
  std::copy(next_.begin(), next_.end(), y.begin());
}

ShiftedWavelet::ShiftedWavelet(std::span<const double> filter)
    : low_(filter.begin(), filter.end()), high_(high_pass_of(filter)) {}

void ShiftedWavelet::convolve(std::span<const double> from,
                              std::span<const double> taps,
                              std::size_t gap,
                              bool is_back,
                              double scale,
                              std::vector<double>& out) {
  const std::size_t period = from.size();
  const std::size_t reach = gap * (taps.size() - 1);
  extended_.resize(period + reach);
  // Going back, the samples before the first one are wanted.
  std::size_t start = is_back ? (period - reach % period) % period : 0;
  for (std::size_t i = 0; i < extended_.size();) {
    const std::size_t piece = std::min(period - start, extended_.size() - i);
    std::copy_n(
        from.begin() + static_cast<Index>(start), piece, extended_.begin() + static_cast<Index>(i));
    i += piece;
    start = 0;
  }
  out.resize(period);
  constexpr std::size_t width = kernels::lane_count;
  const auto tap = [&](std::size_t j) { return is_back ? taps[taps.size() - 1 - j] : taps[j]; };
  std::size_t i = 0;
  for (; i + width <= period; i += width) {
    kernels::Pack sum{};
    for (std::size_t j = 0; j < taps.size(); ++j) {
      sum += tap(j) * kernels::load(extended_.data() + i + j * gap);
    }
    kernels::store(scale * sum, out.data() + i);
  }
  for (; i < period; ++i) {
    double sum = 0;
    for (std::size_t j = 0; j < taps.size(); ++j) {
      sum += tap(j) * extended_[i + j * gap];
    }
    out[i] = scale * sum;
  }
}

void ShiftedWavelet::forward(std::span<const double> y, int levels, WaveletLevels& out) {
  out.details.resize(static_cast<std::size_t>(levels));
  out.rest.assign(y.begin(), y.end());
  out.rest.insert(out.rest.end(), y.rbegin(), y.rend());
  std::size_t gap = 1;
  for (auto& detail : out.details) {
    convolve(out.rest, high_, gap, false, 1, detail);
    convolve(out.rest, low_, gap, false, 1, rest_);
    out.rest.swap(rest_);
    gap *= 2;
  }
}

void ShiftedWavelet::inverse(const WaveletLevels& from, std::span<double> y) {
  rest_ = from.rest;
  std::vector<double>& half = sum_;
  std::size_t gap = std::size_t{1} << from.details.size();
  std::vector<double> rough;
  for (std::size_t level = from.details.size(); level-- > 0;) {
    gap /= 2;
    convolve(rest_, low_, gap, true, 0.5, half);
    convolve(from.details[level], high_, gap, true, 0.5, rough);
    for (std::size_t i = 0; i < half.size(); ++i) {
      rest_[i] = half[i] + rough[i];
    }
  }
  std::copy_n(rest_.begin(), y.size(), y.begin());
}

}  // namespace calcispec
