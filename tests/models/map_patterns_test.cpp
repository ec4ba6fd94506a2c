// Patterns of maps with known parts: spans, curves and clusters are found again.
#include "models/map_patterns.hpp"

#include "core/error.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <vector>

namespace calcispec::models {
namespace {

constexpr Index pattern_points = 120;

double curve_at(int substance, Index i) {
  const double centers[3][2] = {
      {30, 80},
      {45, 95},
      {60, 20}
  };
  double sum = 0;
  for (int band = 0; band < 2; ++band) {
    const double u = (static_cast<double>(i) - centers[substance][band]) / 5;
    sum += (band == 0 ? 1 : 0.5) * std::exp(-u * u);
  }
  return sum;
}

struct Map {
  SpectraMatrix spectra;
  std::vector<std::vector<double>> amounts;
};

// Three substances, some pixels of each nearly pure.
Map make_map(Index rows, double noise) {
  std::mt19937_64 random(3);
  std::uniform_real_distribution<double> uniform;
  std::normal_distribution<double> normal;
  std::vector<double> x(pattern_points);
  for (Index i = 0; i < pattern_points; ++i) {
    x[static_cast<std::size_t>(i)] = 400 + 4.0 * static_cast<double>(i);
  }
  Map out;
  out.spectra = SpectraMatrix::make(Axis::make(x, AxisKind::raman_shift, "1/cm"), rows);
  for (Index r = 0; r < rows; ++r) {
    std::vector<double> amounts(3);
    for (int k = 0; k < 3; ++k) {
      amounts[static_cast<std::size_t>(k)] = r % 3 == k   ? 1 + uniform(random)
                                             : r % 5 == 0 ? 0.0
                                                          : 0.4 * uniform(random);
    }
    for (Index i = 0; i < pattern_points; ++i) {
      double sum = noise * normal(random);
      for (int k = 0; k < 3; ++k) {
        sum += amounts[static_cast<std::size_t>(k)] * curve_at(k, i);
      }
      out.spectra.row(r)[static_cast<std::size_t>(i)] = sum;
    }
    out.amounts.push_back(amounts);
  }
  return out;
}

double cosine(const double* a, int substance) {
  double ab = 0;
  double aa = 0;
  double bb = 0;
  for (Index i = 0; i < pattern_points; ++i) {
    const double b = curve_at(substance, i);
    ab += a[i] * b;
    aa += a[i] * a[i];
    bb += b * b;
  }
  return ab / std::sqrt(aa * bb);
}

TEST(MapPatterns, PrincipalComponentsHoldTheVarianceTheyState) {
  for (const Index rows : {60, 300}) {  // fewer and more than points
    const auto map = make_map(rows, 0.001);
    const auto found = principal_components(map.spectra, 4);
    EXPECT_GT(found.explained[0] + found.explained[1] + found.explained[2], 0.999);
    EXPECT_LT(found.explained[3], 1e-4);
    double rest = 0;
    double whole = 0;
    for (Index r = 0; r < rows; ++r) {
      for (Index i = 0; i < pattern_points; ++i) {
        const double centred = map.spectra.row(r)[static_cast<std::size_t>(i)] -
                               found.mean[static_cast<std::size_t>(i)];
        double model = 0;
        for (Index k = 0; k < 4; ++k) {
          model += found.scores[static_cast<std::size_t>(4 * r + k)] *
                   found.loadings[static_cast<std::size_t>(k * pattern_points + i)];
        }
        rest += (centred - model) * (centred - model);
        whole += centred * centred;
      }
    }
    const double stated =
        found.explained[0] + found.explained[1] + found.explained[2] + found.explained[3];
    EXPECT_NEAR(rest / whole, 1 - stated, 1e-10);
  }
}

TEST(MapPatterns, CurvesOfNearlyPureMapsAreResolved) {
  const auto map = make_map(150, 0.005);
  const auto found = resolve_curves(map.spectra, 3, 1);
  EXPECT_TRUE(found.is_converged);
  EXPECT_LT(found.unexplained, 0.06);
  for (int substance = 0; substance < 3; ++substance) {
    double best = 0;
    for (Index k = 0; k < 3; ++k) {
      best = std::max(best, cosine(found.curves.data() + k * pattern_points, substance));
    }
    EXPECT_GT(best, 0.99) << substance;
  }
  EXPECT_GE(*std::min_element(found.curves.begin(), found.curves.end()), 0);
  EXPECT_GE(*std::min_element(found.amounts.begin(), found.amounts.end()), 0);
}

TEST(MapPatterns, ThreadsDoNotMatter) {
  const auto map = make_map(80, 0.01);
  EXPECT_EQ(resolve_curves(map.spectra, 3, 1).amounts, resolve_curves(map.spectra, 3, 3).amounts);
}

TEST(MapPatterns, ClustersAreThoseOfTheMainSubstance) {
  const auto map = make_map(150, 0.01);
  const auto components = principal_components(map.spectra, 2);
  const auto found = find_clusters(components.scores, 2, 3);
  for (Index r = 0; r < 150; ++r) {
    EXPECT_EQ(found.member[static_cast<std::size_t>(r)],
              found.member[static_cast<std::size_t>(r % 3)])
        << r;
  }
  EXPECT_NE(found.member[0], found.member[1]);
  EXPECT_EQ(find_clusters(components.scores, 2, 3).member, found.member);
}

TEST(MapPatterns, BadCountsAndGapsAreRefused) {
  auto map = make_map(20, 0.01);
  EXPECT_THROW(principal_components(map.spectra, 20), Error);
  EXPECT_THROW(principal_components(map.spectra, 0), Error);
  EXPECT_THROW(resolve_curves(map.spectra, 21, 1), Error);
  EXPECT_THROW(find_clusters({1, 2, 3}, 2, 1), Error);
  map.spectra.row(3)[5] = std::nan("");
  EXPECT_THROW(principal_components(map.spectra, 2), Error);
}

}  // namespace
}  // namespace calcispec::models
