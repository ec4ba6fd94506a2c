// A simulated map estimated with what its spectra have in common, against the truth and against
// every spectrum estimated alone. Prints its figures.
#include "models/map_composition.hpp"

#include "core/parallel.hpp"
#include "tests/support/simulate_mixture.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <map>
#include <random>

namespace calcispec {
namespace {

struct SimulatedMap {
  AxisPtr axis;
  std::vector<std::vector<double>> spectra;
  std::vector<test::MixtureTruth> truth;
  Technique technique = Technique::raman;
  SamplingMode mode = SamplingMode::none;
};

// Apatite and collagen everywhere, brushite in patches, whewellite in one spectrum of forty.
test::Mixture mixture_at(Index place, std::mt19937_64& random) {
  std::uniform_real_distribution<double> uniform;
  test::Mixture mixture;
  const double mineral = 0.1 + 0.8 * uniform(random);
  mixture.weights["apatite"] = mineral;
  mixture.weights["collagen_I"] = 1 - mineral;
  const auto add = [&](const char* name, double part) {
    for (auto& [substance, weight] : mixture.weights) {
      weight *= 1 - part;
    }
    mixture.weights[name] = part;
  };
  if (place % 8 == 3) {
    add("brushite", 0.1 + 0.4 * uniform(random));
  }
  if (place % 40 == 21) {
    add("whewellite", 0.2 + 0.3 * uniform(random));
  }
  mixture.order_width = 11 + 8 * uniform(random);
  mixture.carbonate_wt = 3 + 6 * uniform(random);
  return mixture;
}

SimulatedMap simulate_map(bool is_raman,
                          Index count,
                          std::uint64_t seed,
                          double height_spread = 0.2) {
  SimulatedMap out;
  out.technique = is_raman ? Technique::raman : Technique::ftir;
  out.mode = is_raman ? SamplingMode::none : SamplingMode::transmission;
  test::Laboratory laboratory;
  laboratory.seed = seed;
  laboratory.is_raman = is_raman;
  laboratory.height_spread = height_spread;
  for (Index i = 0; i < count; ++i) {
    std::mt19937_64 random(1000 * seed + static_cast<std::uint64_t>(i));
    std::uniform_real_distribution<double> uniform;
    const auto mixture = mixture_at(i, random);
    test::Measurement how;
    how.seed = 77 * seed + static_cast<std::uint64_t>(i);
    how.snr = 40 + 80 * uniform(random);
    how.fluorescence = 0.2 + uniform(random);
    how.shift_cm1 = 0.5;
    auto measured = test::measure(mixture, laboratory, how);
    if (!out.axis) {
      out.axis =
          Axis::make(measured.x, is_raman ? AxisKind::raman_shift : AxisKind::wavenumber, "1/cm");
    }
    out.spectra.push_back(std::move(measured.y));
    out.truth.push_back(std::move(measured.truth));
  }
  return out;
}

const models::ReferenceLibrary& library() {
  static const auto table = models::builtin_library();
  return table;
}

models::MapComposer composer_of(const SimulatedMap& map, Index jobs) {
  std::vector<std::vector<double>> samples;
  for (const Index i : models::diverse_samples(map.spectra, 8)) {
    samples.push_back(map.spectra[static_cast<std::size_t>(i)]);
  }
  return {map.axis, samples, map.technique, map.mode, library(), {}, jobs};
}

struct MapSums {
  double squares = 0;
  Index covered = 0;
  Index count = 0;
  Index named = 0;  // where it is
  Index there = 0;
  Index false_names = 0;
};

const Estimate* share_of(const models::Composition& composition, const std::string& substance) {
  for (const auto& group : composition.groups) {
    if (group.name.find(substance) != std::string::npos &&
        group.status == models::PhaseStatus::quantified) {
      return &group.share;
    }
  }
  for (const auto* list : {&composition.phases, &composition.matrix}) {
    for (const auto& phase : *list) {
      if (phase.phase.find(substance) != std::string::npos &&
          phase.status == models::PhaseStatus::quantified) {
        return &phase.share;
      }
    }
  }
  return nullptr;
}

double truth_of(const test::MixtureTruth& truth, const std::string& substance) {
  for (const auto& [name, share] : truth.shares) {
    if (name.find(substance) != std::string::npos) {
      return share;
    }
  }
  return 0;
}

void count(const models::Composition& composition,
           const test::MixtureTruth& truth,
           std::map<std::string, MapSums>& sums) {
  for (const auto* substance : {"apatite", "collagen", "brushite", "whewellite"}) {
    auto& own = sums[substance];
    const double there = truth_of(truth, substance);
    const auto* share = share_of(composition, substance);
    own.there += there > 0.08 ? 1 : 0;
    own.named += there > 0.08 && share != nullptr ? 1 : 0;
    own.false_names += there == 0 && share != nullptr ? 1 : 0;
    if (share != nullptr && there > 0) {
      own.squares += std::pow(share->value - there, 2);
      own.covered += share->lo95 <= there && there <= share->hi95 ? 1 : 0;
      ++own.count;
    }
  }
}

void print(const char* name, std::map<std::string, MapSums>& sums) {
  for (const auto& [substance, own] : sums) {
    std::printf(
        "%-18s %-11s RMSE %.3f, covered %5.1f %% of %3td, named %3td of %3td, falsely %td\n",
        name,
        substance.c_str(),
        std::sqrt(own.squares / static_cast<double>(std::max<Index>(1, own.count))),
        100.0 * static_cast<double>(own.covered) /
            static_cast<double>(std::max<Index>(1, own.count)),
        own.count,
        own.named,
        own.there,
        own.false_names);
  }
}

class MapComposition : public testing::TestWithParam<bool> {};

TEST_P(MapComposition, IsAsGoodAsEverySpectrumAlone) {
  const auto map = simulate_map(GetParam(), 160, 5);
  const auto composer = composer_of(map, 0);
  ASSERT_TRUE(composer.has_learnt());
  const auto rows = static_cast<Index>(map.spectra.size());
  std::vector<models::Composition> together(map.spectra.size());
  std::vector<models::Composition> alone(map.spectra.size());
  parallel_for(rows, 0, [&](Index i) {
    const auto at = static_cast<std::size_t>(i);
    together[at] = composer.estimate(map.spectra[at]);
    const models::CompositionInput input{*map.axis, map.spectra[at], map.technique, map.mode};
    alone[at] = models::estimate_composition(input, library(), {});
  });
  std::map<std::string, MapSums> sums_together;
  std::map<std::string, MapSums> sums_alone;
  for (std::size_t i = 0; i < map.spectra.size(); ++i) {
    count(together[i], map.truth[i], sums_together);
    count(alone[i], map.truth[i], sums_alone);
  }
  print(GetParam() ? "Raman together" : "FT-IR together", sums_together);
  print(GetParam() ? "Raman alone" : "FT-IR alone", sums_alone);
  for (const auto* substance : {"apatite", "collagen"}) {
    const auto& own = sums_together[substance];
    EXPECT_GE(own.covered, own.count * 92 / 100) << substance;
    EXPECT_LT(own.squares / static_cast<double>(own.count), 0.02 * 0.02) << substance;
    EXPECT_GE(own.named, own.there * 95 / 100) << substance;
    EXPECT_LT(
        own.squares / static_cast<double>(own.count),
        1.6 * sums_alone[substance].squares / static_cast<double>(sums_alone[substance].count) +
            2e-4)
        << substance;
  }
  EXPECT_EQ(sums_together["whewellite"].named, sums_together["whewellite"].there);
  EXPECT_LE(sums_together["whewellite"].false_names, sums_alone["whewellite"].false_names + 2);
  EXPECT_LE(sums_together["brushite"].false_names, sums_alone["brushite"].false_names + 2);
}

TEST_P(MapComposition, DependsOnTheSpectrumAndTheSamplesAlone) {
  const auto map = simulate_map(GetParam(), 40, 9);
  const auto one = composer_of(map, 1);
  const auto two = composer_of(map, 2);
  EXPECT_EQ(one.phases(), two.phases());
  for (const std::size_t i : {std::size_t{30}, std::size_t{3}, std::size_t{30}}) {
    const auto a = one.estimate(map.spectra[i]);
    const auto b = two.estimate(map.spectra[i]);
    ASSERT_EQ(a.bands.size(), b.bands.size());
    for (std::size_t k = 0; k < a.bands.size(); ++k) {
      EXPECT_EQ(a.bands[k].height, b.bands[k].height);
      EXPECT_EQ(a.bands[k].area_u, b.bands[k].area_u);
    }
  }
}

// Named, and neither in the truth nor of the family of what is.
Index names_of_absent(const models::Composition& composition, const test::MixtureTruth& truth) {
  Index count = 0;
  for (const auto* list : {&composition.phases, &composition.matrix}) {
    count += std::count_if(list->begin(), list->end(), [&](const models::PhaseShare& phase) {
      const bool is_there = std::any_of(truth.shares.begin(), truth.shares.end(), [&](auto& row) {
        const auto family = row.first.substr(0, row.first.find('_'));
        return row.second > 0 && phase.phase.find(family) != std::string::npos;
      });
      return phase.status == models::PhaseStatus::quantified && !is_there;
    });
  }
  return count;
}

// Bands of a laboratory differ from the tables by 0.35, the same in all of its spectra: what its
// samples did not show of them must stand in every interval.
TEST_P(MapComposition, CoversWhatLaboratoriesDifferBy) {
  constexpr Index spectra = 96;
  constexpr std::uint64_t first = 100;
  constexpr std::uint64_t end = 108;
  std::map<std::string, MapSums> sums;
  Index false_names = 0;
  for (std::uint64_t seed = first; seed < end; ++seed) {
    const auto map = simulate_map(GetParam(), spectra, seed, 0.35);
    const auto composer = composer_of(map, 0);
    ASSERT_TRUE(composer.has_learnt());
    std::vector<models::Composition> found(map.spectra.size());
    parallel_for(spectra, 0, [&](Index i) {
      const auto at = static_cast<std::size_t>(i);
      found[at] = composer.estimate(map.spectra[at]);
    });
    for (std::size_t i = 0; i < found.size(); ++i) {
      count(found[i], map.truth[i], sums);
      false_names += names_of_absent(found[i], map.truth[i]);
    }
  }
  print(GetParam() ? "Raman laboratories" : "FT-IR laboratories", sums);
  std::printf(
      "false names in %td spectra: %td\n", spectra * static_cast<Index>(end - first), false_names);
  for (const auto* substance : {"apatite", "collagen", "brushite", "whewellite"}) {
    const auto& own = sums[substance];
    EXPECT_GE(own.covered, own.count * 90 / 100) << substance;
    EXPECT_GE(own.named, own.there * 96 / 100) << substance;
    EXPECT_EQ(own.false_names, 0) << substance;
  }
  EXPECT_LE(false_names, 25);
}

INSTANTIATE_TEST_SUITE_P(Techniques, MapComposition, testing::Bool(), [](const auto& row) {
  return row.param ? "raman" : "ftir";
});

TEST(MapComposer, FindsAPhaseThatNoSampleHolds) {
  const auto map = simulate_map(true, 40, 2);
  const auto composer = composer_of(map, 0);
  test::Mixture calcite;
  calcite.weights = {
      {"apatite",    0.4},
      {"collagen_I", 0.2},
      {"calcite",    0.4}
  };
  test::Laboratory laboratory;
  laboratory.seed = 2;
  test::Measurement how;
  how.shift_cm1 = 0.5;
  const auto measured = test::measure(calcite, laboratory, how);
  const auto composition = composer.estimate(measured.y);
  const auto* share = share_of(composition, "calcite");
  ASSERT_NE(share, nullptr);
  EXPECT_NEAR(share->value, truth_of(measured.truth, "calcite"), 0.05);
  const auto* collagen = share_of(composition, "collagen");
  ASSERT_NE(collagen, nullptr);
  EXPECT_NEAR(collagen->value, truth_of(measured.truth, "collagen"), 0.05);
}

TEST(MapComposer, SaysWhyASpectrumGivesNothing) {
  const auto map = simulate_map(true, 30, 3);
  const auto composer = composer_of(map, 0);
  auto y = map.spectra[0];
  y[100] = std::nan("");
  EXPECT_FALSE(composer.estimate(y).total.reason.empty());
  const std::vector<double> flat(y.size(), 3.0);
  EXPECT_FALSE(composer.estimate(flat).total.reason.empty());
  std::mt19937_64 random(1);
  std::normal_distribution<double> normal;
  std::vector<double> noise(y.size());
  for (double& value : noise) {
    value = 100 + normal(random);
  }
  const auto nothing = composer.estimate(noise);
  for (const auto& phase : nothing.phases) {
    EXPECT_NE(phase.status, models::PhaseStatus::quantified) << phase.phase;
  }
}

TEST(MapComposer, LearnsNothingFromNoise) {
  std::mt19937_64 random(4);
  std::normal_distribution<double> normal;
  const auto map = simulate_map(true, 1, 3);
  std::vector<std::vector<double>> samples(4, std::vector<double>(map.spectra[0].size()));
  for (auto& y : samples) {
    for (double& value : y) {
      value = normal(random);
    }
  }
  const models::MapComposer composer(map.axis, samples, map.technique, map.mode, library(), {}, 1);
  EXPECT_FALSE(composer.has_learnt());
  EXPECT_FALSE(composer.estimate(map.spectra[0]).phases.empty());
}

}  // namespace
}  // namespace calcispec
