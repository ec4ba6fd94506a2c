// Cosmic rays: samples far above the moving median that end within one sample, as no line does.
#include "core/method_table.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

namespace calcispec {
namespace {

constexpr std::array<ParameterInfo, 3> parameters{
    {
     {.name = "window",
         .type = ParameterType::integer,
         .minimum = 3,
         .maximum = 101,
         .standard = 7,
         .unit = "points",
         .help = "width of the moving median, odd"},
     {.name = "threshold",
         .minimum = 1,
         .maximum = 1e6,
         .standard = 6,
         .unit = "sigma",
         .help = "height above the median, in units of the noise, from which a sample is a spike"},
     {.name = "least_width",
         .minimum = 0.5,
         .maximum = 100,
         .standard = 1.4,
         .unit = "points",
         .help =
             "full width at half height from which a steep top with two graded flanks is a line "
             "of the sample"},
     }
};

double median_of(std::vector<double>& values) {
  const auto middle = values.begin() + static_cast<Index>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

void moving_median(std::span<const double> y, Index half, std::vector<double>& out) {
  const auto points = static_cast<Index>(y.size());
  out.resize(y.size());
  std::vector<double> window;
  for (Index i = 0; i < points; ++i) {
    const Index first = std::max<Index>(0, i - half);
    const Index last = std::min(points - 1, i + half);
    window.assign(y.begin() + first, y.begin() + last + 1);
    out[static_cast<std::size_t>(i)] = median_of(window);
  }
}

class Despiker {
 public:
  explicit Despiker(const ParameterSet& set)
      : half_(set.integer("window") / 2),
        threshold_(set.real("threshold")),
        least_ratio_(std::exp2(-8 / (set.real("least_width") * set.real("least_width")))) {}

  // Replaces spikes by the line between the good samples beside them; true if there were any.
  bool pass(std::span<double> y) {
    moving_median(y, half_, median_);
    rest_.resize(y.size());
    for (std::size_t i = 0; i < y.size(); ++i) {
      rest_[i] = y[i] - median_[i];
    }
    estimate_noise_of_blocks(y);
    const auto [low, high] = std::minmax_element(y.begin(), y.end());
    // A quantised or noise-free signal has no spread to judge by.
    const double step = 1e-3 * (*high - *low);
    is_spike_.assign(y.size(), false);
    bool is_any = false;
    for (std::size_t i = 0; i < y.size(); ++i) {
      const double sigma = std::max(sigma_at(i), step / threshold_);
      if (rest_[i] > threshold_ * sigma && is_top(i) && !is_line(y, i)) {
        mark(y, i, 3 * sigma);
        is_any = true;
      }
    }
    bridge(y);
    return is_any;
  }

 private:
  [[nodiscard]] bool is_top(std::size_t i) const {
    return (i == 0 || rest_[i] >= rest_[i - 1]) &&
           (i + 1 == rest_.size() || rest_[i] > rest_[i + 1]);
  }

  // Noise is not the same everywhere: it grows with the counts. The median follows a slope exactly,
  // noise and all, so second differences, which slopes do not touch, have their say too.
  void estimate_noise_of_blocks(std::span<const double> y) {
    const std::size_t blocks = std::max<std::size_t>(1, y.size() / block);
    size_.resize(y.size());
    std::transform(rest_.begin(), rest_.end(), size_.begin(), [](double r) { return std::abs(r); });
    const double overall = to_sigma * median_of(size_);
    own_.resize(blocks);
    quiet_ = std::numeric_limits<double>::infinity();
    for (std::size_t b = 0; b < blocks; ++b) {
      const std::size_t last = b + 1 < blocks ? (b + 1) * block : y.size() - 1;
      const std::size_t first = std::max<std::size_t>(1, b * block);
      size_.clear();
      for (std::size_t i = first; i < last; ++i) {
        size_.push_back(std::abs(y[i - 1] - 2 * y[i] + y[i + 1]));
      }
      const double curved = to_sigma / std::sqrt(6.0) * median_of(size_);
      size_.clear();
      for (std::size_t i = first; i < last; ++i) {
        size_.push_back(std::abs(rest_[i]));
      }
      own_[b] = std::max({overall, curved, to_sigma * median_of(size_)});
      quiet_ = std::min(quiet_, curved);
    }
    // One band, or a crowd of rays, must not speak for its block.
    sigma_ = own_;
    for (std::size_t b = 1; b + 1 < blocks; ++b) {
      const auto [low, high] = std::minmax({own_[b - 1], own_[b + 1]});
      sigma_[b] = std::clamp(own_[b], low, high);
    }
  }

  [[nodiscard]] double sigma_at(std::size_t i) const {
    return sigma_[std::min(i / block, sigma_.size() - 1)];
  }

  // The sample above the straight line between the lowest samples on either side of the top.
  class Profile {
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

  // A spectrometer spreads every line over both neighbours of its top. The product of the two over
  // the square of the top is 2^(-8/w^2) for a Gaussian line of full width w, wherever between the
  // samples its centre lies, and more for a line with tails; a ray ends within one sample on at
  // least one side.
  [[nodiscard]] bool is_line(std::span<const double> y, std::size_t top) const {
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
    if (ratio_at(top) < least_ratio_ || lower < quiet_) {
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

  // A ray falls by most of its height within one sample on at least one side.
  [[nodiscard]] static bool has_cliff(std::span<const double> y,
                                      const Profile& above,
                                      std::size_t top) {
    const std::size_t first = top < 2 ? 0 : top - 2;
    const std::size_t last = std::min(y.size() - 1, top + 2);
    double step = 0;
    for (std::size_t i = first; i < last; ++i) {
      const double side = i < top ? 1 : -1;
      step = std::max(step, std::min(side * (y[i + 1] - y[i]), side * (above(i + 1) - above(i))));
    }
    return step > cliff * above(top);
  }

  // The top and the samples beside it that stand out of the line between their surroundings; the
  // moving median of a ray of three samples is part of the ray.
  void mark(std::span<const double> y, std::size_t top, double least) {
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
      for (Index at = center + side; at >= 0 && at <= last && std::abs(at - center) < 3;
           at += side) {
        if (rest_[static_cast<std::size_t>(at)] <= least && above(at) <= tail) {
          break;
        }
        is_spike_[static_cast<std::size_t>(at)] = true;
      }
    }
  }

  void bridge(std::span<double> y) const {
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

  static constexpr std::size_t block = 64;
  static constexpr double cliff = 0.6;
  static constexpr double to_sigma = 1.4826;  // from the median size, of a normal distribution

  Index half_;
  double threshold_;
  double least_ratio_;  // of the neighbours' product to the square of a line's top
  std::vector<double> median_;
  std::vector<double> rest_;
  std::vector<double> sigma_;  // of each block, the middle one of its own and its neighbours'
  std::vector<double> own_;
  std::vector<double> size_;
  double quiet_ = 0;  // of the block with the least
  std::vector<bool> is_spike_;
};

/// Rule       a top more than `threshold` robust sigma of its surroundings above the moving median,
///            with a step of most of its height on one flank, is a ray unless both its neighbours
///            stand as high as those of a line of `least_width`
/// Not        rays with two graded flanks, as of a line of 1.4 points or more: they are kept;
///            flat-topped rays wider than half the window; lines narrower than least_width
/// Cost       points * window, up to three passes
void run(const MethodCall& call) {
  Despiker despiker(call.parameters);
  for (Index r = 0; r < call.count(); ++r) {
    for (int pass = 0; pass < 3 && despiker.pass(call.row(r)); ++pass) {
    }
  }
}

}  // namespace

CoreMethod despike_median() {
  return {
      {"despike",
       "median", "removes cosmic rays: far above the moving median, without the shape of a line",
       "median and MAD; line shape rule of our own", parameters},
      7,
      run
  };
}

}  // namespace calcispec
