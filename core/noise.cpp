#include "core/noise.hpp"

#include "core/order_statistic.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace calcispec {

double estimate_noise(std::span<const double> y) {
  if (y.size() < 5) {
    return 0;
  }
  std::vector<double> differences(y.size() - 2);
  for (std::size_t i = 0; i < differences.size(); ++i) {
    differences[i] = std::abs(y[i] - 2 * y[i + 1] + y[i + 2]);
  }
  // 0.67449: median of |standard normal|; sqrt 6: sd of a second difference of unit noise.
  return upper_median(differences) / (0.67449 * std::sqrt(6.0));
}

}  // namespace calcispec
