#include "core/noise.hpp"

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
  const auto middle = differences.begin() + static_cast<Index>(differences.size() / 2);
  std::nth_element(differences.begin(), middle, differences.end());
  // 0.67449: median of |standard normal|; sqrt 6: sd of a second difference of unit noise.
  return *middle / (0.67449 * std::sqrt(6.0));
}

}  // namespace calcispec
