// Cosmic rays: samples far above the moving median, with edges too steep for a band.
#include "core/method_table.hpp"

#include <algorithm>
#include <array>
#include <cmath>
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
     {.name = "steepness",
         .minimum = 0,
         .maximum = 1,
         .standard = 0.55,
         .help = "step between neighbours on both flanks, as part of the height: bands rise more "
                 "slowly"},
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
        steepness_(set.real("steepness")) {}

  // Replaces spikes by the line between the good samples beside them; true if there were any.
  bool pass(std::span<double> y) {
    moving_median(y, half_, median_);
    rest_.resize(y.size());
    std::vector<double> size(y.size());
    for (std::size_t i = 0; i < y.size(); ++i) {
      rest_[i] = y[i] - median_[i];
      size[i] = std::abs(rest_[i]);
    }
    const double sigma = 1.4826 * median_of(size);  // of a normal distribution
    const auto [low, high] = std::minmax_element(y.begin(), y.end());
    // A quantised or noise-free signal has no spread to judge by.
    const double least = std::max(threshold_ * sigma, 1e-3 * (*high - *low));
    is_spike_.assign(y.size(), false);
    bool is_any = false;
    for (std::size_t i = 0; i < y.size(); ++i) {
      if (rest_[i] > least && is_top(i) && mark(y, i, sigma)) {
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

  // Largest step between neighbours within three samples on one side of the top.
  [[nodiscard]] double step_beside(std::span<const double> y, std::size_t top, int side) const {
    double largest = 0;
    auto at = static_cast<Index>(top);
    for (int k = 0; k < 3; ++k) {
      const Index next = at + side;
      if (next < 0 || next >= static_cast<Index>(y.size())) {
        return k == 0 ? rest_[top] : largest;
      }
      largest =
          std::max(largest, y[static_cast<std::size_t>(at)] - y[static_cast<std::size_t>(next)]);
      at = next;
    }
    return largest;
  }

  // Above the higher of the lowest samples on either side: the median of a narrow band is part of
  // the band.
  [[nodiscard]] double height_above_feet(std::span<const double> y, std::size_t top) const {
    const auto first =
        static_cast<std::size_t>(std::max<Index>(0, static_cast<Index>(top) - half_ - 1));
    const auto last = std::min(y.size() - 1, top + static_cast<std::size_t>(half_) + 1);
    const double left = *std::min_element(y.begin() + static_cast<Index>(first),
                                          y.begin() + static_cast<Index>(top) + 1);
    const double right = *std::min_element(y.begin() + static_cast<Index>(top),
                                           y.begin() + static_cast<Index>(last) + 1);
    return y[top] - std::max(top == 0 ? right : left, top + 1 == y.size() ? left : right);
  }

  bool mark(std::span<const double> y, std::size_t top, double sigma) {
    const double height = height_above_feet(y, top);
    if (step_beside(y, top, -1) < steepness_ * height ||
        step_beside(y, top, 1) < steepness_ * height) {
      return false;
    }
    // The foot belongs to the spike too.
    const double foot = std::max(3 * sigma, 0.02 * height);
    for (const int side : {-1, 1}) {
      auto at = static_cast<Index>(top);
      for (int k = 0; k < 3 && at >= 0 && at < static_cast<Index>(y.size()); ++k) {
        if (rest_[static_cast<std::size_t>(at)] <= foot) {
          break;
        }
        is_spike_[static_cast<std::size_t>(at)] = true;
        at += side;
      }
    }
    return true;
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

  Index half_;
  double threshold_;
  double steepness_;
  std::vector<double> median_;
  std::vector<double> rest_;
  std::vector<bool> is_spike_;
};

/// Rule       a top more than `threshold` robust sigma above the moving median is a spike if on
///            both flanks one step between neighbours is at least `steepness` of its height; a band
///            of 2.5 points full width has steps of at most 0.53
/// Not        flat-topped spikes wider than half the window; bands narrower than 2.5 points
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
       "median", "removes cosmic rays: far above the moving median, too steep for a band",
       "median and MAD; steepness rule of our own", parameters},
      7,
      run
  };
}

}  // namespace calcispec
