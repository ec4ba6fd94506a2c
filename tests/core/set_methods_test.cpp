// Steps over whole sets: rays by neighbours, principal components, scatter correction.
#include "core/set_methods.hpp"

#include "core/error.hpp"
#include "tests/support/rows.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <numbers>

namespace calcispec {
namespace {

using test::rms_difference;
using test::rows_of;
using test::run_step;

// A map of two substances, a narrow band of 2 points among theirs; noise of 0.01 of the tallest.
struct Map {
  std::vector<std::vector<double>> clean;
  std::vector<std::vector<double>> noisy;
  MapGrid grid{9, 7, 1, 1};
};

Map simulated_map(unsigned seed) {
  Map map;
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  for (int r = 0; r < 63; ++r) {
    const int line = r / 9;
    const double part = 0.5 + 0.4 * std::sin(0.5 * (r % 9)) * std::cos(0.6 * line);
    std::vector<double> y;
    for (int i = 0; i < 400; ++i) {
      const auto band = [&](double center, double width) {
        const double u = (i - center) / width;
        return std::exp(-2.7726 * u * u);
      };
      y.push_back(3 - 0.004 * i + part * (band(120, 8) + 0.3 * band(200, 2)) +
                  (1 - part) * (band(135, 12) + 0.5 * band(300, 20)));
    }
    map.clean.push_back(y);
    for (double& v : y) {
      v += 0.01 * normal(random);
    }
    map.noisy.push_back(y);
  }
  return map;
}

struct Rays {
  std::vector<std::vector<double>> rows;
  std::vector<std::pair<std::size_t, std::size_t>> at;
};

// Of one to three samples, from 12 sigma up, anywhere, flanks of bands included.
Rays with_rays(const Map& map, unsigned seed) {
  Rays out{map.noisy, {}};
  std::mt19937_64 random(seed);
  std::uniform_real_distribution<double> height(0.12, 3);
  for (std::size_t r = 0; r < out.rows.size(); ++r) {
    const std::size_t first = 5 + random() % 390;
    const std::size_t length = 1 + random() % 3;
    double top = height(random);
    for (std::size_t k = 0; k < length; ++k, top *= 0.5) {
      out.rows[r][first + k] += top;
      out.at.emplace_back(r, first + k);
    }
  }
  return out;
}

struct Outcome {
  int left = 0;   // more than 6 sigma over the truth
  int wrong = 0;  // good samples altered
};

Outcome judged(const Map& map, const Rays& rays, const SpectraMatrix& got) {
  Outcome out;
  auto is_ray = std::vector<std::vector<bool>>(map.clean.size(), std::vector<bool>(400, false));
  for (const auto& [r, i] : rays.at) {
    is_ray[r][i] = true;
  }
  for (std::size_t r = 0; r < map.clean.size(); ++r) {
    const auto row = got.row(static_cast<Index>(r));
    for (std::size_t i = 0; i < 400; ++i) {
      out.left += is_ray[r][i] && row[i] - map.clean[r][i] > 0.06 ? 1 : 0;
      out.wrong += !is_ray[r][i] && row[i] != map.noisy[r][i] ? 1 : 0;
    }
  }
  return out;
}

TEST(DespikeAuto, NeighborsTellRaysFromTheirOwnLinesOnEveryFlank) {
  int rays_in_all = 0;
  Outcome by_map;
  Outcome by_order;
  for (unsigned seed = 1; seed <= 10; ++seed) {
    const auto map = simulated_map(seed);
    const auto rays = with_rays(map, seed + 100);
    rays_in_all += static_cast<int>(rays.at.size());
    const auto one = judged(map, rays, run_step(rows_of(rays.rows), "despike.auto", {}, map.grid));
    const auto two = judged(map, rays, run_step(rows_of(rays.rows), "despike.auto"));
    by_map.left += one.left;
    by_map.wrong += one.wrong;
    by_order.left += two.left;
    by_order.wrong += two.wrong;
  }
  std::printf("%d ray samples; map: %d left, %d good altered; order: %d left, %d good altered\n",
              rays_in_all,
              by_map.left,
              by_map.wrong,
              by_order.left,
              by_order.wrong);
  EXPECT_LE(by_map.left, rays_in_all / 200);
  EXPECT_LE(by_map.wrong, 10 * 63 * 400 / 10000);
  EXPECT_LE(by_order.left, rays_in_all / 50);
  EXPECT_LE(by_order.wrong, 10 * 63 * 400 / 10000);
}

// A grain that no neighbour shows, with lines as sharp as the spectrometer allows.
TEST(DespikeAuto, KeepsTheSharpLinesOfASingleGrain) {
  auto map = simulated_map(3);
  std::mt19937_64 random(4);
  std::uniform_real_distribution<double> anywhere(-0.5, 0.5);
  for (const std::size_t r : {20U, 31U, 44U}) {
    for (const double center : {50.0, 170.0, 250.0, 350.0}) {
      const double shift = anywhere(random);
      for (std::size_t i = 0; i < 400; ++i) {
        const double u = (static_cast<double>(i) - center - shift) / 1.8;
        map.noisy[r][i] += 0.8 * std::exp(-2.7726 * u * u);
      }
    }
  }
  const auto before = rows_of(map.noisy);
  const auto after = run_step(before, "despike.auto", {}, map.grid);
  for (const Index r : {20, 31, 44}) {
    EXPECT_EQ(rms_difference(after.row(r), before.row(r)), 0) << r;
  }
}

// Three repeats, two, and one: the evidence there is.
TEST(DespikeAuto, RepeatsAndASpectrumAlone) {
  const auto map = simulated_map(5);
  for (std::size_t count = 1; count <= 3; ++count) {
    std::mt19937_64 random(6);
    std::normal_distribution<double> normal;
    std::vector<std::vector<double>> rows(count, map.clean[10]);
    for (auto& row : rows) {
      for (double& y : row) {
        y += 0.01 * normal(random);
      }
    }
    rows[0][60] += 1;
    rows[0][61] += 0.5;
    const auto got = run_step(rows_of(rows), "despike.auto");
    EXPECT_LT(std::abs(got.row(0)[60] - map.clean[10][60]), 0.06) << count;
    EXPECT_LT(std::abs(got.row(0)[61] - map.clean[10][61]), 0.06) << count;
    for (std::size_t r = 1; r < count; ++r) {
      EXPECT_EQ(rms_difference(got.row(static_cast<Index>(r)), rows[r]), 0);
    }
  }
}

TEST(Pca, TakesOutTheNoiseThatTwoComponentsDoNotHold) {
  const auto map = simulated_map(7);
  const auto truth = rows_of(map.clean);
  const auto noisy = rows_of(map.noisy);
  const auto got = run_step(noisy, "smooth.pca");
  const double before = rms_difference(noisy.values, truth.values);
  const double after = rms_difference(got.values, truth.values);
  EXPECT_LT(after, 0.25 * before);
  double best = 1e9;
  for (int components = 0; components <= 6; ++components) {
    const auto fixed = run_step(noisy,
                                "smooth.pca",
                                {
                                    {"components", std::to_string(components)}
    });
    best = std::min(best, rms_difference(fixed.values, truth.values));
  }
  EXPECT_LT(after, 1.1 * best);
}

TEST(Pca, NoiseAloneBecomesItsMeanAndAllComponentsGiveTheSetBack) {
  std::vector<std::vector<double>> rows(80, std::vector<double>(150, 5.0));
  std::mt19937_64 random(8);
  std::normal_distribution<double> normal;
  for (auto& row : rows) {
    for (double& y : row) {
      y += normal(random);
    }
  }
  const auto noise = rows_of(rows);
  const auto got = run_step(noise, "smooth.pca");
  EXPECT_LT(rms_difference(got.values, std::vector<double>(got.values.size(), 5.0)), 0.2);
  const auto whole = run_step(noise,
                              "smooth.pca",
                              {
                                  {"components", "80"}
  });
  EXPECT_LT(rms_difference(whole.values, noise.values), 1e-9);
}

// What stands in a hidden region, NaN included, changes no baseline.
TEST(CollaborativeBaseline, DoesNotLookAtHiddenPoints) {
  const auto map = simulated_map(7);
  auto disturbed = map.noisy;
  auto gaps = map.noisy;
  for (auto* rows : {&disturbed, &gaps}) {
    for (auto& row : *rows) {
      for (std::size_t i = 240; i <= 260; ++i) {
        row[i] = rows == &gaps ? std::nan("") : row[i] + 50;
      }
    }
  }
  const auto baselines = [](const std::vector<std::vector<double>>& rows, const char* mask) {
    const auto* info = find_set_method("baseline", "collab_pls");
    const std::vector<GivenParameter> given{
        {"mask", mask, ""}
    };
    const auto set = ParameterSet::checked(info->parameters, given, "collab_pls");
    auto spectra = rows_of(rows);
    SpectraMatrix baseline;
    for (const auto status :
         run_set_method({"baseline", "collab_pls", set}, spectra, {}, 1, &baseline)) {
      EXPECT_EQ(status, MethodStatus::converged);
    }
    for (std::size_t i = 0; i < spectra.values.size(); ++i) {
      const double y = rows[i / 400][i % 400];
      EXPECT_TRUE(std::isnan(y) ? std::isnan(spectra.values[i])
                                : std::abs(y - baseline.values[i] - spectra.values[i]) < 1e-9);
    }
    return baseline;
  };
  const auto plain = baselines(map.noisy, "640:660");
  const auto under_bands = baselines(disturbed, "640:660");
  const auto under_gaps = baselines(gaps, "100:101");
  for (Index r = 0; r < plain.rows(); ++r) {
    for (std::size_t i = 0; i < 400; ++i) {
      EXPECT_NEAR(under_bands.row(r)[i], plain.row(r)[i], 1e-9);
      EXPECT_NEAR(under_gaps.row(r)[i], plain.row(r)[i], 1e-9);
    }
  }
}

TEST(ScatterCorrection, FindsOffsetScalePolynomialAndInterferent) {
  const auto shape = [](double i) {
    return std::exp(-0.002 * (i - 80) * (i - 80)) + 0.5 * std::exp(-0.01 * (i - 150) * (i - 150));
  };
  std::vector<std::vector<double>> rows(6, std::vector<double>(250));
  for (std::size_t i = 0; i < 250; ++i) {
    const double t = -1 + 2 * static_cast<double>(i) / 249;
    const double pure = shape(static_cast<double>(i));
    const double water =
        std::exp(-0.0005 * (static_cast<double>(i) - 200) * (static_cast<double>(i) - 200));
    rows[0][i] = pure;
    rows[1][i] = water;
    rows[2][i] = 3 * pure + 2;
    rows[3][i] = 0.5 * pure - 1 + 0.3 * t + 0.8 * t * t;
    rows[4][i] = 2 * pure + 0.7 * water + 0.1 * t;
    rows[5][i] = -pure;
  }
  const auto got = run_step(rows_of(rows),
                            "normalize.emsc",
                            {
                                {"reference",    "first"},
                                {"interferents", "1"    }
  });
  for (const Index r : {2, 3, 4}) {
    EXPECT_LT(rms_difference(got.row(r), rows[0]), 1e-10) << r;
  }
  EXPECT_EQ(rms_difference(got.row(1), rows[1]), 0);
  EXPECT_TRUE(std::isnan(got.row(5)[0]));
  const auto msc = run_step(rows_of({
                                rows[0], rows[2]
  }),
                            "normalize.msc",
                            {{"reference", "first"}});
  EXPECT_LT(rms_difference(msc.row(1), rows[0]), 1e-12);
}

TEST(ScatterCorrection, RefusesWhatIsNotThere) {
  const std::vector<double> flat(50, 1.0);
  EXPECT_THROW(run_step(rows_of({flat, flat}), "normalize.msc"), Error);
  auto rows = rows_of({std::vector<double>(50, 1.0), std::vector<double>(50, 2.0)});
  for (std::size_t i = 0; i < 50; ++i) {
    rows.row(1)[i] = std::sin(static_cast<double>(i));
  }
  rows.row(0)[3] = std::nan("");
  EXPECT_THROW(run_step(rows,
                        "normalize.emsc",
                        {
                            {"interferents", "1"}
  }),
               Error);
  EXPECT_THROW(run_step(rows,
                        "normalize.emsc",
                        {
                            {"interferents", "9"}
  }),
               Error);
}

TEST(Normalization, BringsItsMeasureToWhatItSays) {
  const auto y = test::noisy_row(300, 12, 50, 9).y;
  const auto run = [&](const std::string& name, const std::vector<test::Named>& given = {}) {
    return test::run_row(y, name, given);
  };
  const auto range = run("normalize.min_max");
  EXPECT_EQ(*std::min_element(range.begin(), range.end()), 0);
  EXPECT_EQ(*std::max_element(range.begin(), range.end()), 1);
  const auto snv = run("normalize.snv");
  double sum = 0;
  double square = 0;
  for (const double v : snv) {
    sum += v;
    square += v * v;
  }
  EXPECT_NEAR(sum, 0, 1e-10);
  EXPECT_NEAR(square / 299, 1, 1e-12);
  auto sorted = run("normalize.quantile",
                    {
                        {"high", "0.9"},
                        {"low",  "0.1"}
  });
  std::sort(sorted.begin(), sorted.end());
  EXPECT_NEAR(sorted[269] + 0.1 * (sorted[270] - sorted[269]), 1, 1e-12);
  EXPECT_NEAR(sorted[29] + 0.9 * (sorted[30] - sorted[29]), 0, 1e-12);
}

// Bands ten times as tall leave the scale of the lowest quarter as it is.
TEST(Normalization, RobustSnvDoesNotFollowTheBands) {
  auto small = test::noisy_row(300, 12, 50, 10);
  auto large = small.y;
  for (std::size_t i = 0; i < large.size(); ++i) {
    large[i] += small.truth[i] > 0.5 ? 9 * (small.truth[i] - 0.2) : 0;
  }
  const auto a = test::run_row(small.y, "normalize.robust_snv");
  const auto b = test::run_row(large, "normalize.robust_snv");
  for (std::size_t i = 0; i < a.size(); ++i) {
    if (small.truth[i] < 0.3) {
      EXPECT_NEAR(a[i], b[i], 1e-9);
    }
  }
}

TEST(Normalization, ByOneBandOverItsLine) {
  std::vector<double> y;
  for (int i = 0; i < 200; ++i) {
    const double u = (i - 100) / 10.0;
    y.push_back(7 + 0.1 * i + 4 * std::exp(-2.7726 * u * u));
  }
  const std::vector<test::Named> band{
      {"from", "460"},
      {"to",   "540"}
  };
  const auto height = test::run_row(y, "normalize.band", band);
  EXPECT_NEAR(height[100] - 0.5 * (height[60] + height[140]), 1, 1e-6);
  auto with_area = band;
  with_area.push_back({"measure", "area"});
  const auto area = test::run_row(y, "normalize.band", with_area);
  EXPECT_NEAR(y[0] / area[0], 4 * 10 * std::sqrt(std::numbers::pi / 2.7726), 1e-5);
  const auto no_mask = test::run_row(y,
                                     "normalize.band",
                                     {
                                         {"from", "900"},
                                         {"to",   "950"}
  });
  EXPECT_TRUE(std::isnan(no_mask[0]));
}

}  // namespace
}  // namespace calcispec
