#include "models/marker.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <string>

namespace calcispec::models {
namespace {

AxisPtr axis() {
  std::vector<double> x;
  for (int i = 0; i < 700; ++i) {
    x.push_back(400 + 2.0 * i);
  }
  return Axis::make(std::move(x), AxisKind::raman_shift, "1/cm");
}

FittedBand band(const char* phase, const char* assignment, double center, double area, double u) {
  FittedBand out;
  out.phase = phase;
  out.assignment = assignment;
  out.center_cm1 = center;
  out.area = area;
  out.area_u = u;
  out.height = area / 15;
  out.height_u = u / 15;
  out.fwhm_cm1 = 15;
  out.fwhm_u = 0.5;
  return out;
}

Composition bone() {
  Composition out;
  out.total.status = EstimateStatus::ok;
  out.from_cm1 = 400;
  out.to_cm1 = 1800;
  out.groups.push_back({"apatite", {"carbonated_apatite_B"}, {}, PhaseStatus::quantified});
  PhaseShare collagen;
  collagen.phase = "collagen_I";
  collagen.status = PhaseStatus::quantified;
  out.matrix.push_back(collagen);
  out.bands = {band("carbonated_apatite_B", "v1 PO4", 960, 100, 1),
               band("carbonated_apatite_B", "v1 CO3 B-type", 1070, 15, 1),
               band("carbonated_apatite_B", "v3 PO4", 1076, 5, 1),
               band("collagen_I", "amide I", 1667, 40, 2),
               band("collagen_I", "amide II (weak)", 1620, 7, 1)};
  return out;
}

const Marker& find(const std::vector<Marker>& markers, const std::string& id) {
  return *std::find_if(
      markers.begin(), markers.end(), [&](const Marker& marker) { return marker.id == id; });
}

std::vector<Marker> evaluate(const Composition& composition) {
  const auto x = axis();
  const std::vector<double> y(static_cast<std::size_t>(x->size()), 1.0);
  return evaluate_markers({*x, y, Technique::raman, SamplingMode::none}, composition);
}

TEST(Markers, RatiosUseTheStatedBandsOnly) {
  const auto markers = evaluate(bone());
  EXPECT_DOUBLE_EQ(find(markers, "carbonate_phosphate_ratio").value.value, 0.15);
  EXPECT_DOUBLE_EQ(find(markers, "mineral_matrix_ratio").value.value, 2.5);
  EXPECT_DOUBLE_EQ(find(markers, "nu1_width").value.value, 15);
  for (const auto& marker : markers) {
    EXPECT_FALSE(marker.definition.empty());
    EXPECT_GT(marker.value.u, 0);
  }
}

TEST(Markers, MissingPartsGiveAReasonAndNoNumber) {
  auto composition = bone();
  composition.matrix.clear();
  const auto mineral = find(evaluate(composition), "mineral_matrix_ratio");
  EXPECT_EQ(mineral.status, MarkerStatus::not_determinable);
  EXPECT_FALSE(mineral.value.reason.empty());
  composition.groups.clear();
  for (const auto& marker : evaluate(composition)) {
    EXPECT_EQ(marker.status, MarkerStatus::not_determinable) << marker.id;
  }
  composition = bone();
  composition.to_cm1 = 1000;
  EXPECT_EQ(find(evaluate(composition), "carbonate_phosphate_ratio").status,
            MarkerStatus::not_determinable);
}

TEST(Markers, WeakCarbonateIsBelowItsLimit) {
  auto composition = bone();
  composition.bands[1].area = 2;
  EXPECT_EQ(find(evaluate(composition), "carbonate_phosphate_ratio").status,
            MarkerStatus::below_lod);
}

}  // namespace
}  // namespace calcispec::models
