#include "core/noise.hpp"
#include "models/tissue_private.hpp"

#include <algorithm>
#include <cmath>

namespace calcispec::models::detail {
namespace {

constexpr double raman_knots_cm1 = 115;
constexpr double ftir_knots_cm1 = 350;  // bands of condensed tissue are up to 100 1/cm wide
constexpr double fewest_pieces = 4;

// A spectrum of unknown background may hold any of the tissue's bands.
constexpr const char* tissue[] = {"carbonated_apatite_B", "collagen_I", "triglyceride", "water"};

const ReferenceLibrary& library() {
  static const ReferenceLibrary tables = builtin_library();
  return tables;
}

}  // namespace

BandTechnique tissue_technique(Technique technique) {
  return technique == Technique::ftir ? BandTechnique::ftir_transmission : BandTechnique::raman;
}

std::vector<const ReferenceBand*> tissue_rows(const Axis& axis, BandTechnique technique) {
  std::vector<const ReferenceBand*> rows;
  for (const auto* id : tissue) {
    for (const auto& row : library().find(id)->bands(technique)) {
      // Broad water bands below the stretch cannot be told from a background.
      const bool is_distinct = row.fwhm_cm1 < 150 || row.position_cm1 > 3000;
      if (is_distinct && row.position_cm1 > axis.front() && row.position_cm1 < axis.back()) {
        rows.push_back(&row);
      }
    }
  }
  return rows;
}

BackgroundOptions tissue_background(const Axis& axis, BandTechnique technique) {
  BackgroundOptions background;
  background.penalty_order = 3;
  background.knot_spacing =
      std::min(technique == BandTechnique::raman ? raman_knots_cm1 : ftir_knots_cm1,
               (axis.back() - axis.front()) / fewest_pieces);
  return background;
}

SeenPoints::SeenPoints(const Axis& axis,
                       std::span<const double> ordinate,
                       std::span<const NumberPair> hidden)
    : y(ordinate.begin(), ordinate.end()), sigma(ordinate.size(), 1) {
  const auto x = axis.values();
  for (std::size_t i = 0; i < y.size(); ++i) {
    const bool is_hidden = std::any_of(
        hidden.begin(), hidden.end(), [&](const NumberPair& region) { return region.holds(x[i]); });
    if (is_hidden || std::isnan(y[i])) {
      sigma[i] = 0;
    } else {
      values.push_back(y[i]);
    }
  }
  bridge(x);
}

bool SeenPoints::can_be_fitted() const {
  return values.size() >= fewest_seen_points &&
         std::all_of(values.begin(), values.end(), [](double v) { return std::isfinite(v); });
}

double SeenPoints::noise() const {
  const auto [low, high] = std::minmax_element(values.begin(), values.end());
  return std::max({independent_noise(values), 1e-4 * (*high - *low), 1e-300});
}

void SeenPoints::bridge(std::span<const double> x) {
  const std::size_t none = y.size();
  std::size_t before = none;
  std::size_t behind = 0;
  for (std::size_t i = 0; i < none; ++i) {
    if (sigma[i] > 0) {
      before = i;
      continue;
    }
    for (behind = std::max(behind, i); behind < none && !(sigma[behind] > 0);) {
      ++behind;
    }
    const double left = before < none ? y[before] : behind < none ? y[behind] : 0;
    const double right = behind < none ? y[behind] : left;
    const double part =
        before < none && behind < none ? (x[i] - x[before]) / (x[behind] - x[before]) : 0;
    y[i] = left + part * (right - left);
  }
}

}  // namespace calcispec::models::detail
