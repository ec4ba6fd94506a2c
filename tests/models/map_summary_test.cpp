// Summaries of maps against numbers worked out by hand and against random orders.
#include "models/map_summary.hpp"

#include "core/error.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <numeric>
#include <random>
#include <vector>

namespace calcispec::models {
namespace {

TEST(MapSummary, ChessboardAndHalves) {
  std::vector<double> chess;
  std::vector<double> halves;
  for (int y = 0; y < 6; ++y) {
    for (int x = 0; x < 8; ++x) {
      chess.push_back((x + y) % 2);
      halves.push_back(x < 4 ? 1 : 3);
    }
  }
  const MapGrid grid{8, 6, 1, 1};
  EXPECT_NEAR(summarise_map(chess, {}, grid).moran_i, -1, 1e-12);
  const auto summary = summarise_map(halves, {}, grid);
  // 82 pairs of neighbours, 6 of them across the border: (76 - 6) / 82.
  EXPECT_NEAR(summary.moran_i, 70.0 / 82, 1e-12);
  EXPECT_GT(summary.moran_z, 5);
  EXPECT_EQ(summary.count, 48);
  EXPECT_DOUBLE_EQ(summary.median, 2);
  EXPECT_DOUBLE_EQ(summary.iqr, 2);
  EXPECT_NEAR(summary.spread, std::sqrt(48.0 / 47), 1e-12);
}

TEST(MapSummary, NoiseIsTakenOutOfTheSpread) {
  std::mt19937_64 random(3);
  std::normal_distribution<double> normal(0, 1);
  std::vector<double> values;
  values.reserve(10000);
  for (int i = 0; i < 10000; ++i) {
    values.push_back(5 + 0.3 * normal(random) + 0.4 * normal(random));
  }
  const std::vector<double> u(values.size(), 0.4);
  const MapGrid grid{100, 100, 1, 1};
  EXPECT_NEAR(summarise_map(values, u, grid).spread, 0.3, 0.02);
  EXPECT_NEAR(summarise_map(values, {}, grid).spread, 0.5, 0.02);
  const std::vector<double> large(values.size(), 2);
  EXPECT_EQ(summarise_map(values, large, grid).spread, 0);
}

// The variance of Moran's I under random order is that of many random orders, gaps included.
TEST(MapSummary, ScoreOfRandomOrdersIsStandardNormal) {
  const MapGrid grid{13, 9, 1, 1};
  std::mt19937_64 random(8);
  std::vector<double> known;
  std::exponential_distribution<double> skewed(1);
  for (Index i = 0; i < grid.nx * grid.ny - 20; ++i) {
    known.push_back(skewed(random));
  }
  double sum = 0;
  double square = 0;
  constexpr int rounds = 2000;
  for (int round = 0; round < rounds; ++round) {
    std::shuffle(known.begin(), known.end(), random);
    std::vector<double> values = known;
    for (int gap = 0; gap < 20; ++gap) {
      values.insert(values.begin() + 5 * gap, std::nan(""));
    }
    const double z = summarise_map(values, {}, grid).moran_z;
    sum += z;
    square += z * z;
  }
  EXPECT_NEAR(sum / rounds, 0, 4 / std::sqrt(rounds));
  EXPECT_NEAR(square / rounds, 1, 0.13);
}

TEST(MapSummary, TooFewValuesGiveNoNumber) {
  const double nan = std::nan("");
  const std::vector<double> none(6, nan);
  EXPECT_EQ(summarise_map(none, {}, {3, 2, 1, 1}).count, 0);
  EXPECT_TRUE(std::isnan(summarise_map(none, {}, {3, 2, 1, 1}).median));
  std::vector<double> one = none;
  one[2] = 7;
  const auto summary = summarise_map(one, {}, {3, 2, 1, 1});
  EXPECT_EQ(summary.median, 7);
  EXPECT_TRUE(std::isnan(summary.spread));
  EXPECT_TRUE(std::isnan(summary.moran_i));
  const std::vector<double> equal(6, 2);
  EXPECT_TRUE(std::isnan(summarise_map(equal, {}, {3, 2, 1, 1}).moran_i));
  EXPECT_THROW(static_cast<void>(summarise_map(equal, {}, {4, 2, 1, 1})), Error);
}

}  // namespace
}  // namespace calcispec::models
