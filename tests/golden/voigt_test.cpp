// The Voigt profile against values computed with 100 digits.
#include "core/band_shape.hpp"
#include "tests/support/paths.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <cstdio>
#include <fstream>
#include <sstream>

namespace calcispec {
namespace {

TEST(Voigt, IsExactToTwelveDigitsOfThePeak) {
  CALCISPEC_SKIP_WITHOUT_SHARED();
  std::ifstream stream(test::shared_dir() / "golden" / "voigt.csv");
  const auto& shape = *find_band_shape("voigt");
  double worst = 0;
  double worst_pointwise = 0;
  int rows = 0;
  for (std::string line; std::getline(stream, line);) {
    if (line.empty() || line[0] == '#' || line[0] == 'x') {
      continue;
    }
    for (char& c : line) {
      c = c == ',' ? ' ' : c;
    }
    std::istringstream words(line);
    double x = 0;
    double sigma = 0;
    double gamma = 0;
    double expected = 0;
    ASSERT_TRUE(words >> x >> sigma >> gamma >> expected) << line;
    // The same profile stretched: results must not depend on the unit of x.
    for (const double stretch : {1.0, 1e-3, 250.0}) {
      const double p[] = {1, 0, sigma * stretch, gamma * stretch};
      double value = 0;
      const double at = x * stretch;
      evaluate_band(shape, p, std::span(&at, 1), std::span(&value, 1));
      const double peak = measure_band(shape, p).height;
      const double error = std::abs(value - expected / stretch);
      worst = std::max(worst, error / peak);
      if (expected / stretch > 1e-6 * peak) {  // far out it is rounding over next to nothing
        worst_pointwise = std::max(worst_pointwise, error / (expected / stretch));
      }
    }
    ++rows;
  }
  EXPECT_EQ(rows, 476);
  std::printf(
      "worst error of the Voigt profile: %.2e of its height; %.2e of the value itself "
      "where that exceeds 1e-6 of the height\n",
      worst,
      worst_pointwise);
  EXPECT_LE(worst, 1e-12);
}

}  // namespace
}  // namespace calcispec
