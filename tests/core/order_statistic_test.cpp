// The k-th smallest value against a sort.
#include "core/order_statistic.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <limits>
#include <random>
#include <vector>

namespace calcispec {
namespace {

void expect_as_sorted(std::vector<double> values, Index k) {
  auto sorted = values;
  std::sort(sorted.begin(), sorted.end());
  EXPECT_EQ(order_statistic(values, k), sorted[static_cast<std::size_t>(k)])
      << values.size() << " values, place " << k;
}

TEST(OrderStatistic, IsThatOfASort) {
  std::mt19937 random(5);
  std::normal_distribution<double> normal;
  for (const Index count : {1, 2, 3, 7, 16, 17, 100, 1001, 5000}) {
    std::vector<double> even(static_cast<std::size_t>(count));
    auto tailed = even;
    auto rounded = even;
    for (std::size_t i = 0; i < even.size(); ++i) {
      even[i] = normal(random);
      tailed[i] = std::exp(20 * normal(random));
      rounded[i] = std::round(2 * normal(random));
    }
    for (const Index k : {Index{0}, count / 3, count / 2, count - 1}) {
      expect_as_sorted(even, k);
      expect_as_sorted(tailed, k);
      expect_as_sorted(rounded, k);
    }
  }
}

TEST(OrderStatistic, OfEqualAndInfiniteValues) {
  constexpr double infinity = std::numeric_limits<double>::infinity();
  expect_as_sorted(std::vector<double>(100, 3.5), 50);
  std::vector<double> values(100, 1.0);
  values[7] = infinity;
  values[8] = -infinity;
  values[9] = 2;
  for (const Index k : {0, 1, 97, 98, 99}) {
    expect_as_sorted(values, k);
  }
}

TEST(OrderStatistic, EndsWithNanAmongThem) {
  std::vector<double> values(100, std::numeric_limits<double>::quiet_NaN());
  EXPECT_TRUE(std::isnan(order_statistic(values, 50)));
  for (std::size_t i = 0; i < values.size(); ++i) {
    values[i] = i % 3 == 0 ? std::numeric_limits<double>::quiet_NaN() : static_cast<double>(i);
  }
  for (Index k = 0; k < 100; ++k) {
    auto moved = values;
    static_cast<void>(order_statistic(moved, k));
  }
}

TEST(UpperMedian, IsTheUpperOfTwo) {
  std::vector<double> values{4, 1, 3, 2};
  EXPECT_EQ(upper_median(values), 3);
}

}  // namespace
}  // namespace calcispec
