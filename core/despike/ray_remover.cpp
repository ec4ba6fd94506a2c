#include "core/despike/ray_remover.hpp"

#include "core/kernels/running_median.hpp"
#include "core/order_statistic.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace calcispec {
namespace {

constexpr std::size_t ray_block_size = 64;
constexpr double cliff = 0.6;
constexpr double whole_fall = 0.8;  // of a ray's height within a sample: nothing of it lies behind
constexpr double ray_remover_to_sigma = 1.4826;  // from the median size, of a normal distribution
constexpr double not_known = std::numeric_limits<double>::quiet_NaN();

// Windows end where the row does.
void moving_median(std::span<const double> y,
                   Index half,
                   std::vector<double>& out,
                   std::vector<double>& window) {
  const auto points = static_cast<Index>(y.size());
  out.resize(y.size());
  const auto by_hand = [&](Index i) {
    const Index first = std::max<Index>(0, i - half);
    const Index last = std::min(points - 1, i + half);
    window.assign(y.begin() + first, y.begin() + last + 1);
    out[static_cast<std::size_t>(i)] = upper_median(window);
  };
  const Index edge = std::min(half, points);
  for (Index i = 0; i < edge; ++i) {
    by_hand(i);
  }
  for (Index i = std::max(edge, points - half); i < points; ++i) {
    by_hand(i);
  }
  if (points > 2 * half) {
    kernels::running_median(y, static_cast<std::size_t>(2 * half + 1), out.data() + half, window);
  }
}

}  // namespace

RayRemover::RayRemover(const RayRule& rule)
    : half_(rule.window / 2),
      threshold_(rule.threshold),
      least_ratio_(std::exp2(-8 / (rule.least_width * rule.least_width))) {}

// True if there were any.
bool RayRemover::pass(std::span<double> y) {
  moving_median(y, half_, median_, window_);
  rest_.resize(y.size());
  for (std::size_t i = 0; i < y.size(); ++i) {
    rest_[i] = y[i] - median_[i];
  }
  const auto [low, high] = std::minmax_element(y.begin(), y.end());
  // A quantised or noise-free signal has no spread to judge by.
  const double step = 1e-3 * (*high - *low);
  if (!has_candidates(step)) {
    return false;
  }
  start_blocks(y);
  bool is_any = false;
  for (std::size_t i = 0; i < y.size(); ++i) {
    if (rest_[i] <= std::max(step, threshold_ * overall_) || !is_top(i)) {
      continue;
    }
    const double sigma = std::max(noise_at(y, i), step / threshold_);
    if (rest_[i] > threshold_ * sigma && !is_line(y, i)) {
      if (!is_any) {
        is_spike_.assign(y.size(), false);
      }
      mark(y, i, 3 * sigma);
      is_any = true;
    }
  }
  if (is_any) {
    bridge(y);
  }
  return is_any;
}

// The noise of a place is never below that of the whole spectrum, a median: where more than half of
// the samples are larger than the tallest would allow, none can be a ray.
bool RayRemover::has_candidates(double step) {
  const double tallest = *std::max_element(rest_.begin(), rest_.end());
  if (!(tallest > step)) {
    return false;
  }
  const double least = tallest / (threshold_ * ray_remover_to_sigma);
  std::size_t smaller = 0;
  for (const double rest : rest_) {
    smaller += std::abs(rest) < least ? 1U : 0U;
  }
  return 2 * smaller >= rest_.size();
}

bool RayRemover::is_top(std::size_t i) const {
  return (i == 0 || rest_[i] >= rest_[i - 1]) && (i + 1 == rest_.size() || rest_[i] > rest_[i + 1]);
}

void RayRemover::start_blocks(std::span<const double> y) {
  const std::size_t blocks = std::max<std::size_t>(1, y.size() / ray_block_size);
  size_.resize(y.size());
  std::transform(rest_.begin(), rest_.end(), size_.begin(), [](double r) { return std::abs(r); });
  overall_ = ray_remover_to_sigma * median_of_medians();
  own_.assign(blocks, not_known);
  curved_.assign(blocks, not_known);
  quiet_ = not_known;
}

// Of the sizes; sorting all of them would take as long as all the rest.
double RayRemover::median_of_medians() {
  constexpr std::size_t part = 7;
  if (size_.size() < part * part) {
    return upper_median(size_);
  }
  medians_.resize(size_.size() - part + 1);
  kernels::running_median(size_, part, medians_.data(), window_);
  window_.clear();
  for (std::size_t i = 0; i < medians_.size(); i += part) {
    window_.push_back(medians_[i]);
  }
  return upper_median(window_);
}

// Noise is not the same everywhere: it grows with the counts. The median follows a slope exactly,
// noise and all, so second differences, which slopes do not touch, have their say too.
double RayRemover::own_noise(std::span<const double> y, std::size_t block) {
  if (!std::isnan(own_[block])) {
    return own_[block];
  }
  const std::size_t last = block + 1 < own_.size() ? (block + 1) * ray_block_size : y.size() - 1;
  const std::size_t first = std::max<std::size_t>(1, block * ray_block_size);
  size_.clear();
  for (std::size_t i = first; i < last; ++i) {
    size_.push_back(std::abs(y[i - 1] - 2 * y[i] + y[i + 1]));
  }
  curved_[block] = ray_remover_to_sigma / std::sqrt(6.0) * upper_median(size_);
  size_.clear();
  for (std::size_t i = first; i < last; ++i) {
    size_.push_back(std::abs(rest_[i]));
  }
  own_[block] = std::max({overall_, curved_[block], ray_remover_to_sigma * upper_median(size_)});
  return own_[block];
}

// One band, or a crowd of rays, must not speak for its block.
double RayRemover::noise_at(std::span<const double> y, std::size_t i) {
  const std::size_t block = std::min(i / ray_block_size, own_.size() - 1);
  const double own = own_noise(y, block);
  if (block == 0 || block + 1 == own_.size()) {
    return own;
  }
  const auto [low, high] = std::minmax({own_noise(y, block - 1), own_noise(y, block + 1)});
  return std::clamp(own, low, high);
}

double RayRemover::quiet(std::span<const double> y) {
  if (std::isnan(quiet_)) {
    quiet_ = std::numeric_limits<double>::infinity();
    for (std::size_t block = 0; block < own_.size(); ++block) {
      own_noise(y, block);
      quiet_ = std::min(quiet_, curved_[block]);
    }
  }
  return quiet_;
}

// The sample above the straight line between the lowest samples on either side of the top.
class RayRemover::Profile {
 public:
  Profile(std::span<const double> y, std::size_t top, Index half) : y_(y) {
    const auto at = y.begin() + static_cast<Index>(top);
    const Index before = std::min<Index>(half + 1, at - y.begin());
    const Index behind = std::min<Index>(half + 1, y.end() - at - 1);
    left_ = std::min_element(at - before, at) - y.begin();
    right_ = std::min_element(std::min(at + 1, y.end() - 1), at + behind + 1) - y.begin();
    if (before < 2) {
      left_ = right_;
    } else if (behind < 2) {
      right_ = left_;
    }
    slope_ =
        right_ > left_ ? (value(right_) - value(left_)) / static_cast<double>(right_ - left_) : 0;
  }

  [[nodiscard]] double operator()(std::size_t i) const {
    const auto at = static_cast<Index>(i);
    return value(at) - value(left_) - slope_ * static_cast<double>(at - left_);
  }

 private:
  [[nodiscard]] double value(Index i) const { return y_[static_cast<std::size_t>(i)]; }

  std::span<const double> y_;
  Index left_ = 0;
  Index right_ = 0;
  double slope_ = 0;
};

namespace {

// A ray falls by most of its height within one sample on at least one side.
template <typename Above>
bool has_cliff(std::span<const double> y, const Above& above, std::size_t top) {
  const std::size_t first = top < 2 ? 0 : top - 2;
  const std::size_t last = std::min(y.size() - 1, top + 2);
  double step = 0;
  for (std::size_t i = first; i < last; ++i) {
    const double side = i < top ? 1 : -1;
    step = std::max(step, std::min(side * (y[i + 1] - y[i]), side * (above(i + 1) - above(i))));
  }
  return step > cliff * above(top);
}

}  // namespace

// A spectrometer spreads every line over both neighbours of its top. The product of the two over
// the square of the top is 2^(-8/w^2) for a Gaussian line of full width w, wherever between the
// samples its centre lies, and more for a line with tails; a ray ends within one sample on at
// least one side.
bool RayRemover::is_line(std::span<const double> y, std::size_t top) {
  const bool has_left = top >= 2;
  const bool has_right = top + 2 < y.size();
  const Profile above(y, top, half_);
  const auto ratio_at = [&](std::size_t i) {
    const double left = std::max(0.0, above(has_left ? i - 1 : i + 1));
    const double right = std::max(0.0, above(has_right ? i + 1 : i - 1));
    return left * right / (above(i) * above(i));
  };
  if (!has_cliff(y, above, top)) {
    return true;
  }
  const double lower =
      std::min(above(has_left ? top - 1 : top + 1), above(has_right ? top + 1 : top - 1));
  if (ratio_at(top) < least_ratio_ || lower < quiet(y)) {
    return false;
  }
  if (!has_left || !has_right) {
    return true;
  }
  // Two or three samples of one height: the flanks begin beside them.
  const auto has_flank = [&](std::size_t i) {
    return above(i) < 0.85 * above(top) || ratio_at(i) >= least_ratio_;
  };
  return has_flank(top - 1) && has_flank(top + 1);
}

// The top and the samples beside it that stand out of the line between their surroundings; the
// moving median of a ray of three samples is part of the ray.
void RayRemover::mark(std::span<const double> y, std::size_t top, double least) {
  const auto last = static_cast<Index>(y.size()) - 1;
  const auto value = [&](Index i) {
    return y[static_cast<std::size_t>(std::clamp<Index>(i, 0, last))];
  };
  const auto middle = [&](Index i) {
    const double a = value(i - 1);
    const double b = value(i);
    const double c = value(i + 1);
    return std::max(std::min(a, b), std::min(std::max(a, b), c));
  };
  const auto center = static_cast<Index>(top);
  const double left = middle(center - 4);
  const double slope = (middle(center + 4) - left) / 8;
  const auto above = [&](Index i) {
    return value(i) - left - slope * static_cast<double>(i - center + 4);
  };
  const double tail = std::max(least, 0.12 * above(center));
  is_spike_[top] = true;
  for (const int side : {-1, 1}) {
    bool is_behind_cliff = false;
    for (Index at = center + side; at >= 0 && at <= last && std::abs(at - center) < 3; at += side) {
      // Behind it may lie the flank of a band, which stands out by one of the measures.
      is_behind_cliff =
          is_behind_cliff || value(at - side) - value(at) > whole_fall * above(center);
      const bool stands_out = rest_[static_cast<std::size_t>(at)] > least;
      const bool has_tail = above(at) > tail;
      if (is_behind_cliff ? !(stands_out && has_tail) : !(stands_out || has_tail)) {
        break;
      }
      is_spike_[static_cast<std::size_t>(at)] = true;
    }
  }
}

void RayRemover::bridge(std::span<double> y) const {
  for (std::size_t i = 0; i < y.size(); ++i) {
    if (!is_spike_[i]) {
      continue;
    }
    std::size_t end = i;
    while (end < y.size() && is_spike_[end]) {
      ++end;
    }
    const double right = end < y.size() ? y[end] : (i > 0 ? y[i - 1] : 0);
    const double left = i > 0 ? y[i - 1] : right;
    const double width = static_cast<double>(end - i + 1);
    for (std::size_t k = i; k < end; ++k) {
      y[k] = left + (right - left) * static_cast<double>(k - i + 1) / width;
    }
    i = end;
  }
}

}  // namespace calcispec
