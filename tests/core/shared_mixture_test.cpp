// A shared mixture against the fit of one spectrum alone.
#include "core/shared_mixture.hpp"

#include "core/band_mixture.hpp"
#include "core/error.hpp"

#include <gtest/gtest.h>

#include <cmath>
#include <limits>
#include <random>

namespace calcispec {
namespace {

constexpr Index point_count = 700;

std::vector<double> axis() {
  std::vector<double> x;
  for (Index i = 0; i < point_count; ++i) {
    x.push_back(400 + 2.0 * static_cast<double>(i));
  }
  return x;
}

std::vector<MixtureBand> table() {
  std::vector<MixtureBand> bands;
  const auto add = [&](Index group, double center, double fwhm, double relative) {
    MixtureBand band;
    band.center = center;
    band.fwhm = fwhm;
    band.lorentz_share = 0.5;
    band.center_sd = 2;
    band.log_fwhm_sd = 0.3;
    band.group = group;
    band.relative_height = relative;
    band.log_height_sd = 0.4;
    bands.push_back(band);
  };
  add(0, 590, 30, 0.2);
  add(0, 960, 16, 1);
  add(0, 1045, 24, 0.15);
  add(1, 1004, 8, 0.4);
  add(1, 1450, 30, 1);
  add(1, 1665, 50, 0.8);
  return bands;
}

std::vector<SharedShape> shapes_of(const std::vector<MixtureBand>& bands) {
  std::vector<SharedShape> shapes;
  shapes.reserve(bands.size());
  for (const auto& band : bands) {
    shapes.push_back({band.center, band.fwhm, band.lorentz_share, band.skew, true});
  }
  return shapes;
}

SharedSetting setting() {
  SharedSetting out;
  out.noise.assign(point_count, 1.0);
  out.envelope.assign(point_count, 0.0);
  out.knot_spacing = 70;
  out.stiffness = 1e-4;
  return out;
}

std::vector<SharedBand> all_shared(const std::vector<MixtureBand>& bands) {
  std::vector<SharedBand> out;
  for (std::size_t b = 0; b < bands.size(); ++b) {
    out.push_back({bands[b], static_cast<Index>(b)});
  }
  return out;
}

struct SharedTruth {
  std::vector<double> heights{30, 150, 20, 40, 100, 80};
  double shift_of_main = 0;
  double widening_of_main = 0;
};

std::vector<double> spectrum(const SharedTruth& truth, double noise, std::uint64_t seed) {
  const auto x = axis();
  auto bands = table();
  bands[1].center += truth.shift_of_main;
  bands[1].fwhm *= std::exp(truth.widening_of_main);
  std::vector<double> y(x.size());
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  for (std::size_t i = 0; i < x.size(); ++i) {
    y[i] = 200 + 60 * std::sin(x[i] / 500) + noise * normal(random);
  }
  for (std::size_t b = 0; b < bands.size(); ++b) {
    add_pseudo_voigt(x, bands[b], truth.heights[b], y);
  }
  return y;
}

TEST(SharedMixture, FindsHeightsPlacesAndWidths) {
  const auto x = axis();
  const auto bands = table();
  const SharedMixture mixture(x, shapes_of(bands), setting());
  SharedTruth truth;
  truth.shift_of_main = 0.8;
  truth.widening_of_main = 0.08;
  const auto y = spectrum(truth, 1, 3);
  auto loaded = mixture.load(y, 1);
  const auto result = mixture.fit(loaded, all_shared(bands), 2, {.rounds = 4});
  ASSERT_EQ(result.status, MixtureStatus::converged);
  for (std::size_t b = 0; b < bands.size(); ++b) {
    EXPECT_NEAR(result.bands[b].height, truth.heights[b], 5 * result.bands[b].height_u) << b;
    EXPECT_LT(result.bands[b].height_u, 2) << b;
  }
  EXPECT_NEAR(result.bands[1].center, 960.8, 0.15);
  EXPECT_NEAR(result.bands[1].fwhm, 16 * std::exp(0.08), 0.4);
  EXPECT_GT(result.bands[1].fwhm_u, 0);
  EXPECT_NEAR(result.bands[1].area,
              150 * pseudo_voigt_area(16 * std::exp(0.08), 0.5),
              4 * result.bands[1].area_u);
}

TEST(SharedMixture, AgreesWithTheFitOfOneSpectrum) {
  const auto x = axis();
  const auto bands = table();
  const auto y = spectrum({}, 2, 11);
  const std::vector<double> sigma(x.size(), 2.0);
  BandMixtureOptions options;
  options.shift_sd = 0;
  options.stretch_sd = 0;
  options.scans_shift = false;
  options.background.knot_spacing = 70;
  options.background.stiffness = 1e-4 / 4;  // for noise of size 2
  const auto alone = fit_band_mixture(x, y, sigma, bands, 2, options);
  const SharedMixture mixture(x, shapes_of(bands), setting());
  auto loaded = mixture.load(y, 2);
  const auto shared = mixture.fit(loaded, all_shared(bands), 2, {.rounds = 6});
  for (std::size_t b = 0; b < bands.size(); ++b) {
    EXPECT_NEAR(shared.bands[b].height, alone.bands[b].height, alone.bands[b].height_u) << b;
    EXPECT_NEAR(shared.bands[b].height_u / alone.bands[b].height_u, 1, 0.25) << b;
  }
}

TEST(SharedMixture, TakesBandsThatAreNotShared) {
  const auto x = axis();
  const auto bands = table();
  std::vector<MixtureBand> known(bands.begin(), bands.end() - 1);
  const SharedMixture mixture(x, shapes_of(known), setting());
  const auto y = spectrum({}, 1, 4);
  auto entries = all_shared(bands);
  entries.back().shape = -1;
  auto loaded = mixture.load(y, 1);
  const auto result = mixture.fit(loaded, entries, 2, {.rounds = 4});
  EXPECT_NEAR(result.bands.back().height, 80, 5 * result.bands.back().height_u);
}

// What was fitted before is a start, no more.
TEST(SharedMixture, PlacesAndWidensBandsThatAreNotShared) {
  const auto x = axis();
  const auto bands = table();
  auto shapes = shapes_of(bands);
  shapes.erase(shapes.begin() + 1);
  const SharedMixture shared(x, shapes, setting());
  SharedTruth truth;
  truth.shift_of_main = 0.8;
  truth.widening_of_main = 0.08;
  auto loaded = shared.load(spectrum(truth, 1, 8), 1);
  std::vector<SharedBand> own;
  for (std::size_t b = 0; b < bands.size(); ++b) {
    own.push_back({bands[b], b == 1 ? -1 : static_cast<Index>(b > 1 ? b - 1 : b)});
  }
  const auto result = shared.fit(loaded, own, 2, {});
  EXPECT_NEAR(result.bands[1].center, 960.8, 0.15);
  EXPECT_NEAR(std::log(result.bands[1].fwhm / 16), 0.08, 0.03);
  EXPECT_NEAR(result.bands[1].height, 150, 3);
  EXPECT_LT(result.chi_square, 1.2 * static_cast<double>(point_count));
  own[1].band.center_sd = 0;
  own[1].band.log_fwhm_sd = 0;
  auto again = shared.load(spectrum(truth, 1, 8), 1);
  const auto held = shared.fit(again, own, 2, {});
  EXPECT_EQ(held.bands[1].center, 960);
}

TEST(SharedMixture, KnowsHeightsOfOneFormFromAnother) {
  const auto x = axis();
  const auto bands = table();
  auto shapes = shapes_of(bands);
  auto wide = shapes[1];
  wide.fwhm *= std::exp(0.45);
  wide.form_of = 1;
  shapes.push_back(wide);
  const SharedMixture shared(x, shapes, setting());
  SharedTruth truth;
  truth.widening_of_main = 0.45;
  const auto y = spectrum(truth, 1, 9);
  const auto error_of = [&](Index form) {
    auto loaded = shared.load(y, 1);
    auto own = all_shared(bands);
    auto result = shared.fit(loaded, own, 2, {});
    own[1].shape = form;
    result = shared.fit(loaded, own, 2, {});
    return std::abs(result.bands[1].area / (150 * pseudo_voigt_area(16 * std::exp(0.45), 0.5)) - 1);
  };
  EXPECT_LT(error_of(static_cast<Index>(bands.size())), 0.02);
  EXPECT_GT(error_of(1), 2 * error_of(static_cast<Index>(bands.size())));
}

TEST(SharedMixture, TrialsDoNotChangeTheAnswer) {
  const auto x = axis();
  const auto bands = table();
  const SharedMixture mixture(x, shapes_of(bands), setting());
  const auto y = spectrum({}, 1, 8);
  auto fresh = mixture.load(y, 1);
  const auto first = mixture.fit(fresh, all_shared(bands), 2, {.rounds = 8});
  auto used = mixture.load(y, 1);
  const auto entries = all_shared(bands);
  static_cast<void>(mixture.fit(used, std::span(entries).first(3), 1, {.rounds = 4}));
  static_cast<void>(mixture.fit(used, entries, 2, {.rounds = 2}));
  const auto second = mixture.fit(used, entries, 2, {.rounds = 8});
  for (std::size_t b = 0; b < bands.size(); ++b) {
    EXPECT_NEAR(first.bands[b].height, second.bands[b].height, 0.4 * first.bands[b].height_u);
  }
}

// A trial starts from the last fit, gives what a fit of its own gives, and is forgotten.
TEST(SharedMixture, TriesBandsMoreAndFewer) {
  const auto x = axis();
  const auto bands = table();
  const SharedMixture mixture(x, shapes_of(bands), setting());
  const auto y = spectrum({}, 1, 8);
  const auto all = all_shared(bands);
  const auto few = std::span(all).first(3);
  auto with_own = all;
  with_own[3].shape = -1;
  struct TrialCase {
    std::span<const SharedBand> before;
    Index groups_before;
    std::span<const SharedBand> after;
    Index groups;
  };
  const std::vector<TrialCase> cases{
      {few,      1, all,      2},
      {all,      2, few,      1},
      {few,      1, with_own, 2},
      {with_own, 2, few,      1},
      {all,      2, all,      2}
  };
  for (const auto& [before, groups_before, after, groups] : cases) {
    auto fresh = mixture.load(y, 1);
    const auto expected = mixture.fit(fresh, after, groups, {.rounds = 12});
    auto used = mixture.load(y, 1);
    static_cast<void>(mixture.fit(used, before, groups_before, {.rounds = 12}));
    const auto tried = mixture.fit(used, after, groups, {.rounds = 12, .is_trial = true});
    for (std::size_t b = 0; b < after.size(); ++b) {
      EXPECT_NEAR(tried.bands[b].height, expected.bands[b].height, 0.3 * expected.bands[b].height_u)
          << before.size() << " " << after.size() << " " << b;
      EXPECT_NEAR(tried.bands[b].height_u / expected.bands[b].height_u, 1, 0.15);
      EXPECT_NEAR(tried.bands[b].center, expected.bands[b].center, 0.1);
    }
    auto not_tried = mixture.load(y, 1);
    static_cast<void>(mixture.fit(not_tried, before, groups_before, {.rounds = 12}));
    const auto with = mixture.fit(used, before, groups_before, {.rounds = 4});
    const auto without = mixture.fit(not_tried, before, groups_before, {.rounds = 4});
    for (std::size_t b = 0; b < before.size(); ++b) {
      EXPECT_EQ(with.bands[b].height, without.bands[b].height) << b;
    }
  }
}

TEST(SharedMixture, AnAcceptedTrialIsTheLastFit) {
  const auto bands = table();
  const SharedMixture mixture(axis(), shapes_of(bands), setting());
  const auto y = spectrum({}, 1, 8);
  const auto all = all_shared(bands);
  const auto few = std::span(all).first(3);
  auto plain = mixture.load(y, 1);
  static_cast<void>(mixture.fit(plain, few, 1, {.rounds = 12}));
  auto used = mixture.load(y, 1);
  EXPECT_THROW(mixture.accept_trial(used), Error);
  static_cast<void>(mixture.fit(used, all, 2, {.rounds = 12}));
  const auto tried = mixture.fit(used, few, 1, {.rounds = 12, .is_trial = true});
  mixture.accept_trial(used);
  EXPECT_NEAR(mixture.condition_number(used) / mixture.condition_number(plain), 1, 0.02);
  const auto again = mixture.fit(used, few, 1, {.rounds = 12});
  for (std::size_t b = 0; b < few.size(); ++b) {
    EXPECT_NEAR(again.bands[b].height, tried.bands[b].height, 0.05 * tried.bands[b].height_u) << b;
  }
  EXPECT_THROW(mixture.accept_trial(used), Error);
}

TEST(SharedMixture, LooksForPatterns) {
  const auto x = axis();
  const auto bands = table();
  const SharedMixture mixture(x, shapes_of(bands), setting());
  SharedTruth truth;
  truth.heights = {30, 150, 22, 0, 0, 0};
  const auto y = spectrum(truth, 1, 6);
  auto loaded = mixture.load(y, 1);
  const std::vector<std::vector<std::pair<Index, double>>> patterns{
      {{0, 0.2}, {1, 1.0}, {2, 0.15}},
      {{3, 0.4}, {4, 1.0}, {5, 0.8} }
  };
  const auto amounts = mixture.screen(loaded, mixture.prepare(patterns));
  EXPECT_NEAR(amounts[0].value, 150, 5);
  EXPECT_LT(amounts[1].value, 3 * amounts[1].u + 0.5);
}

TEST(SharedMixture, IsLessSureOfPatternsThatLeaveSomethingUnfitted) {
  const auto x = axis();
  const auto bands = table();
  const SharedMixture shared(x, shapes_of(bands), setting());
  const auto u_of = [&](double foreign_height) {
    auto y = spectrum({}, 1, 4);
    MixtureBand foreign;
    foreign.center = 1250;
    foreign.fwhm = 14;
    foreign.lorentz_share = 0.5;
    add_pseudo_voigt(x, foreign, foreign_height, y);
    auto loaded = shared.load(y, 1);
    const auto patterns = shared.prepare({
        {{0, 0.2}, {1, 1}, {2, 0.15}},
        {{3, 0.4}, {4, 1}, {5, 0.8} }
    });
    return shared.screen(loaded, patterns)[1].u;
  };
  EXPECT_NEAR(u_of(0), u_of(0.5), 0.1 * u_of(0));
  EXPECT_GT(u_of(200), 3 * u_of(0));
}

TEST(SharedMixture, FitsABackgroundAlone) {
  const SharedMixture mixture(axis(), shapes_of(table()), setting());
  const auto y = spectrum({}, 1, 4);
  auto loaded = mixture.load(y, 1);
  const auto result = mixture.fit(loaded, {}, 0, {.rounds = 4});
  EXPECT_EQ(result.background.size(), y.size());
  EXPECT_EQ(mixture.condition_number(loaded), 1);
  EXPECT_NEAR(result.background[0], 200 + 60 * std::sin(400.0 / 500), 30);
}

// Groups whose ratios are known: the gain foretold is that which the fit finds.
TEST(SharedMixture, ForetellsWhatOneGroupMoreWouldGain) {
  auto bands = table();
  for (auto& band : bands) {
    band.log_height_sd = 1e-3;
    band.center_sd = 0;
    band.log_fwhm_sd = 0;
  }
  const SharedMixture mixture(axis(), shapes_of(bands), setting());
  const auto all = all_shared(bands);
  const std::vector<SharedBand> first(all.begin(), all.begin() + 3);
  const auto second = std::span(all).subspan(3);
  const auto gain_of = [&](double part, double& found) {
    SharedTruth truth;
    truth.heights = {30, 150, 22.5, 40 * part, 100 * part, 80 * part};
    const auto y = spectrum(truth, 1, 5);
    auto loaded = mixture.load(y, 1);
    EXPECT_FALSE(mixture.gain_with(loaded, second).has_value());
    const auto without = mixture.fit(loaded, first, 1, {.rounds = 6});
    const auto gain = mixture.gain_with(loaded, second);
    const auto with = mixture.fit(loaded, all, 2, {.rounds = 6, .is_trial = true});
    found = 0;  // noise is of size 1
    for (std::size_t i = 0; i < y.size(); ++i) {
      found += std::pow(y[i] - without.fitted[i] - without.background[i], 2) -
               std::pow(y[i] - with.fitted[i] - with.background[i], 2);
    }
    EXPECT_TRUE(gain.has_value());
    EXPECT_EQ(mixture.gain_with(loaded, all), gain);  // what it has is passed over
    return gain.value_or(-1);
  };
  double found = 0;
  EXPECT_LT(gain_of(0, found), 6);
  EXPECT_NEAR(gain_of(0.04, found) / found, 1, 0.1);
  EXPECT_GT(found, 50);
}

// A pattern made beforehand is asked for as its bands are, beside a band that is not shared too.
TEST(SharedMixture, ForetellsThePatternAsItsBands) {
  const auto bands = table();
  const SharedMixture mixture(axis(), shapes_of(bands), setting());
  const auto all = all_shared(bands);
  const auto second = std::span(all).subspan(3);
  std::vector<std::pair<Index, double>> pattern;
  for (const auto& row : second) {
    pattern.emplace_back(row.shape, row.band.relative_height);
  }
  const auto patterns = mixture.prepare({{{0, 1.0}}, pattern});
  SharedBand own{bands[1], -1};
  own.band.group = -1;
  own.band.center += 25;
  for (const bool has_own : {false, true}) {
    std::vector<SharedBand> first(all.begin(), all.begin() + 3);
    if (has_own) {
      first.push_back(own);
    }
    auto loaded = mixture.load(spectrum({}, 1, 5), 1);
    EXPECT_FALSE(mixture.gain_with(loaded, patterns, 1).has_value());
    static_cast<void>(mixture.fit(loaded, first, 1, {.rounds = 6}));
    const auto by_bands = mixture.gain_with(loaded, second);
    const auto by_pattern = mixture.gain_with(loaded, patterns, 1);
    ASSERT_TRUE(by_bands.has_value() && by_pattern.has_value());
    EXPECT_GT(*by_bands, 10);
    EXPECT_NEAR(*by_pattern / *by_bands, 1, 1e-8) << has_own;
  }
}

TEST(SharedMixture, AFitGoesOnFromASketch) {
  const auto bands = table();
  const SharedMixture mixture(axis(), shapes_of(bands), setting());
  const auto all = all_shared(bands);
  const auto y = spectrum({}, 1, 6);
  auto alone = mixture.load(y, 1);
  auto sketched = mixture.load(y, 1);
  const auto expected = mixture.fit(alone, all, 2, {.rounds = 6});
  const auto sketch = mixture.fit(sketched, all, 2, {.rounds = 6, .is_sketch = true});
  const auto fitted = mixture.fit(sketched, all, 2, {.rounds = 6});
  for (std::size_t b = 0; b < bands.size(); ++b) {
    const double u = expected.bands[b].height_u;
    EXPECT_NEAR(sketch.bands[b].height, expected.bands[b].height, 3 * u) << b;
    EXPECT_NEAR(fitted.bands[b].height, expected.bands[b].height, 0.5 * u) << b;
    EXPECT_NEAR(sketch.bands[b].height_u / u, 1, 0.3) << b;
  }
}

TEST(SharedMixture, TellsTheConditionOfItsLastFit) {
  const auto bands = table();
  const SharedMixture mixture(axis(), shapes_of(bands), setting());
  auto loaded = mixture.load(spectrum({}, 1, 4), 1);
  const auto all = all_shared(bands);
  EXPECT_EQ(mixture.condition_number(loaded), 1);
  ASSERT_EQ(mixture.fit(loaded, all, 2, {.rounds = 4}).status, MixtureStatus::converged);
  EXPECT_GT(mixture.condition_number(loaded), 2);
  EXPECT_LT(mixture.condition_number(loaded), 1e4);
}

TEST(SharedMixture, CoversItsUncertainties) {
  const auto x = axis();
  const auto bands = table();
  const SharedMixture mixture(x, shapes_of(bands), setting());
  int covered = 0;
  int all = 0;
  for (std::uint64_t seed = 0; seed < 60; ++seed) {
    const auto y = spectrum({}, 3, 100 + seed);
    auto loaded = mixture.load(y, 3);
    const auto result = mixture.fit(loaded, all_shared(bands), 2, {.rounds = 4});
    for (std::size_t b = 0; b < bands.size(); ++b) {
      const double z =
          (result.bands[b].height - SharedTruth{}.heights[b]) / result.bands[b].height_u;
      covered += std::abs(z) < 1.96 ? 1 : 0;
      ++all;
    }
  }
  EXPECT_GE(covered, all * 9 / 10);
}

TEST(SharedMixture, RefusesWhatCannotBe) {
  const auto x = axis();
  const auto bands = table();
  auto without_noise = setting();
  without_noise.noise.pop_back();
  EXPECT_THROW(SharedMixture(x, shapes_of(bands), without_noise), Error);
  auto without_stiffness = setting();
  without_stiffness.stiffness = 0;
  EXPECT_THROW(SharedMixture(x, shapes_of(bands), without_stiffness), Error);
  const SharedMixture mixture(x, shapes_of(bands), setting());
  EXPECT_THROW(static_cast<void>(mixture.load(std::vector<double>(10), 1)), Error);
  EXPECT_THROW(static_cast<void>(mixture.load(std::vector<double>(x.size()), 0)), Error);
  auto y = spectrum({}, 1, 1);
  y[30] = std::numeric_limits<double>::quiet_NaN();
  auto loaded = mixture.load(y, 1);
  EXPECT_EQ(mixture.fit(loaded, all_shared(bands), 2, {.rounds = 4}).status,
            MixtureStatus::not_finite);
}

}  // namespace
}  // namespace calcispec
