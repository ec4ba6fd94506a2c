// Baseline by clipping peaks in windows that grow or shrink (SNIP).
#include "core/baseline/edges.hpp"
#include "core/baseline/moving_extremes.hpp"
#include "core/kernels/tile.hpp"
#include "core/method_table.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace calcispec {
namespace {

constexpr ParameterInfo snip_largest_parameter{
    .name = "max_half_window",
    .minimum = 1,
    .maximum = 1e6,
    .standard = std::numeric_limits<double>::quiet_NaN(),
    .unit = "points",
    .help =
        "largest half window, about half the width of a band at its foot; automatic: where the "
        "opened spectrum stops changing"};
constexpr ParameterInfo decreasing_parameter{.name = "decreasing",
                                             .type = ParameterType::flag,
                                             .minimum = 0,
                                             .maximum = 1,
                                             .standard = 0,
                                             .help = "from the largest window down: smoother"};
constexpr ParameterInfo snip_smooth_parameter{
    .name = "smooth_half_window",
    .type = ParameterType::integer,
    .minimum = 0,
    .maximum = 100000,
    .standard = 0,
    .unit = "points",
    .help = "half window of a moving average at each round; 0: none"};
constexpr ParameterInfo snip_order_parameter{
    .name = "filter_order",
    .type = ParameterType::choice,
    .minimum = 0,
    .maximum = 3,
    .standard = 0,
    .choices = "2 4 6 8",
    .help = "degree of the background that passes unclipped, plus 1"};
constexpr std::array snip_parameters{
    snip_largest_parameter, decreasing_parameter, snip_smooth_parameter, snip_order_parameter};

class SnipRun {
 public:
  explicit SnipRun(const MethodCall& call)
      : call_(call),
        shrinks_(call.parameters.flag("decreasing")),
        order_(std::atoi(std::string(call.parameters.choice("filter_order")).c_str())),
        smooth_(static_cast<std::size_t>(call.parameters.integer("smooth_half_window"))) {}

  void run() {
    const auto points = static_cast<std::size_t>(call_.points());
    for (Index r = 0; r < call_.count(); ++r) {
      const auto y = call_.row(r);
      std::size_t largest = call_.parameters.is_set("max_half_window")
                                ? static_cast<std::size_t>(call_.parameters.real("max_half_window"))
                                : automatic_half_window(y, extremes_);
      largest = std::max<std::size_t>(1, std::min(largest, (points - 1) / 2));
      extend_by_lines(y, largest, extended_);
      start();
      for (std::size_t k = 1; k <= largest; ++k) {
        clip(shrinks_ ? largest + 1 - k : k);
      }
      call_.give(r, std::span(data(baseline_), size_).subspan(largest, points));
      call_.status[static_cast<std::size_t>(r)] = MethodStatus::converged;
    }
  }

 private:
  // What a background of the order would have, from points up to `half` away; for one point or a
  // register of them.
  template <int order, typename Value, typename Both>
  [[nodiscard]] static Value expected(std::size_t half, const Both& both) {
    const auto larger = [](Value a, Value b) { return a < b ? b : a; };
    const Value ends = both(half);
    Value out = 0.5 * ends;
    if constexpr (order > 2) {
      out = larger(out, (4.0 * both(half / 2) - ends) / 6.0);
    }
    if constexpr (order > 4) {
      out = larger(out, (ends - 6.0 * both(2 * half / 3) + 15.0 * both(half / 3)) / 20.0);
    }
    if constexpr (order > 6) {
      out = larger(
          out,
          (8.0 * both(3 * half / 4) - ends - 28.0 * both(half / 2) + 56.0 * both(half / 4)) / 70.0);
    }
    return out;
  }

  static double* data(kernels::Tile& packs) { return reinterpret_cast<double*>(packs.data()); }

  void start() {
    size_ = extended_.size();
    baseline_.resize(size_ / kernels::lane_count + 1);
    next_.resize(baseline_.size());
    std::copy(extended_.begin(), extended_.end(), data(baseline_));
  }

  // One round: each point that stands above its expectation becomes that, or its moving average.
  void clip(std::size_t half) {
    if (smooth_ > 0) {
      average();
    }
    switch (order_) {
      case 2:
        return smooth_ > 0 ? clip_by<2, true>(half) : clip_by<2, false>(half);
      case 4:
        return smooth_ > 0 ? clip_by<4, true>(half) : clip_by<4, false>(half);
      case 6:
        return smooth_ > 0 ? clip_by<6, true>(half) : clip_by<6, false>(half);
      default:
        return smooth_ > 0 ? clip_by<8, true>(half) : clip_by<8, false>(half);
    }
  }

  template <int order, bool averages>
  void clip_by(std::size_t half) {
    const std::size_t end = size_ - half;
    const double* const from = data(baseline_);
    double* const to = data(next_);
    const auto clip_at = [&](std::size_t i, auto load) {
      using Value = decltype(load(from));
      const Value limit = expected<order, Value>(half, [&](std::size_t away) -> Value {
        return load(from + i - away) + load(from + i + away);
      });
      const Value own = load(from + i);
      const Value kept = averages ? load(to + i) : own;
      return limit < own ? limit : kept;
    };
    // The first and the last register of points overlap their neighbours, the others are aligned.
    constexpr std::size_t width = kernels::lane_count;
    const auto clip_pack = [&](std::size_t i) {
      kernels::store(clip_at(i, [](const double* at) { return kernels::load(at); }), to + i);
    };
    if (end - half < width) {
      for (std::size_t i = half; i < end; ++i) {
        to[i] = clip_at(i, [](const double* at) { return *at; });
      }
    } else {
      clip_pack(half);
      std::size_t i = (half / width + 1) * width;
      for (; i + 4 * width <= end; i += 4 * width) {
        kernels::unrolled<4>([&](auto j) { clip_pack(i + j * width); });
      }
      for (; i + width <= end; i += width) {
        clip_pack(i);
      }
      clip_pack(end - width);
    }
    // What lies outside the windows stays as it is; of windows that grow by a point, both buffers
    // hold all but what the last two rounds have passed over.
    const std::size_t stale = shrinks_ || smooth_ > 0 ? half : std::min<std::size_t>(half, 2);
    std::copy(from + half - stale, from + half, to + half - stale);
    std::copy(from + end, from + end + stale, to + end);
    std::swap(baseline_, next_);
  }

  // Moving average into next_, mirrored at the ends with the last point once more.
  void average() {
    const auto n = static_cast<std::ptrdiff_t>(size_);
    const double* const from = data(baseline_);
    double* const to = data(next_);
    const auto reach = static_cast<std::ptrdiff_t>(smooth_);
    const auto at = [&](std::ptrdiff_t i) {
      i = i < 0 ? -1 - i : i;
      i = i >= n ? 2 * n - 1 - i : i;
      return from[std::clamp<std::ptrdiff_t>(i, 0, n - 1)];
    };
    for (std::ptrdiff_t i = 0; i < n; ++i) {
      double sum = 0;
      for (std::ptrdiff_t k = -reach; k <= reach; ++k) {
        sum += at(i + k);
      }
      to[i] = sum / static_cast<double>(2 * reach + 1);
    }
  }

  const MethodCall& call_;
  bool shrinks_;
  int order_;
  std::size_t smooth_;
  MovingExtremes extremes_;
  std::vector<double> extended_;
  std::size_t size_ = 0;  // of the extended spectrum
  kernels::Tile baseline_;
  kernels::Tile next_;
};

/// Model      y = min(y, what a smooth background would have from points +-k away), k = 1 ... or
///            from the largest down; the ends go on along the line through as many points
/// Status     converged
/// Cost       O(points x max_half_window), times the smoothing window where there is one
/// Source     Ryan et al., Nucl. Instrum. Methods B 34 (1988) 396; Morhac & Matousek, Appl.
///            Spectrosc. 62 (2008) 91 (orders, shrinking windows, smoothing)
void run_snip(const MethodCall& call) {
  SnipRun(call).run();
}

}  // namespace

CoreMethod baseline_snip() {
  return {
      {"baseline",
       "snip", "peak clipping in growing or shrinking windows",
       "Ryan et al., Nucl. Instrum. Methods B 34 (1988) 396", snip_parameters},
      6,
      run_snip
  };
}

}  // namespace calcispec
