// Simulated mixtures with known shares: do the intervals cover the truth, is nothing named that is
// not there, is nothing flagged as unexplained that belongs to a reference?
#include "models/composition.hpp"
#include "tests/support/simulate.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <cstdlib>
#include <map>
#include <random>
#include <string>

namespace calcispec::models {
namespace {

// CALCISPEC_TRUTH_SPECTRA=1000 for figures; the default keeps the fast set fast.
int spectra_per_regime() {
  // NOLINTNEXTLINE(concurrency-mt-unsafe): one thread reads it
  const char* text = std::getenv("CALCISPEC_TRUTH_SPECTRA");
  return text == nullptr ? 15 : std::max(1, std::atoi(text));
}

struct Regime {
  const char* name;
  Technique technique;
  double snr;
  double fluorescence;
  double shift_sd;
  SamplingMode mode = SamplingMode::none;
  bool is_mode_told = true;
};

struct Tally {
  int spectra = 0;
  int intervals = 0;
  int covered = 0;
  double width = 0;
  double error = 0;
  int false_names = 0;  // spectra in which something is named that is not there
  int false_flags = 0;
  int answered = 0;
  int missed = 0;  // present above 5 % and not named
  int present = 0;
  std::map<std::string, int> falsely;
};

// The simulator's word for what a composition names.
std::string substance_of(const std::string& phase) {
  static const std::map<std::string, std::string> words{
      {"hydroxyapatite",         "apatite" },
      {"carbonated_apatite_A",   "apatite" },
      {"carbonated_apatite_B",   "apatite" },
      {"fluorapatite",           "apatite" },
      {"carbonate_fluorapatite", "apatite" },
      {"chlorapatite",           "apatite" },
      {"collagen_I",             "collagen"}
  };
  const auto found = words.find(phase);
  return found == words.end() ? phase : found->second;
}

std::map<std::string, Estimate> named_shares(const Composition& composition) {
  std::map<std::string, Estimate> named;
  for (const auto& group : composition.groups) {
    if (group.status == PhaseStatus::quantified) {
      named[substance_of(group.members.front())] = group.share;
    }
  }
  for (const auto* list : {&composition.phases, &composition.matrix}) {
    for (const auto& entry : *list) {
      if (entry.status == PhaseStatus::quantified && std::isfinite(entry.share.value)) {
        named[substance_of(entry.phase)] = entry.share;
      }
    }
  }
  return named;
}

void count(const test::SimulatedSpectrum& spectrum, const Composition& composition, Tally& tally) {
  const auto named = named_shares(composition);
  const auto& truths = spectrum.truth.shares;
  ++tally.spectra;
  tally.false_flags += composition.unexplained_flag ? 1 : 0;
  tally.answered += composition.total.status == EstimateStatus::ok ? 1 : 0;
  bool is_false = false;
  for (const auto& [name, share] : named) {
    const auto truth = truths.find(name);
    if (truth == truths.end()) {
      is_false = true;
      ++tally.falsely[name];
      continue;
    }
    const double value = truth->second;
    ++tally.intervals;
    tally.covered += value >= share.lo95 && value <= share.hi95 ? 1 : 0;
    tally.width += share.hi95 - share.lo95;
    tally.error += std::abs(share.value - value);
  }
  tally.false_names += is_false ? 1 : 0;
  for (const auto& [name, share] : truths) {
    if (share > 0.05) {
      ++tally.present;
      tally.missed += named.count(name) == 0 ? 1 : 0;
    }
  }
}

test::SimulatedSpectrum simulate_composition_truth(const Regime& regime,
                                                   const test::SimulatedSample& sample,
                                                   const test::SimulatedConditions& conditions) {
  switch (regime.mode) {
    case SamplingMode::transmission:
      return test::simulate_ftir(sample, conditions);
    case SamplingMode::atr:
      return test::simulate_atr(sample, conditions);
    default:
      return test::simulate_raman(sample, conditions);
  }
}

Tally run(const Regime& regime, const ReferenceLibrary& library) {
  std::mt19937_64 random(20);
  std::uniform_real_distribution<double> uniform;
  std::normal_distribution<double> normal;
  Tally tally;
  const bool is_raman = regime.technique == Technique::raman;
  for (int i = 0; i < spectra_per_regime(); ++i) {
    test::SimulatedSample sample;
    sample.apatite = 1;
    sample.carbonate = 0.05 + 0.2 * uniform(random);
    sample.collagen = uniform(random) < 0.7 ? 0.1 + 0.5 * uniform(random) : 0;
    sample.calcite = uniform(random) < 0.3 ? 0.05 + 0.4 * uniform(random) : 0;
    sample.whewellite = is_raman && uniform(random) < 0.3 ? 0.05 + 0.4 * uniform(random) : 0;
    test::SimulatedConditions conditions;
    conditions.snr = regime.snr;
    conditions.fluorescence = regime.fluorescence;
    conditions.shift_cm1 = std::clamp(regime.shift_sd * normal(random), -2.5, 2.5);
    conditions.seed = 1000 + static_cast<std::uint64_t>(i);
    const auto spectrum = simulate_composition_truth(regime, sample, conditions);
    const auto axis =
        Axis::make(spectrum.x, is_raman ? AxisKind::raman_shift : AxisKind::wavenumber, "1/cm");
    const auto told = regime.is_mode_told ? regime.mode : SamplingMode::unknown;
    const auto composition =
        estimate_composition({*axis, spectrum.y, regime.technique, told}, library, {});
    count(spectrum, composition, tally);
  }
  return tally;
}

void print(const Regime& regime, const Tally& tally) {
  const auto part = [](int a, int b) { return 100.0 * a / std::max(1, b); };
  std::printf(
      "%-28s covered %5.1f %% of %4d, mean width %.3f, mean error %.3f, false names in %4.1f %%, "
      "flags in %4.1f %%, above 5 %% and not named %4.1f %%",
      regime.name,
      part(tally.covered, tally.intervals),
      tally.intervals,
      tally.width / std::max(1, tally.intervals),
      tally.error / std::max(1, tally.intervals),
      part(tally.false_names, tally.spectra),
      part(tally.false_flags, tally.spectra),
      part(tally.missed, tally.present));
  for (const auto& [name, times] : tally.falsely) {
    std::printf("; %s %d", name.c_str(), times);
  }
  std::printf("\n");
}

TEST(CompositionTruth, SharesNamesAndFlags) {
  const auto library = builtin_library();
  const auto none = SamplingMode::none;
  const auto transmission = SamplingMode::transmission;
  const Regime regimes[] = {
      {"Raman, SNR 200, fluorescence 0.5", Technique::raman, 200,  0.5, 0.3, none        },
      {"Raman, SNR 50, fluorescence 2",    Technique::raman, 50,   2,   0.7, none        },
      {"Raman, SNR 20, fluorescence 5",    Technique::raman, 20,   5,   1,   none        },
      {"FT-IR, SNR 1000",                  Technique::ftir,  1000, 0.1, 0.3, transmission},
      {"FT-IR, SNR 200",                   Technique::ftir,  200,  0.1, 0.7, transmission},
  };
  int intervals = 0;
  int covered = 0;
  int spectra = 0;
  int false_names = 0;
  int false_flags = 0;
  for (const auto& regime : regimes) {
    const auto tally = run(regime, library);
    print(regime, tally);
    intervals += tally.intervals;
    covered += tally.covered;
    spectra += tally.spectra;
    false_names += tally.false_names;
    false_flags += tally.false_flags;
  }
  EXPECT_GE(covered, 0.85 * intervals);
  EXPECT_LE(false_names, 0.03 * spectra);
  EXPECT_LE(false_flags, 0.05 * spectra);
}

// Nobody says whether they are transmission or ATR spectra: what is answered must hold.
TEST(CompositionTruth, UnknownSamplingModeNamesNothingFalse) {
  const auto library = builtin_library();
  for (const auto mode : {SamplingMode::transmission, SamplingMode::atr}) {
    const Regime regime{mode == SamplingMode::atr ? "ATR, mode not told" : "FT-IR, mode not told",
                        Technique::ftir,
                        500,
                        0.1,
                        0.5,
                        mode,
                        false};
    const auto tally = run(regime, library);
    print(regime, tally);
    std::printf("  answered %d of %d\n", tally.answered, tally.spectra);
    EXPECT_GE(tally.covered, 0.85 * tally.intervals);
    EXPECT_LE(tally.false_names, 0.07 * tally.spectra);
    EXPECT_GE(tally.answered, 0.5 * tally.spectra);
  }
}

// Spectra of which nothing is in the tables: how many get a name?
int count_named(double unknown, const ReferenceLibrary& library) {
  int named = 0;
  for (int i = 0; i < spectra_per_regime(); ++i) {
    test::SimulatedSample sample;
    sample.unknown = unknown;
    test::SimulatedConditions conditions;
    conditions.snr = 50;
    conditions.fluorescence = 5;
    conditions.seed = static_cast<std::uint64_t>(i);
    const auto spectrum = test::simulate_raman(sample, conditions);
    const auto axis = Axis::make(spectrum.x, AxisKind::raman_shift, "1/cm");
    const auto composition = estimate_composition(
        {*axis, spectrum.y, Technique::raman, SamplingMode::none}, library, {});
    const auto names = named_shares(composition);
    named += names.empty() ? 0 : 1;
    for (const auto& [name, share] : names) {
      std::printf("  %s %.2f\n", name.c_str(), share.value);
    }
  }
  return named;
}

TEST(CompositionTruth, NothingInTheTablesGetsNoName) {
  const auto library = builtin_library();
  const int background = count_named(0, library);
  const int unknown = count_named(1, library);
  std::printf("named: background alone %d, unknown substance alone %d of %d\n",
              background,
              unknown,
              spectra_per_regime());
  EXPECT_LE(background, 0.01 * spectra_per_regime());
  EXPECT_LE(unknown, 0.07 * spectra_per_regime());
}

}  // namespace
}  // namespace calcispec::models
