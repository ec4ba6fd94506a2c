#include "core/ripple_private.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <numbers>
#include <random>

namespace calcispec {
namespace {

using Eigen::ArrayXd;

struct Residual {
  ArrayXd x = ArrayXd::LinSpaced(1000, 400, 1800);
  ArrayXd values = ArrayXd::Zero(1000);
  ArrayXd weight = ArrayXd::Ones(1000);
  ArrayXd envelope = ArrayXd::LinSpaced(1000, 1, 0.3);
};

Residual noise_of(unsigned seed) {
  Residual made;
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  for (double& value : made.values) {
    value = normal(random);
  }
  return made;
}

double found(const Residual& made) {
  return detail::find_ripple(made.x, made.values, made.weight, made.envelope, {});
}

TEST(Ripple, IsFoundAtItsPeriod) {
  for (const double period : {17.0, 25.0, 41.0, 60.0, 85.0}) {
    Residual made = noise_of(3);
    const double turn = 2 * std::numbers::pi / period;
    made.values += 0.6 * made.envelope * (turn * made.x + 0.7).sin();
    // Nearer than half a turn over the axis: from there a fit converges.
    EXPECT_NEAR(found(made), turn, std::numbers::pi / 1400) << period;
  }
}

TEST(Ripple, IsNotFoundInNoise) {
  int alarms = 0;
  for (unsigned seed = 0; seed < 500; ++seed) {
    alarms += found(noise_of(seed)) > 0 ? 1 : 0;
  }
  EXPECT_EQ(alarms, 0);  // expected 0.05
}

TEST(Ripple, IsNotFoundInMissedBands) {
  Residual made = noise_of(4);
  for (const double at : {590.0, 960.0, 1003.0, 1071.0, 1450.0}) {
    made.values += 30 * (-((made.x - at) / 8).square()).exp();
    made.values -= 20 * (-((made.x - at - 14) / 8).square()).exp();
  }
  EXPECT_EQ(found(made), 0);
}

TEST(Ripple, NeedsPointsAndRange) {
  Residual made = noise_of(5);
  made.values += 3 * (0.2 * made.x).sin();
  made.weight.setZero();
  EXPECT_EQ(found(made), 0);
  made.weight.setOnes();
  made.x = ArrayXd::LinSpaced(1000, 400, 600);
  EXPECT_EQ(found(made), 0);
}

}  // namespace
}  // namespace calcispec
