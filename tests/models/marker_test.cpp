#include "models/marker.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cmath>
#include <string>
#include <vector>

namespace calcispec::models {
namespace {

AxisPtr axis() {
  std::vector<double> x;
  x.reserve(700);
  for (int i = 0; i < 700; ++i) {
    x.push_back(400 + 2.0 * i);
  }
  return Axis::make(std::move(x), AxisKind::raman_shift, "1/cm");
}

FittedBand band_marker(
    const char* phase, const char* assignment, double center, double area, double u) {
  FittedBand out;
  out.phase = phase;
  out.assignment = assignment;
  out.center_cm1 = center;
  out.area = area;
  out.area_u = u;
  out.area_fit_u = u;
  out.height = area / 15;
  out.height_u = u / 15;
  out.fwhm_cm1 = 15;
  out.fwhm_u = 0.5;
  return out;
}

Composition bone_marker() {
  Composition out;
  out.total.status = EstimateStatus::ok;
  out.from_cm1 = 400;
  out.to_cm1 = 1800;
  out.groups.push_back({"apatite", {"carbonated_apatite_B"}, {}, PhaseStatus::quantified});
  PhaseShare collagen;
  collagen.phase = "collagen_I";
  collagen.status = PhaseStatus::quantified;
  out.matrix.push_back(collagen);
  out.bands = {band_marker("carbonated_apatite_B", "v1 PO4", 960, 100, 1),
               band_marker("carbonated_apatite_B", "v1 CO3 B-type", 1070, 15, 1),
               band_marker("carbonated_apatite_B", "v3 PO4", 1076, 5, 1),
               band_marker("collagen_I", "amide I", 1667, 40, 2),
               band_marker("collagen_I", "amide II (weak)", 1620, 7, 1)};
  return out;
}

const Marker& find_marker(const std::vector<Marker>& markers, const std::string& id) {
  return *std::find_if(
      markers.begin(), markers.end(), [&](const Marker& marker) { return marker.id == id; });
}

std::vector<Marker> evaluate(const Composition& composition) {
  const auto x = axis();
  const std::vector<double> y(static_cast<std::size_t>(x->size()), 1.0);
  return evaluate_markers({*x, y, Technique::raman, SamplingMode::none}, composition);
}

TEST(Markers, RatiosUseTheStatedBandsOnly) {
  const auto markers = evaluate(bone_marker());
  EXPECT_DOUBLE_EQ(find_marker(markers, "carbonate_phosphate_ratio").value.value, 0.15);
  EXPECT_DOUBLE_EQ(find_marker(markers, "mineral_matrix_ratio").value.value, 2.5);
  EXPECT_DOUBLE_EQ(find_marker(markers, "nu1_width").value.value, 15);
  for (const auto& marker : markers) {
    EXPECT_FALSE(marker.definition.empty());
    EXPECT_TRUE(marker.value.u > 0 || !std::isfinite(marker.value.value)) << marker.id;
  }
}

TEST(Markers, MissingPartsGiveAReasonAndNoNumber) {
  auto composition = bone_marker();
  composition.matrix.clear();
  const auto mineral = find_marker(evaluate(composition), "mineral_matrix_ratio");
  EXPECT_EQ(mineral.status, MarkerStatus::not_determinable);
  EXPECT_FALSE(mineral.value.reason.empty());
  composition.groups.clear();
  for (const auto& marker : evaluate(composition)) {
    EXPECT_EQ(marker.status, MarkerStatus::not_determinable) << marker.id;
  }
  composition = bone_marker();
  composition.to_cm1 = 1000;
  EXPECT_EQ(find_marker(evaluate(composition), "carbonate_phosphate_ratio").status,
            MarkerStatus::not_determinable);
}

TEST(Markers, WeakCarbonateIsBelowItsLimit) {
  auto composition = bone_marker();
  composition.bands[1].area = 2;
  EXPECT_EQ(find_marker(evaluate(composition), "carbonate_phosphate_ratio").status,
            MarkerStatus::below_lod);
}

// A wide band about `center` on a sloping line, as seen in transmission.
std::vector<Marker> evaluate_ftir(double center,
                                  SamplingMode mode,
                                  const AxisCorrection& correction,
                                  double step = 2) {
  std::vector<double> x;
  std::vector<double> y;
  for (int k = 0; 600 + step * k <= 1700; ++k) {
    const double at = 600 + step * k;
    x.push_back(at);
    y.push_back(0.1 + 1e-4 * at + 0.8 * std::exp(-std::pow((at - center) / 40, 2)));
  }
  const auto axis = Axis::make(std::move(x), AxisKind::wavenumber, "1/cm");
  auto composition = bone_marker();
  composition.axis = correction;
  return evaluate_markers({*axis, y, Technique::ftir, mode}, composition);
}

TEST(Markers, HeightRatiosFollowTheBandAboveTheLine) {
  const auto markers = evaluate_ftir(1035, SamplingMode::transmission, {0, 0.2, 0, true});
  const auto expected = [](double top, double bottom) {
    return std::exp(-std::pow((top - 1035) / 40, 2) + std::pow((bottom - 1035) / 40, 2));
  };
  // The ends of the line stand on what is left of the band there, 1e-5 of its height; points 2
  // apart bend a flank by less than 1 %.
  const auto& crystallinity = find_marker(markers, "crystallinity_1030_1020");
  ASSERT_EQ(crystallinity.status, MarkerStatus::ok) << crystallinity.value.reason;
  EXPECT_NEAR(crystallinity.value.value, expected(1030, 1020), 0.01);
  const auto& acid = find_marker(markers, "acid_phosphate");
  ASSERT_EQ(acid.status, MarkerStatus::ok) << acid.value.reason;
  EXPECT_NEAR(acid.value.value, expected(1127, 1096), 0.01);
}

TEST(Markers, HeightRatiosCoverAShiftedAxis) {
  const auto truth = evaluate_ftir(1035, SamplingMode::transmission, {0, 0.2, 0, true});
  for (const double shift : {-2.0, 2.0}) {
    const auto moved =
        evaluate_ftir(1035 + shift, SamplingMode::transmission, {shift, 0.2, 0, true});
    for (const char* id : {"crystallinity_1030_1020", "acid_phosphate"}) {
      const auto& value = find_marker(moved, id).value;
      EXPECT_LT(value.lo95, find_marker(truth, id).value.value) << id;
      EXPECT_GT(value.hi95, find_marker(truth, id).value.value) << id;
      EXPECT_GT(value.u, 2 * find_marker(truth, id).value.u) << id;
    }
  }
}

TEST(Markers, HeightRatiosAreRefusedOutsideTheirGround) {
  for (const char* id : {"crystallinity_1030_1020", "acid_phosphate"}) {
    const auto atr = find_marker(evaluate_ftir(1035, SamplingMode::atr, {}), id);
    EXPECT_EQ(atr.status, MarkerStatus::not_determinable);
    EXPECT_NE(atr.value.reason.find("ATR"), std::string::npos) << atr.value.reason;
    const auto coarse = find_marker(evaluate_ftir(1035, SamplingMode::transmission, {}, 8), id);
    EXPECT_EQ(coarse.status, MarkerStatus::not_determinable);
    const auto far = find_marker(evaluate_ftir(700, SamplingMode::transmission, {}), id);
    EXPECT_EQ(far.status, MarkerStatus::not_determinable);
  }
}

}  // namespace
}  // namespace calcispec::models
