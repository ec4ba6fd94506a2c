// Morphology, clipping and polynomials against plain loops; every kind finds a smooth background.
#include "core/chain.hpp"
#include "core/decomposition.hpp"
#include "tests/oracle/plain_baselines.hpp"
#include "tests/support/largest_difference.hpp"

#include <Eigen/Core>
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

using test::largest_difference;

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

// Polynomial of degree 2 through the points that count, by QR.
Eigen::VectorXd parabola_through(const Axis& axis,
                                 const Eigen::VectorXd& y,
                                 const Eigen::VectorXd& counts) {
  const auto x = axis.values();
  Eigen::MatrixXd powers(y.size(), 3);
  for (Index i = 0; i < y.size(); ++i) {
    const double t = (x[static_cast<std::size_t>(i)] - x.front()) / (x.back() - x.front());
    powers.row(i) << 1, t, t * t;
  }
  const Eigen::MatrixXd weighted = counts.asDiagonal() * powers;
  return powers * solve_least_squares(weighted, counts.cwiseProduct(y));
}

TEST(BaselineKinds, ModpolyThatMasksPeaksIsThePlainLoop) {
  const auto scene = scene_of(203, 0.3);
  const auto row = scene.spectra.row(0);
  const Eigen::VectorXd y =
      Eigen::Map<const Eigen::VectorXd>(row.data(), static_cast<Index>(row.size()));
  const auto& axis = *scene.spectra.axis;
  Eigen::VectorXd z = parabola_through(axis, y, Eigen::VectorXd::Ones(y.size()));
  const Eigen::VectorXd residual = y - z;
  const double mean = residual.mean();
  const double deviation = std::sqrt((residual.array() - mean).square().mean());
  const Eigen::VectorXd counts =
      (residual.array() <= deviation).select(Eigen::VectorXd::Ones(y.size()), 0.0);
  ASSERT_LT(counts.sum(), static_cast<double>(y.size()));
  Eigen::VectorXd cut = y;
  for (int k = 0; k < 12; ++k) {
    cut = cut.cwiseMin(z);
    z = parabola_through(axis, cut, counts);
  }
  const auto got = baseline_of(
      scene,
      "modpoly",
      {
          {"mask_initial_peaks", "true", ""},
          {"max_iter",           "12",   ""},
          {"tol",                "-1",   ""}
  });
  EXPECT_LT(largest_difference(got, std::span(z.data(), row.size())), 1e-10);
}

TEST(BaselineKinds, IpsaStopsByItsRegionAlone) {
  // A step at one end, which takes rounds to be cut down, is not looked at.
  auto scene = scene_of(400, 0.05);
  const auto row = scene.spectra.row(0);
  for (std::size_t i = 0; i < row.size(); ++i) {
    row[i] = i < 300 ? scene.background[i] : row[i] + 40;
  }
  const auto baseline = [&](const char* region) {
    return baseline_of(scene,
                       "ipsa",
                       {
                           {"half_window", "20",   ""},
                           {"roi",         region, ""},
                           {"tol",         "1e-4", ""}
    });
  };
  const auto calm = baseline("400:500");
  const auto whole = baseline("-1e6:1e6");
  const auto automatic = baseline_of(scene,
                                     "ipsa",
                                     {
                                         {"half_window", "20",   ""},
                                         {"tol",         "1e-4", ""}
  });
  EXPECT_EQ(whole, automatic);
  EXPECT_GT(largest_difference(calm, whole), 1e-3);
  // No point in the region: no number.
  for (const double z : baseline("5000:6000")) {
    EXPECT_TRUE(std::isnan(z));
  }
}

TEST(BaselineKinds, FabcTakesKnownBackgroundInsteadOfTheWavelets) {
  const auto scene = scene_of(300, 0.05);
  const auto x = scene.spectra.axis->values();
  const auto y = scene.spectra.row(0);
  const NumberPair left{x.front(), x[40]};
  const NumberPair right{x[170], x[220]};
  const auto known = [&](const std::string& regions) {
    return baseline_of(scene,
                       "fabc",
                       {
                           {"lambda",     "1e3",   ""},
                           {"background", regions, ""}
    });
  };
  const auto text = number_text(left.first) + ":" + number_text(left.second) + "," +
                    number_text(right.first) + ":" + number_text(right.second);
  Eigen::MatrixXd matrix = Eigen::MatrixXd::Zero(300, 300);
  Eigen::VectorXd product = Eigen::VectorXd::Zero(300);
  for (Index i = 0; i < 300; ++i) {
    const auto at = static_cast<std::size_t>(i);
    if (left.holds(x[at]) || right.holds(x[at])) {
      matrix(i, i) = 1;
      product[i] = y[at];
    }
  }
  Eigen::MatrixXd second = Eigen::MatrixXd::Zero(298, 300);
  for (Index i = 0; i < 298; ++i) {
    second.block(i, i, 1, 3) << 1, -2, 1;
  }
  matrix += 1e3 * second.transpose() * second;
  const Eigen::VectorXd z = solve_least_squares(matrix, product);
  const auto found = known(text);
  EXPECT_LT(largest_difference(found, std::span(z.data(), y.size())), 1e-6);
  EXPECT_GT(largest_difference(found,
                               baseline_of(scene,
                                           "fabc",
                                           {
                                               {"lambda", "1e3", ""}
  })),
            1e-3);
  for (const double nothing : known("9000:9001")) {
    EXPECT_TRUE(std::isnan(nothing));
  }
}

TEST(BaselineKinds, BeadsSmoothsTheSizesOfDifferencesWhereAsked) {
  const auto scene = scene_of(400, 0.2);
  const auto plain = baseline_of(scene, "beads", {});
  EXPECT_EQ(plain,
            baseline_of(scene,
                        "beads",
                        {
                            {"smooth_half_window", "0", ""}
  }));
  const auto smooth = baseline_of(scene,
                                  "beads",
                                  {
                                      {"smooth_half_window", "3", ""}
  });
  const double change = largest_difference(plain, smooth);
  EXPECT_GT(change, 1e-6);
  EXPECT_LT(largest_difference(smooth, scene.background), 4.0);
}

TEST(BaselineKinds, CwtBrSeesBandsAndAnswersThemBothWays) {
  auto scene = scene_of(500, 0.1);
  const auto row = scene.spectra.row(0);
  const auto up = baseline_of(scene,
                              "cwt_br",
                              {
                                  {"poly_order", "2", ""}
  });
  EXPECT_LT(largest_difference(up, scene.background), 0.3);
  // Upside down, with the sign told.
  for (double& y : row) {
    y = -y;
  }
  const std::vector<GivenParameter> both = {
      {"poly_order", "2",    ""},
      {"symmetric",  "true", ""}
  };
  const auto down = baseline_of(scene, "cwt_br", both);
  for (std::size_t i = 0; i < down.size(); ++i) {
    EXPECT_NEAR(-down[i], scene.background[i], 0.6) << i;
  }
}

}  // namespace
}  // namespace calcispec
