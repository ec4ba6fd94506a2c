// A mineral-to-matrix calibration learnt on half of a simulated demineralisation: the other half is
// predicted within its intervals; another mineral and another matrix are refused.
#include "core/parallel.hpp"
#include "models/composition.hpp"
#include "models/marker_calibration.hpp"
#include "tests/support/simulate_mixture.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <cstdio>
#include <string>
#include <vector>

namespace calcispec {
namespace {

constexpr const char* marker_id = "mineral_matrix_ratio";

struct Sample {
  double matrix_wt = 0;  // known
  AxisPtr axis;
  std::vector<double> y;
  models::Composition composition;
  std::vector<models::Marker> markers;
};

models::CompositionInput input_of(const Sample& sample, bool is_raman) {
  return {*sample.axis,
          sample.y,
          is_raman ? Technique::raman : Technique::ftir,
          is_raman ? SamplingMode::none : SamplingMode::transmission};
}

Sample sample_of(const test::Mixture& mixture, bool is_raman, std::uint64_t seed) {
  test::Laboratory laboratory;
  laboratory.seed = 5;
  laboratory.is_raman = is_raman;
  test::Measurement how;
  how.seed = seed;
  how.snr = is_raman ? 100 : 1000;
  how.fluorescence = is_raman ? 1 : 0.05;
  how.shift_cm1 = 0.5 * std::sin(static_cast<double>(seed));
  const auto measured = test::measure(mixture, laboratory, how);
  Sample out;
  out.axis =
      Axis::make(measured.x, is_raman ? AxisKind::raman_shift : AxisKind::wavenumber, "1/cm");
  out.y = measured.y;
  const auto matrix = mixture.weights.find("collagen_I");
  out.matrix_wt = matrix == mixture.weights.end() ? 0 : 100 * matrix->second;
  out.composition =
      models::estimate_composition(input_of(out, is_raman), models::builtin_library(), {});
  out.markers = models::evaluate_markers(input_of(out, is_raman), out.composition);
  return out;
}

const models::Marker& marker_of(const Sample& sample) {
  return *std::find_if(sample.markers.begin(), sample.markers.end(), [](const auto& marker) {
    return marker.id == marker_id;
  });
}

// Mineral leaves step by step; what is left is a little more ordered.
std::vector<Sample> demineralisation(bool is_raman) {
  constexpr Index count = 28;
  std::vector<Sample> out(count);
  parallel_for(count, 0, [&](Index k) {
    const double part = static_cast<double>(k) / (count - 1);
    test::Mixture mixture;
    mixture.weights["collagen_I"] = 0.2 + 0.55 * part;
    mixture.weights["apatite"] = 0.8 - 0.55 * part;
    mixture.carbonate_wt = 6 - 1.5 * part;
    mixture.order_width = 16 - 2 * part;
    out[static_cast<std::size_t>(k)] =
        sample_of(mixture, is_raman, 40 + static_cast<std::uint64_t>(k));
  });
  return out;
}

models::LearntMarker learn_half(const std::vector<Sample>& samples, bool is_raman) {
  std::vector<models::MarkerStandard> standards;
  for (std::size_t k = 0; k < samples.size(); k += 2) {
    const auto& marker = marker_of(samples[k]);
    if (!std::isfinite(marker.value.value)) {
      continue;
    }
    models::MarkerStandard standard;
    standard.file = std::to_string(k);
    standard.marker = marker.value.value;
    standard.marker_u = marker.value.u;
    standard.value = samples[k].matrix_wt;
    standard.sample = models::domain_sample(input_of(samples[k], is_raman), samples[k].composition);
    standards.push_back(standard);
  }
  auto learnt = models::learn_marker(standards, std::nullopt);
  learnt.calibration.id = "half";
  learnt.calibration.marker = marker_id;
  learnt.calibration.unit = "wt%";
  learnt.calibration.technique = is_raman ? Technique::raman : Technique::ftir;
  learnt.calibration.mode = is_raman ? SamplingMode::none : SamplingMode::transmission;
  return learnt;
}

class Demineralisation : public ::testing::TestWithParam<bool> {};

TEST_P(Demineralisation, TheOtherHalfIsPredictedAndOtherMaterialRefused) {
  const bool is_raman = GetParam();
  const auto samples = demineralisation(is_raman);
  const auto learnt = learn_half(samples, is_raman);
  const auto& calibration = learnt.calibration;
  Index answers = 0;
  Index covered = 0;
  double square = 0;
  double width = 0;
  for (std::size_t k = 1; k < samples.size(); k += 2) {
    const auto marker = models::apply_calibration(calibration,
                                                  input_of(samples[k], is_raman),
                                                  samples[k].composition,
                                                  samples[k].markers,
                                                  "");
    if (!std::isfinite(marker.value.value)) {
      std::printf(
          "no answer at %.0f wt%%: %s\n", samples[k].matrix_wt, marker.value.reason.c_str());
      continue;
    }
    ++answers;
    square += std::pow(marker.value.value - samples[k].matrix_wt, 2);
    width += marker.value.hi95 - marker.value.lo95;
    covered +=
        marker.value.lo95 <= samples[k].matrix_wt && samples[k].matrix_wt <= marker.value.hi95 ? 1
                                                                                               : 0;
  }
  const auto count = static_cast<double>(answers);
  std::printf(
      "%s: %s curve of %lld standards, left-out error %.2f wt%%; %lld others: RMSE %.2f wt%%, "
      "covered %lld, mean width %.1f; largest usual miss %.3f\n",
      is_raman ? "raman" : "ftir",
      std::string(name_of(calibration.form)).c_str(),
      static_cast<long long>(calibration.standards),
      calibration.left_out_error,
      static_cast<long long>(answers),
      std::sqrt(square / count),
      static_cast<long long>(covered),
      width / count,
      calibration.domain.most_miss);
  EXPECT_GE(answers, 12);  // of 14
  EXPECT_GE(static_cast<double>(covered), 0.85 * count);
  EXPECT_LE(std::sqrt(square / count), 4);

  for (const char* other : {"fluoride_apatite", "fat"}) {
    for (std::uint64_t seed = 1; seed <= 4; ++seed) {
      test::Mixture mixture;
      const bool is_mineral = std::string(other) == "fluoride_apatite";
      mixture.weights[is_mineral ? "fluoride_apatite" : "apatite"] = 0.55;
      mixture.weights["collagen_I"] = is_mineral ? 0.45 : 0.2;
      mixture.weights[is_mineral ? "collagen_I" : "fat"] = is_mineral ? 0.45 : 0.25;
      const auto sample = sample_of(mixture, is_raman, 900 + seed);
      const auto marker = models::apply_calibration(
          calibration, input_of(sample, is_raman), sample.composition, sample.markers, "");
      std::printf("  %s: %s\n", other, marker.value.reason.c_str());
      EXPECT_FALSE(std::isfinite(marker.value.value)) << other << " " << seed;
    }
  }
}

INSTANTIATE_TEST_SUITE_P(Techniques, Demineralisation, ::testing::Bool(), [](const auto& row) {
  return std::string(row.param ? "raman" : "ftir");
});

}  // namespace
}  // namespace calcispec
