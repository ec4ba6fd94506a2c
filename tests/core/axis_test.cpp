#include "core/axis.hpp"

#include "core/error.hpp"
#include "core/monotonic.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <numeric>
#include <vector>

namespace calcispec {
namespace {

TEST(Axis, ReversesDescendingValuesAndRemembers) {
  const auto axis = Axis::make({3, 2, 0.5}, AxisKind::wavenumber, "1/cm");
  EXPECT_TRUE(axis->was_descending());
  EXPECT_EQ(axis->front(), 0.5);
  EXPECT_EQ(axis->back(), 3);
}

TEST(Axis, KnowsWhetherItIsUniform) {
  EXPECT_TRUE(Axis::make({1, 2, 3}, AxisKind::wavenumber, "1/cm")->is_uniform());
  EXPECT_FALSE(Axis::make({1, 2, 4}, AxisKind::wavenumber, "1/cm")->is_uniform());
}

TEST(Axis, RefusesRepeatedAndNonFiniteValues) {
  EXPECT_THROW(Axis::make({1, 1}, AxisKind::wavenumber, "1/cm"), Error);
  EXPECT_THROW(Axis::make({1, std::nan("")}, AxisKind::wavenumber, "1/cm"), Error);
  EXPECT_THROW(Axis::make({}, AxisKind::wavenumber, "1/cm"), Error);
}

TEST(Axis, LowerBoundFindsFirstValueNotBelow) {
  const auto axis = Axis::make({1, 2, 3}, AxisKind::wavenumber, "1/cm");
  EXPECT_EQ(axis->lower_bound(1.5), 1);
  EXPECT_EQ(axis->lower_bound(9), 3);
}

TEST(Monotonic, OneDirectionFiniteAndWithoutRepeats) {
  const double infinity = std::numeric_limits<double>::infinity();
  const double nan = std::numeric_limits<double>::quiet_NaN();
  for (std::size_t size : {1U, 2U, 3U, 7U, 8U, 9U, 64U, 65U}) {
    std::vector<double> rising(size);
    std::iota(rising.begin(), rising.end(), -3.0);
    const std::vector<double> falling(rising.rbegin(), rising.rend());
    EXPECT_TRUE(rises_or_falls(rising));
    EXPECT_TRUE(rises_or_falls(falling));
    for (const auto& good : {rising, falling}) {
      for (std::size_t at = 0; at < size; ++at) {
        for (const double wrong : {nan, infinity, -infinity, at > 0 ? good[at - 1] : nan}) {
          auto bad = good;
          bad[at] = wrong;
          EXPECT_FALSE(rises_or_falls(bad)) << size << " " << at << " " << wrong;
        }
      }
    }
  }
  EXPECT_FALSE(rises_or_falls({}));
}

}  // namespace
}  // namespace calcispec
