// Weighted sums over a moving window against their definition.
#include "core/correlation.hpp"

#include "core/error.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <vector>

namespace calcispec {
namespace {

TEST(Correlation, IsTheSumOverEveryWholeWindow) {
  std::vector<double> y(57);
  for (std::size_t i = 0; i < y.size(); ++i) {
    y[i] = std::sin(0.7 * static_cast<double>(i)) + 0.1 * static_cast<double>(i % 5);
  }
  for (const std::size_t window : {std::size_t{1}, std::size_t{4}, std::size_t{11}, y.size()}) {
    std::vector<double> weights(window);
    for (std::size_t k = 0; k < window; ++k) {
      weights[k] = 1 / (1 + static_cast<double>(k));
    }
    std::vector<double> out(y.size() - window + 1);
    correlate(y, weights, out);
    for (std::size_t i = 0; i < out.size(); ++i) {
      double sum = 0;
      for (std::size_t k = 0; k < window; ++k) {
        sum += weights[k] * y[i + k];
      }
      EXPECT_NEAR(out[i], sum, 1e-13) << window << " " << i;
    }
  }
}

TEST(Correlation, RefusesLengthsThatDoNotFit) {
  const std::vector<double> y(5, 1.0);
  std::vector<double> out(3);
  EXPECT_THROW(correlate(y, std::vector<double>(6, 1.0), out), Error);
  EXPECT_THROW(correlate(y, std::vector<double>{}, out), Error);
  EXPECT_THROW(correlate(y, std::vector<double>(2, 1.0), out), Error);
}

}  // namespace
}  // namespace calcispec
