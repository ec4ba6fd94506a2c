#include "core/noise.hpp"

#include "core/order_statistic.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <vector>

namespace calcispec {
namespace {

constexpr std::size_t stride_block = 64;
constexpr Index longest_stride = 4;
// White noise grows by 0.7 to 1.2 from one stride to the next (by chance), zero-filling to twice
// the points makes it 2 and more; second differences of a band grow by (5 / 4)^2 at the last.
constexpr double same_noise = 1.35;

// Sizes of second and fourth differences over `stride` points, in any unit.
struct Differences {
  double second = 0;
  double fourth = 0;
};

Differences differences_of(std::span<const double> y,
                           std::size_t stride,
                           std::vector<double>& room) {
  Differences out;
  room.resize(y.size() - 2 * stride);
  for (std::size_t i = 0; i < room.size(); ++i) {
    room[i] = y[i] - 2 * y[i + stride] + y[i + 2 * stride];
  }
  std::vector<double> size(room.size() - 2 * stride);
  for (std::size_t i = 0; i < size.size(); ++i) {
    size[i] = std::abs(room[i] - 2 * room[i + stride] + room[i + 2 * stride]);
  }
  out.fourth = upper_median(size);
  for (double& value : room) {
    value = std::abs(value);
  }
  out.second = upper_median(room);
  return out;
}

double growth_of(double near, double far) {
  return near > 0 ? far / near : far > 0 ? std::numeric_limits<double>::max() : 1;
}

// Whether noise grows from one stride to the next, as either kind of difference shows it.
struct Growth {
  bool second = true;
  bool fourth = true;
};

// Where the spectrum is quietest: it does not grow if it does not in a quarter of the blocks.
Growth growth_after(std::span<const double> y, Index stride, std::vector<double>& room) {
  const auto step = static_cast<std::size_t>(stride);
  constexpr std::size_t hop = stride_block / 2;
  const std::size_t enough = ((y.size() - stride_block) / hop + 1) / 4 + 1;
  std::size_t second = 0;
  std::size_t fourth = 0;
  for (std::size_t first = 0; first + stride_block <= y.size(); first += hop) {
    const auto block = y.subspan(first, stride_block);
    const auto near = differences_of(block, step, room);
    const auto far = differences_of(block, step + 1, room);
    second += growth_of(near.second, far.second) > same_noise ? 0U : 1U;
    fourth += growth_of(near.fourth, far.fourth) > same_noise ? 0U : 1U;
    if (second >= enough && fourth >= enough) {
      break;
    }
  }
  return {second < enough, fourth < enough};
}

}  // namespace

double estimate_noise(std::span<const double> y, Index stride) {
  const auto step = static_cast<std::size_t>(std::max<Index>(1, stride));
  if (y.size() < 3 + 2 * step) {
    return 0;
  }
  std::vector<double> differences(y.size() - 2 * step);
  for (std::size_t i = 0; i < differences.size(); ++i) {
    differences[i] = std::abs(y[i] - 2 * y[i + step] + y[i + 2 * step]);
  }
  // 0.67449: median of |standard normal|; sqrt 6: sd of a second difference of unit noise.
  return upper_median(differences) / (0.67449 * std::sqrt(6.0));
}

Index noise_stride(std::span<const double> y) {
  if (y.size() < 2 * stride_block) {
    return 1;
  }
  std::vector<double> room;
  for (Index stride = 1; stride <= longest_stride; ++stride) {
    const auto growth = growth_after(y, stride, room);
    if (!growth.fourth) {
      return growth.second ? 1 : stride;
    }
  }
  return 1;
}

double independent_noise(std::span<const double> y) {
  const Index stride = noise_stride(y);
  return std::sqrt(static_cast<double>(stride)) * estimate_noise(y, stride);
}

}  // namespace calcispec
