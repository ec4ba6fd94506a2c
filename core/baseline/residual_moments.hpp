// What several reweightings look at: mean and spread of the residuals below the baseline.
#pragma once

#include "core/kernels/pack.hpp"

#include <limits>

namespace calcispec::kernels {

/// Gathered over the residuals y - z of one half of the points.
struct ResidualsBelow {
  Pack count{};
  Pack sum{};
  Pack square{};

  void add(Pack residual, Pack /*y*/) {
    const Pack below = residual < 0.0 ? residual : Pack{};
    count += residual < 0.0 ? broadcast(1) : Pack{};
    sum += below;
    square += below * below;
  }
};

struct BelowMoments {
  Pack count;
  Pack mean;
  Pack sd;  // with count - 1; the smallest number above 0 where it vanishes
};

/// The spread about the mean is at least of the size of the mean for any residuals that cross zero,
/// so that the one-pass formula loses little.
inline BelowMoments moments_below(const ResidualsBelow& top, const ResidualsBelow& bottom) {
  const Pack count = top.count + bottom.count;
  const Pack sum = top.sum + bottom.sum;
  const Pack mean = sum / maximum(count, broadcast(1));
  const Pack square = top.square + bottom.square - sum * mean;
  const Pack variance = square / maximum(count - 1.0, broadcast(1));
  const Pack sd = square_root(maximum(variance, Pack{}));
  return {count, mean, sd > 0.0 ? sd : broadcast(std::numeric_limits<double>::epsilon())};
}

}  // namespace calcispec::kernels
