#include "models/tissue_private.hpp"

#include <algorithm>
#include <cmath>

namespace calcispec::models::detail {
namespace {

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

SeenPoints::SeenPoints(const Axis& axis,
                       std::span<const double> ordinate,
                       std::span<const NumberPair> hidden)
    : y(ordinate.begin(), ordinate.end()), sigma(ordinate.size(), 1) {
  const auto x = axis.values();
  for (std::size_t i = 0; i < y.size(); ++i) {
    const bool is_hidden = std::any_of(hidden.begin(), hidden.end(), [&](const NumberPair& region) {
      const double end = std::isnan(region.second) ? region.first : region.second;
      return x[i] >= std::min(region.first, end) && x[i] <= std::max(region.first, end);
    });
    if (is_hidden || std::isnan(y[i])) {
      sigma[i] = 0;
    } else {
      values.push_back(y[i]);
    }
  }
  bridge(x);
}

void SeenPoints::bridge(std::span<const double> x) {
  const std::size_t none = y.size();
  std::size_t before = none;
  for (std::size_t i = 0; i < y.size(); ++i) {
    if (sigma[i] > 0) {
      before = i;
      continue;
    }
    std::size_t behind = i;
    while (behind < none && !(sigma[behind] > 0)) {
      ++behind;
    }
    for (; i < behind; ++i) {
      const double left = before < none ? y[before] : behind < none ? y[behind] : 0;
      const double right = behind < none ? y[behind] : left;
      const double part =
          before < none && behind < none ? (x[i] - x[before]) / (x[behind] - x[before]) : 0;
      y[i] = left + part * (right - left);
    }
    --i;
  }
}

}  // namespace calcispec::models::detail
