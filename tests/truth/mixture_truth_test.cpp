// Weighed mixtures of up to eight substances, measured by a simulated laboratory whose bands differ
// from the tables, or from lists that hold other bands than the tables: error, coverage, false
// names and unknown substances per regime. Prints the rows of docs/validation.md; the bounds are
// what holds, with room for the scatter of the numbers.
#include "core/parallel.hpp"
#include "models/marker.hpp"
#include "models/quality.hpp"
#include "models/weight_fractions.hpp"
#include "tests/support/simulate_mixture.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <array>
#include <cmath>
#include <cstdio>
#include <map>
#include <random>
#include <string>
#include <vector>

namespace calcispec {
namespace {

constexpr Index mixture_truth_spectra_per_regime = 60;
constexpr Index laboratories = 12;
constexpr Index spectra_per_laboratory = 5;

struct MixtureTruthBounds {
  double share_error;
  double share_coverage;
  double marker_coverage;  // of the ratio and, in Raman spectra, of the width
  double weight_error;
  double weight_coverage;
  double false_names;  // part of the absent phases
  double flagged;      // part of the unknown substances
  double missed;       // part of the substances of 5 % of the signal or more
  double false_flags;  // part of the spectra without an unknown substance
};

struct Disturbance {
  double snr;
  double background;
  double shift_sd;
  double vapour;
  double stray_light;
};

struct MixtureTruthRegime {
  std::string name;
  bool is_raman;
  Disturbance how;
  bool is_crowded;  // several minor phases at once, at any amount; else one at most
  MixtureTruthBounds bounds;
  bool has_table_lines = false;  // see Laboratory
};

// The name is gtest's.
// NOLINTNEXTLINE(readability-identifier-naming)
void PrintTo(const MixtureTruthRegime& regime, std::ostream* out) {
  *out << regime.name;
}

const std::vector<std::string>& minors(bool is_raman) {
  static const std::vector<std::string> raman{"octacalcium_phosphate",
                                              "amorphous_calcium_phosphate",
                                              "mg_whitlockite",
                                              "brushite",
                                              "calcite",
                                              "whewellite"};
  static const std::vector<std::string> infrared{"octacalcium_phosphate", "brushite", "calcite"};
  return is_raman ? raman : infrared;
}

// Spectra in a row come from the same laboratory.
test::Laboratory laboratory_of(const MixtureTruthRegime& regime, Index item) {
  test::Laboratory out;
  out.seed = 20 + static_cast<std::uint64_t>(item / spectra_per_laboratory % laboratories);
  out.is_raman = regime.is_raman;
  out.has_table_lines = regime.has_table_lines;
  return out;
}

// Always apatite and collagen, the unlisted in a fifth; crowded: each other phase in a third of the
// spectra, else one of them in half of the spectra.
test::Mixture random_mixture(const MixtureTruthRegime& regime, std::mt19937_64& random) {
  std::uniform_real_distribution<double> uniform;
  test::Mixture out;
  out.weights["apatite"] = 0.4 + 0.6 * uniform(random);
  out.weights["collagen_I"] = 0.6 * uniform(random);
  const auto& names = minors(regime.is_raman);
  const auto only =
      static_cast<std::size_t>(2 * uniform(random) * static_cast<double>(names.size()));
  for (std::size_t k = 0; k < names.size(); ++k) {
    const double amount = 0.05 + 0.3 * uniform(random);
    const bool is_in = regime.is_crowded ? uniform(random) < 0.3 : k == only;
    out.weights[names[k]] = is_in ? amount : 0;
  }
  const double unknown = 0.1 + 0.2 * uniform(random);
  out.weights["unlisted"] = uniform(random) < 0.2 ? unknown : 0;
  double sum = 0;
  for (const auto& [name, weight] : out.weights) {
    sum += weight;
  }
  for (auto& [name, weight] : out.weights) {
    weight /= sum;
  }
  out.carbonate_wt = 2 + 8 * uniform(random);
  out.order_width = 9 + 9 * uniform(random);
  return out;
}

struct Case {
  test::Mixture mixture;
  test::MeasuredMixture measured;
};

Case make_case(const MixtureTruthRegime& regime, Index item) {
  std::mt19937_64 random(4000 + static_cast<std::uint64_t>(item));
  std::normal_distribution<double> normal;
  Case out;
  out.mixture = random_mixture(regime, random);
  test::Measurement how;
  how.seed = 700 + static_cast<std::uint64_t>(item);
  how.snr = regime.how.snr;
  how.fluorescence = regime.how.background;
  how.shift_cm1 = std::clamp(regime.how.shift_sd * normal(random), -2.5, 2.5);
  how.vapour = regime.how.vapour * normal(random);
  how.stray_light = regime.how.stray_light;
  out.measured = test::measure(out.mixture, laboratory_of(regime, item), how);
  return out;
}

// What the laboratory learns from weighed standards whose shares it knows without error: its
// responses, and how far apatites of other order and carbonate content stray from them.
models::ResponseCalibration responses_of(MixtureTruthRegime regime, Index item) {
  constexpr int standards = 40;
  regime.is_crowded = true;
  std::vector<std::string> names = minors(regime.is_raman);
  names.insert(names.begin(), {"apatite", "collagen_I"});
  std::vector<models::Standard> known;
  for (int k = 0; k < standards; ++k) {
    std::mt19937_64 random(9000 + static_cast<std::uint64_t>(k));
    auto mixture = random_mixture(regime, random);
    const double rest = 1 - mixture.weights["unlisted"];
    mixture.weights["unlisted"] = 0;
    const auto measured = test::measure(mixture, laboratory_of(regime, item), {});
    models::Standard standard;
    for (const auto& name : names) {
      standard.fit.ids.push_back(name == "apatite" ? "hydroxyapatite" : name);
      const auto share = measured.truth.shares.find(name);
      standard.fit.amounts.push_back(share == measured.truth.shares.end() ? 0 : share->second);
      const auto shape = measured.truth.height_per_area.find(name);
      standard.fit.height_per_area.push_back(
          shape == measured.truth.height_per_area.end() ? 1 : shape->second);
      standard.fractions.push_back(mixture.weights[name] / rest);
    }
    standard.fit.areas.assign(names.size(), 1.0);
    standard.fit.height_per_area_u.assign(names.size(), 0.0);
    standard.fit.covariance.assign(names.size() * names.size(), 0.0);
    known.push_back(std::move(standard));
  }
  auto out = models::learn_response(known).calibration;
  out.id = "generator";
  out.technique = regime.is_raman ? Technique::raman : Technique::ftir;
  out.mode = regime.is_raman ? SamplingMode::none : SamplingMode::transmission;
  return out;
}

std::string mixture_truth_substance_of(const std::string& id) {
  if (id.find("apatite") != std::string::npos) {
    return "apatite";
  }
  return id == "protein" || id == "keratin" || id == "elastin" ? "collagen_I" : id;
}

struct Found {
  std::string substance;
  Estimate share;
};

bool is_gas_mixture_truth(const Found& found) {
  return found.substance == "h2o_vapour" || found.substance == "co2_gas";
}

// Everything that is named.
std::vector<Found> named_in(const models::Composition& composition) {
  std::vector<Found> out;
  for (const auto& group : composition.groups) {
    if (group.status == models::PhaseStatus::quantified) {
      out.push_back({mixture_truth_substance_of(group.name), group.share});
    }
  }
  for (const auto* list : {&composition.phases, &composition.matrix}) {
    for (const auto& entry : *list) {
      if (entry.status == models::PhaseStatus::quantified) {
        out.push_back({mixture_truth_substance_of(entry.phase), entry.share});
      }
    }
  }
  return out;
}

struct MixtureTruthTally {
  Index answers = 0;
  Index covered = 0;
  double square = 0;
  std::vector<double> widths;

  void add(double truth, const Estimate& estimate) {
    if (!std::isfinite(truth) || !std::isfinite(estimate.value) || !std::isfinite(estimate.lo95)) {
      return;
    }
    ++answers;
    covered += estimate.lo95 <= truth && truth <= estimate.hi95 ? 1 : 0;
    square += (estimate.value - truth) * (estimate.value - truth);
    widths.push_back(estimate.hi95 - estimate.lo95);
  }
  [[nodiscard]] double error() const {
    return std::sqrt(square / static_cast<double>(std::max<Index>(1, answers)));
  }
  [[nodiscard]] double coverage() const {
    return static_cast<double>(covered) / static_cast<double>(std::max<Index>(1, answers));
  }
  void print(const std::string& regime, const char* what) {
    std::sort(widths.begin(), widths.end());
    std::printf("%-20s %-12s %4lld answers, RMSE %.4f, covered %5.1f %%, median width %.4f\n",
                regime.c_str(),
                what,
                static_cast<long long>(answers),
                error(),
                100 * coverage(),
                widths.empty() ? 0 : widths[widths.size() / 2]);
  }
};

struct Sums {
  MixtureTruthTally shares;
  MixtureTruthTally weights;
  MixtureTruthTally ratio;
  MixtureTruthTally width;
  double square_of_all = 0;  // of weights: every substance of every spectrum, 0 without a name
  Index substances = 0;
  Index absent = 0;
  Index false_names = 0;
  Index missed = 0;   // substances of 5 % of the signal or more without a name
  Index present = 0;  // of 5 % or more
  Index unknown = 0;
  Index flagged = 0;
  Index clean = 0;
  Index false_flags = 0;
};

double weight_of(const test::Mixture& mixture, const std::string& name) {
  const auto found = mixture.weights.find(name);
  return found == mixture.weights.end() ? 0 : found->second;
}

// A weight fraction is a part of what is named.
double weight_of_all(const test::Mixture& mixture, const std::vector<Found>& named) {
  double sum = 0;
  for (const auto& row : named) {
    sum += weight_of(mixture, row.substance);
  }
  return sum;
}

// As a plain fit of all phases is judged: what carries no name counts with 0. Against all that the
// tables know.
void count_all(const Case& truth, const std::vector<Found>& weighed, Sums& sums) {
  const double known = 1 - weight_of(truth.mixture, "unlisted");
  for (const auto& [name, weight] : truth.mixture.weights) {
    if (name == "unlisted") {
      continue;
    }
    double found = 0;
    for (const auto& row : weighed) {
      found += row.substance == name ? row.share.value : 0;
    }
    sums.square_of_all += std::pow(found - weight / known, 2);
    ++sums.substances;
  }
}

void count_names(const Case& truth, const std::vector<Found>& named, Sums& sums) {
  const auto is_named = [&](const std::string& substance) {
    return std::any_of(
        named.begin(), named.end(), [&](const auto& row) { return row.substance == substance; });
  };
  for (const auto& [name, weight] : truth.mixture.weights) {
    if (name == "unlisted") {
      continue;
    }
    sums.absent += weight == 0 ? 1 : 0;
    const auto share = truth.measured.truth.shares.find(name);
    if (weight > 0 && share->second > 0.05) {
      ++sums.present;
      sums.missed += is_named(name) ? 0 : 1;
    }
  }
  // What the generator does not know can only be wrong.
  for (const auto& row : named) {
    const auto found = truth.mixture.weights.find(row.substance);
    sums.false_names +=
        !is_gas_mixture_truth(row) && (found == truth.mixture.weights.end() || found->second == 0);
  }
}

void count(const Case& truth,
           const models::Composition& shares,
           const models::Composition& weights,
           const std::vector<models::Marker>& markers,
           Sums& sums) {
  const auto named = named_in(shares);
  count_names(truth, named, sums);
  for (const auto& row : named) {
    if (is_gas_mixture_truth(row)) {
      continue;  // in the beam, not in the specimen
    }
    const auto found = truth.measured.truth.shares.find(row.substance);
    sums.shares.add(found == truth.measured.truth.shares.end() ? 0 : found->second, row.share);
  }
  const bool has_unknown = truth.mixture.weights.at("unlisted") > 0;
  if (has_unknown && truth.measured.truth.shares.at("unlisted") > 0.05) {
    ++sums.unknown;
    sums.flagged += shares.unexplained_flag ? 1 : 0;
  } else if (!has_unknown) {
    ++sums.clean;
    sums.false_flags += shares.unexplained_flag ? 1 : 0;
  }
  if (weights.basis == models::CompositionBasis::weight_fraction) {
    const auto weighed = named_in(weights);
    count_all(truth, weighed, sums);
    const double all = weight_of_all(truth.mixture, weighed);
    for (const auto& row : weighed) {
      const double own = weight_of(truth.mixture, row.substance);
      sums.weights.add(all > 0 ? own / all : 0, row.share);
    }
  }
  for (const auto& marker : markers) {
    if (marker.id == "carbonate_phosphate_ratio") {
      sums.ratio.add(truth.measured.truth.carbonate_phosphate_ratio, marker.value);
    } else if (marker.id == "nu1_width") {
      sums.width.add(truth.measured.truth.nu1_width, marker.value);
    }
  }
}

struct MixtureTruthAnswer {
  Case truth;
  models::Composition shares;
  models::Composition weights;
  std::vector<models::Marker> markers;
};

MixtureTruthAnswer answer_of(const MixtureTruthRegime& regime,
                             Index item,
                             const models::ReferenceLibrary& library,
                             const models::ResponseCalibration& responses) {
  MixtureTruthAnswer out;
  out.truth = make_case(regime, item);
  const auto axis = Axis::make(
      out.truth.measured.x, regime.is_raman ? AxisKind::raman_shift : AxisKind::wavenumber, "1/cm");
  const models::CompositionInput input{
      *axis, out.truth.measured.y, responses.technique, responses.mode};
  out.shares = models::estimate_composition(input, library, {});
  out.markers = models::evaluate_markers(input, out.shares);
  out.weights = out.shares;
  models::weigh(responses, out.weights);
  return out;
}

class MixtureTruth : public ::testing::TestWithParam<MixtureTruthRegime> {};

TEST_P(MixtureTruth, IsFoundAndCovered) {
  const auto& regime = GetParam();
  const auto library = models::builtin_library();
  std::vector<models::ResponseCalibration> responses(laboratories);
  parallel_for(laboratories, 0, [&](Index laboratory) {
    responses[static_cast<std::size_t>(laboratory)] =
        responses_of(regime, laboratory * spectra_per_laboratory);
  });
  std::vector<MixtureTruthAnswer> answers(mixture_truth_spectra_per_regime);
  parallel_for(mixture_truth_spectra_per_regime, 0, [&](Index item) {
    const auto laboratory = static_cast<std::size_t>(item / spectra_per_laboratory % laboratories);
    answers[static_cast<std::size_t>(item)] =
        answer_of(regime, item, library, responses[laboratory]);
  });
  Sums sums;
  for (const auto& answer : answers) {
    count(answer.truth, answer.shares, answer.weights, answer.markers, sums);
  }
  sums.shares.print(regime.name, "shares");
  sums.weights.print(regime.name, "weights");
  sums.ratio.print(regime.name, "CO3/PO4");
  sums.width.print(regime.name, "nu1 width");
  const double all = std::sqrt(sums.square_of_all / static_cast<double>(sums.substances));
  std::printf("%-20s weights over %lld substances, 0 without a name: RMSE %.4f\n",
              regime.name.c_str(),
              static_cast<long long>(sums.substances),
              all);
  std::printf(
      "%-20s false names %lld of %lld absent phases; missed %lld of %lld above 5 %%; "
      "unknown flagged %lld of %lld; false flags %lld of %lld\n",
      regime.name.c_str(),
      static_cast<long long>(sums.false_names),
      static_cast<long long>(sums.absent),
      static_cast<long long>(sums.missed),
      static_cast<long long>(sums.present),
      static_cast<long long>(sums.flagged),
      static_cast<long long>(sums.unknown),
      static_cast<long long>(sums.false_flags),
      static_cast<long long>(sums.clean));
  const auto& bounds = regime.bounds;
  EXPECT_LE(sums.shares.error(), bounds.share_error);
  EXPECT_GE(sums.shares.coverage(), bounds.share_coverage);
  EXPECT_GE(sums.ratio.coverage(), bounds.marker_coverage);
  if (regime.is_raman) {
    EXPECT_GE(sums.width.coverage(), bounds.marker_coverage);
  }
  EXPECT_LE(sums.weights.error(), bounds.weight_error);
  EXPECT_GE(sums.weights.coverage(), bounds.weight_coverage);
  EXPECT_LE(static_cast<double>(sums.false_names),
            bounds.false_names * static_cast<double>(sums.absent));
  EXPECT_GE(static_cast<double>(sums.flagged), bounds.flagged * static_cast<double>(sums.unknown));
  EXPECT_LE(static_cast<double>(sums.missed), bounds.missed * static_cast<double>(sums.present));
  EXPECT_LE(static_cast<double>(sums.false_flags),
            bounds.false_flags * static_cast<double>(sums.clean));
}

struct RegimeOfBoth {
  const char* name;
  bool is_raman;
  Disturbance how;
  bool is_crowded;
  std::array<MixtureTruthBounds, 2> bounds;
};

// Each for laboratories that differ from lists of the simulator's own, and for those that differ
// from the tables.
std::vector<MixtureTruthRegime> regimes_mixture_truth() {
  const Disturbance good{200, 0.5, 0.3, 0, 0};
  const Disturbance typical{50, 2, 0.7, 0, 0};
  const Disturbance poor{20, 5, 1, 0, 0};
  const Disturbance infrared{2000, 0.05, 0.3, 0.008, 0.005};
  const Disturbance poor_infrared{400, 0.05, 0.7, 0.02, 0.02};
  const std::vector<RegimeOfBoth> rows{
      {"raman_good",
       true,  good,
       false, {{{0.055, 0.88, 0.9, 0.034, 0.9, 0.02, 0.9, 0.08, 0.09},
         {0.03, 0.93, 0.93, 0.023, 0.93, 0.01, 0.95, 0.07, 0.06}}} },
      {"raman_typical",
       true,  typical,
       false, {{{0.05, 0.92, 0.9, 0.033, 0.92, 0.02, 0.9, 0.18, 0.02},
         {0.035, 0.95, 0.93, 0.033, 0.95, 0.01, 0.95, 0.15, 0.03}}}},
      {"raman_poor",
       true,  poor,
       false, {{{0.085, 0.9, 0.88, 0.045, 0.92, 0.02, 0.9, 0.29, 0.05},
         {0.07, 0.93, 0.9, 0.045, 0.95, 0.01, 0.95, 0.27, 0.02}}}  },
      {"raman_crowded",
       true,  typical,
       true,  {{{0.08, 0.86, 0.86, 0.045, 0.9, 0.05, 0.9, 0.38, 0.12},
         {0.08, 0.88, 0.88, 0.06, 0.92, 0.01, 0.95, 0.39, 0.08}}}   },
      {"ftir_typical",
       false, infrared,
       false, {{{0.03, 0.93, 0.92, 0.03, 0.93, 0.04, 0.9, 0.014, 0.07},
         {0.04, 0.93, 0.93, 0.033, 0.93, 0.01, 0.95, 0.015, 0.04}}}},
      {"ftir_poor",
       false, poor_infrared,
       false, {{{0.03, 0.93, 0.92, 0.032, 0.93, 0.05, 0.9, 0.035, 0.05},
         {0.025, 0.93, 0.93, 0.03, 0.93, 0.01, 0.95, 0.025, 0.02}}}},
      {"ftir_crowded",
       false, infrared,
       true,  {{{0.04, 0.93, 0.92, 0.04, 0.93, 0.05, 0.9, 0.04, 0.07},
         {0.035, 0.93, 0.93, 0.024, 0.93, 0.01, 0.95, 0.05, 0.06}}} },
  };
  std::vector<MixtureTruthRegime> out;
  for (const auto& row : rows) {
    const std::string name = row.name;
    out.push_back({name, row.is_raman, row.how, row.is_crowded, row.bounds[0], false});
    out.push_back({name + "_tables", row.is_raman, row.how, row.is_crowded, row.bounds[1], true});
  }
  return out;
}

INSTANTIATE_TEST_SUITE_P(All,
                         MixtureTruth,
                         ::testing::ValuesIn(regimes_mixture_truth()),
                         [](const auto& row) { return row.param.name; });

TEST(MixtureQuality, SaturatedSpectraAreRefused) {
  const auto regime = regimes_mixture_truth()[2];
  for (std::uint64_t seed = 1; seed <= 20; ++seed) {
    std::mt19937_64 random(seed);
    test::Measurement how;
    how.seed = seed;
    how.saturation = 0.6;
    const auto measured =
        test::measure(random_mixture(regime, random), laboratory_of(regime, 0), how);
    const auto axis = Axis::make(measured.x, AxisKind::raman_shift, "1/cm");
    const auto report = models::check_quality(
        {*axis, measured.y, OrdinateKind::intensity, Technique::raman, SamplingMode::none});
    EXPECT_EQ(report.verdict, models::QualityVerdict::refused) << seed;
  }
}

}  // namespace
}  // namespace calcispec
