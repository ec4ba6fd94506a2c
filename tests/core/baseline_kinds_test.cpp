// Morphology, clipping and polynomials against plain loops; every kind finds a smooth background.
#include "core/chain.hpp"
#include "tests/oracle/plain_baselines.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <random>
#include <string>

namespace calcispec {
namespace {

struct Scene {
  SpectraMatrix spectra;
  std::vector<double> background;
};

// Three narrow bands on a slow background; the axis is uneven.
Scene scene_of(Index points, double noise) {
  std::vector<double> x;
  double at = 400;
  for (Index i = 0; i < points; ++i) {
    x.push_back(at);
    at += 1 + 0.3 * std::sin(0.05 * static_cast<double>(i));
  }
  Scene scene{SpectraMatrix::make(Axis::make(std::move(x), AxisKind::raman_shift, "1/cm"), 1), {}};
  std::mt19937_64 random(3);
  std::normal_distribution<double> normal;
  const auto row = scene.spectra.row(0);
  for (Index i = 0; i < points; ++i) {
    const double t = static_cast<double>(i) / static_cast<double>(points);
    scene.background.push_back(20 + 6 * t - 5 * t * t);
    double y = scene.background.back() + noise * normal(random);
    for (const double middle : {0.2, 0.47, 0.8}) {
      const double u = (t - middle) / 0.012;
      y += 10 * std::exp(-u * u);
    }
    row[static_cast<std::size_t>(i)] = y;
  }
  return scene;
}

std::vector<double> baseline_of(const Scene& scene,
                                const std::string& method,
                                const std::vector<GivenParameter>& given) {
  const auto* info = find_core_method("baseline", method);
  const ChainStep step{"baseline", method, ParameterSet::checked(info->parameters, given, method)};
  return run_chain(scene.spectra, std::span(&step, 1), 1).baseline->values;
}

double largest_difference(std::span<const double> a, std::span<const double> b) {
  double largest = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    largest = std::max(largest, std::abs(a[i] - b[i]));
  }
  return largest;
}

TEST(BaselineKinds, OpeningIsThatOfThePlainLoopForAnyWindow) {
  for (const Index points : {7, 64, 201}) {
    const auto scene = scene_of(points, 1);
    for (const Index half : {1, 2, 3, 7, 8, 31, 64, 300}) {
      const auto low = oracle::extreme(
          scene.spectra.row(0), half, [](double a, double b) { return std::min(a, b); });
      const auto wanted =
          oracle::extreme(low, half, [](double a, double b) { return std::max(a, b); });
      const auto got = baseline_of(scene,
                                   "tophat",
                                   {
                                       {"half_window", std::to_string(half), ""}
      });
      EXPECT_EQ(largest_difference(got, wanted), 0) << points << " points, half window " << half;
    }
  }
}

// Bands and noise over an even axis of any length near that of a register.
Scene even_scene(Index points) {
  auto scene = scene_of(points, 0.3);
  std::vector<double> x;
  for (Index i = 0; i < points; ++i) {
    x.push_back(static_cast<double>(i));
  }
  const auto values = scene.spectra.values;
  scene.spectra = SpectraMatrix::make(Axis::make(std::move(x), AxisKind::other, "point"), 1);
  scene.spectra.values = values;
  return scene;
}

TEST(BaselineKinds, RegistersOfPointsAgreeWithThePlainLoops) {
  for (const Index points : {61, 64, 67, 500}) {
    const auto scene = even_scene(points);
    const auto y = scene.spectra.row(0);
    SCOPED_TRACE(points);
    for (const int order : {1, 3, 5, 7, 9}) {
      const std::vector<GivenParameter> given{
          {"polynomial_order", std::to_string(order), ""}
      };
      EXPECT_LT(largest_difference(baseline_of(scene, "modpoly", given), oracle::modpoly(y, order)),
                1e-9);
      EXPECT_LT(
          largest_difference(baseline_of(scene, "imodpoly", given), oracle::imodpoly(y, order)),
          1e-9);
    }
    EXPECT_LT(largest_difference(baseline_of(scene, "rubberband", {}), oracle::hull(y)), 1e-12);
    EXPECT_EQ(largest_difference(baseline_of(scene,
                                             "mor",
                                             {
                                                 {"half_window", "9", ""}
    }),
                                 oracle::mor(y, 9)),
              0);
    // Ends are another matter: away from them by all windows together.
    const auto clipped = baseline_of(scene,
                                     "snip",
                                     {
                                         {"max_half_window", "5", ""}
    });
    const auto plain = oracle::snip(y, 5);
    for (std::size_t i = 15; i + 15 < y.size(); ++i) {
      EXPECT_EQ(clipped[i], plain[i]) << i;
    }
  }
}

TEST(BaselineKinds, ModifiedPolynomialCutsDownToItself) {
  // At the end nothing is left above: one more fit of min(y, baseline) stays.
  const auto scene = scene_of(403, 0);
  const auto baseline = baseline_of(scene,
                                    "modpoly",
                                    {
                                        {"polynomial_order", "3",      ""},
                                        {"tolerance",        "1e-13",  ""},
                                        {"max_iterations",   "100000", ""}
  });
  auto again = scene;
  for (std::size_t i = 0; i < baseline.size(); ++i) {
    again.spectra.row(0)[i] = std::min(again.spectra.row(0)[i], baseline[i]);
  }
  const auto refitted = baseline_of(again,
                                    "poly",
                                    {
                                        {"polynomial_order", "3", ""}
  });
  EXPECT_LT(largest_difference(baseline, refitted), 1e-9);
}

TEST(BaselineKinds, QuantileRegressionLeavesItsShareBelow) {
  const auto scene = scene_of(1000, 0.5);
  for (const double quantile : {0.1, 0.3, 0.5}) {
    const auto baseline = baseline_of(scene,
                                      "quant_reg",
                                      {
                                          {"quantile", number_text(quantile), ""}
    });
    Index below = 0;
    for (std::size_t i = 0; i < baseline.size(); ++i) {
      below += scene.spectra.row(0)[i] < baseline[i] ? 1 : 0;
    }
    // As many points as the polynomial has coefficients may lie on it.
    EXPECT_NEAR(static_cast<double>(below), 1000 * quantile, 4) << quantile;
  }
}

TEST(BaselineKinds, EveryKindFindsASmoothBackground) {
  struct Kind {
    std::string method;
    std::vector<GivenParameter> given;
    double bar;  // largest error, the bands being 10 high
  };
  const std::vector<GivenParameter> window{
      {"half_window", "30", ""}
  };
  // The background bends down: a hull, which is straight between its corners, lies lower.
  const auto scene = scene_of(1000, 0.02);
  for (const auto& kind : std::vector<Kind>{
           {"amormol",          window,                                                   0.6},
           {"mormol",           window,                                                   0.6},
           {"jbcd",             window,                                                   0.6},
           {"loess",            {{"fraction", "0.3", ""}},                                0.6},
           {"quant_reg",        {{"quantile", "0.1", ""}},                                0.3},
           {"goldindec",        {{"peak_ratio", "0.2", ""}},                              0.6},
           {"noise_median",     {{"half_window", "80", ""}},                              0.6},
           {"swima",            {},                                                       1.0},
           {"ipsa",             {{"half_window", "80", ""}},                              0.6},
           {"golotvin",         {{"half_window", "15", ""}, {"num_std", "12", ""}},       0.6},
           {"dietrich",         {},                                                       0.6},
           {"std_distribution", {{"half_window", "8", ""}},                               0.6},
           {"fastchrom",        {{"half_window", "8", ""}},                               0.6},
           {"fabc",             {{"scale", "12", ""}},                                    0.6},
           {"cwt_br",           {{"poly_order", "4", ""}},                                0.6},
           {"beads",            {{"freq_cutoff", "0.003", ""}},                           1.0},
           {"rubberband",       {{"lambda", "1e4", ""}, {"smooth_half_window", "3", ""}}, 1.4}
  }) {
    const auto baseline = baseline_of(scene, kind.method, kind.given);
    EXPECT_LT(largest_difference(baseline, scene.background), kind.bar) << kind.method;
  }
}

}  // namespace
}  // namespace calcispec
