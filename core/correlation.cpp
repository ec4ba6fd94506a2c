#include "core/correlation.hpp"

#include "core/error.hpp"
#include "core/kernels/moving_sum.hpp"

namespace calcispec {

void correlate(std::span<const double> y, std::span<const double> weights, std::span<double> out) {
  require(
      !weights.empty() && weights.size() <= y.size() && out.size() == y.size() - weights.size() + 1,
      "a correlation needs a window that fits, and room for every place of it");
  kernels::moving_sums(y, weights, out.data());
}

}  // namespace calcispec
