#include "core/baseline/bells.hpp"

#include "core/fft.hpp"
#include "core/kernels/pack.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace calcispec {
namespace {

constexpr std::size_t most_direct_weights = 128;

void make_sum_one(std::vector<double>& weights) {
  double sum = 0;
  for (const double w : weights) {
    sum += w;
  }
  for (double& w : weights) {
    w /= sum;
  }
}

// The next number that has no prime factor above 5: transforms of such lengths are fast.
std::size_t fast_length(std::size_t least) {
  for (std::size_t n = least;; ++n) {
    std::size_t rest = n;
    for (const std::size_t prime : {2U, 3U, 5U}) {
      while (rest % prime == 0) {
        rest /= prime;
      }
    }
    if (rest == 1) {
      return n;
    }
  }
}

}  // namespace

std::vector<double> mollifier(std::size_t half) {
  std::vector<double> weights(2 * half + 1, 0.0);
  for (std::size_t i = 1; i < 2 * half; ++i) {
    const double t =
        (static_cast<double>(i) - static_cast<double>(half)) / static_cast<double>(half);
    weights[i] = std::exp(-1 / (1 - t * t));
  }
  make_sum_one(weights);
  return weights;
}

std::vector<double> gaussian_bell(std::size_t count, double sigma) {
  std::vector<double> weights(count);
  for (std::size_t i = 0; i < count; ++i) {
    const double t = (static_cast<double>(i) - 0.5 * (static_cast<double>(count) - 1)) / sigma;
    weights[i] = std::exp(-0.5 * t * t);
  }
  make_sum_one(weights);
  return weights;
}

void BellFilter::extend(std::span<const double> y) {
  const std::size_t n = y.size();
  const std::size_t half = weights_.size() / 2;
  padded_.resize(n + 2 * half);
  std::copy(y.begin(), y.end(), padded_.begin() + static_cast<std::ptrdiff_t>(half));
  const std::size_t period = std::max<std::size_t>(1, 2 * (n - 1));
  for (std::size_t k = 1; k <= half; ++k) {
    const std::size_t left = k % period;
    padded_[half - k] = y[left < n ? left : period - left];
    const std::size_t right = (n - 1 + k) % period;
    padded_[half + n - 1 + k] = y[right < n ? right : period - right];
  }
}

void BellFilter::run(std::span<const double> y, std::span<double> out) {
  extend(y);
  if (weights_.size() > most_direct_weights) {
    return run_by_transforms(out);
  }
  constexpr std::size_t packs = 4;
  constexpr std::size_t width = kernels::lane_count;
  std::size_t i = 0;
  for (; i + packs * width <= out.size(); i += packs * width) {
    std::array<kernels::Pack, packs> sums{};
    for (std::size_t k = 0; k < weights_.size(); ++k) {
      const double* const from = padded_.data() + i + k;
      kernels::unrolled<packs>(
          [&](auto j) { sums[j] += weights_[k] * kernels::load(from + j * width); });
    }
    kernels::unrolled<packs>([&](auto j) { kernels::store(sums[j], out.data() + i + j * width); });
  }
  for (; i < out.size(); ++i) {
    double sum = 0;
    for (std::size_t k = 0; k < weights_.size(); ++k) {
      sum += weights_[k] * padded_[i + k];
    }
    out[i] = sum;
  }
}

void BellFilter::run_by_transforms(std::span<double> out) {
  const std::size_t length = fast_length(padded_.size());
  padded_.resize(length, 0.0);
  if (response_length_ != length) {
    std::vector<double> weights = weights_;
    weights.resize(length, 0.0);
    fft_forward(weights, response_);
    response_length_ = length;
  }
  fft_forward(padded_, transform_);
  for (std::size_t k = 0; k < transform_.size(); ++k) {
    transform_[k] *= response_[k];
  }
  fft_inverse(transform_, padded_);
  // Symmetric weights: point i lies at the end of its window.
  const std::size_t window = weights_.size() - 1;
  std::copy_n(padded_.begin() + static_cast<std::ptrdiff_t>(window), out.size(), out.begin());
}

}  // namespace calcispec
