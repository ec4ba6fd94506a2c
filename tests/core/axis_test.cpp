#include "core/axis.hpp"

#include "core/error.hpp"

#include <gtest/gtest.h>

#include <cmath>

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

}  // namespace
}  // namespace calcispec
