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
      worst = std::max(worst, std::abs(value - expected / stretch) / peak);
    }
    ++rows;
  }
  EXPECT_EQ(rows, 476);
  std::printf("worst error of the Voigt profile: %.2e of its height\n", worst);
  EXPECT_LE(worst, 1e-12);
}

}  // namespace
}  // namespace calcispec
