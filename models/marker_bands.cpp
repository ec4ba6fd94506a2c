// Markers read off the fitted bands: widths corrected for the instrument, of nu4, collagen.
#include "models/marker_private.hpp"

#include <algorithm>
#include <cmath>

namespace calcispec::models::detail {
namespace {

constexpr double marker_bands_least_signal = 3.3;  // of a band: its LOD
constexpr double most_foreign = 0.2;               // of the matrix; science of collagen in skin

bool is_one_of(const std::vector<std::string>& ids, const std::string& id) {
  return std::find(ids.begin(), ids.end(), id) != ids.end();
}

// The highest band of the phases between two positions; null: none that stands out.
const FittedBand* highest(const Composition& composition,
                          const std::vector<std::string>& phases,
                          double from,
                          double to) {
  const FittedBand* best = nullptr;
  for (const auto& band : composition.bands) {
    if (is_one_of(phases, band.phase) && band.center_cm1 > from && band.center_cm1 < to &&
        (best == nullptr || band.height > best->height)) {
      best = &band;
    }
  }
  return best != nullptr && best->height > marker_bands_least_signal * best->height_u ? best
                                                                                      : nullptr;
}

// Width without a Gaussian instrument. A Lorentzian band follows Olivero & Longbothum, J. Quant.
// Spectrosc. Radiat. Transfer 17 (1977) 233: W = 0.5346 L + sqrt(0.2166 L^2 + G^2); a Gaussian one
// the difference of squares. The band is between the two.
void corrected_width(const MarkerContext& context, Marker& marker) {
  const double instrument = context.instrument_width_cm1;
  if (!(instrument > 0)) {
    return refuse(marker, "the width of the instrument is not known; state --instrument-width");
  }
  const auto* band = highest(context.composition, context.apatites, 940, 980);
  if (band == nullptr) {
    return refuse(marker, "nu1 PO4 is below its detection limit");
  }
  const double seen = band->fwhm_cm1;
  if (seen <= 1.05 * instrument) {
    return refuse(marker, "the band is as narrow as the instrument shows a line");
  }
  const double gauss = std::sqrt(seen * seen - instrument * instrument);
  double low = 0;
  double high = seen;
  for (int i = 0; i < 60; ++i) {
    const double middle = 0.5 * (low + high);
    const double width =
        0.5346 * middle + std::sqrt(0.2166 * middle * middle + instrument * instrument);
    (width < seen ? low : high) = middle;
  }
  const double lorentz = 0.5 * (low + high);
  const double value = 0.5 * (gauss + lorentz);
  const double slope = seen / value;  // of the Gaussian, the steeper one
  const double seen_u = std::hypot(band->fwhm_u, width_misfit * seen);
  set(marker, value, std::hypot(slope * seen_u, (gauss - lorentz) / std::sqrt(12.0)));
}

void nu4_width(const MarkerContext& context, Marker& marker) {
  if (context.composition.from_cm1 > 540) {
    return refuse(marker, "the range does not hold nu4 PO4; it must reach down to 540 1/cm");
  }
  const auto* band = highest(context.composition, context.apatites, 594, 614);
  if (band == nullptr) {
    return refuse(marker, "the band at 604 1/cm is below its detection limit");
  }
  set(marker, band->fwhm_cm1, std::hypot(band->fwhm_u, width_misfit * band->fwhm_cm1));
}

// Share of the matrix that is keratin or elastin.
double foreign_protein(const Composition& composition) {
  double foreign = 0;
  double all = 0;
  for (const auto& entry : composition.matrix) {
    if (entry.status == PhaseStatus::quantified) {
      all += entry.share.value;
      foreign += entry.phase == "keratin" || entry.phase == "elastin" ? entry.share.value : 0;
    }
  }
  return all > 0 ? foreign / all : 0;
}

void collagen_ratio(const MarkerContext& context, Marker& marker) {
  const auto& composition = context.composition;
  for (const auto& group : composition.groups) {
    if (is_one_of(group.members, "collagen_I") && group.members.size() > 1) {
      std::string rest;
      for (const auto& id : group.members) {
        rest += id == "collagen_I" ? "" : (rest.empty() ? "" : " or ") + id;
      }
      return refuse(marker, "the protein may be " + rest + " as well as collagen");
    }
  }
  if (foreign_protein(composition) > most_foreign) {
    return refuse(marker, "keratin or elastin carries more than 20 % of the matrix");
  }
  const std::vector<std::string> collagen{"collagen_I"};
  const auto* mature = highest(composition, collagen, 1650, 1668);
  const auto* young = highest(composition, collagen, 1680, 1698);
  if (mature == nullptr || young == nullptr) {
    return refuse(marker, "the bands of collagen at 1660 and 1690 1/cm do not stand out");
  }
  const double ratio = mature->area / young->area;
  set(marker,
      ratio,
      ratio * std::hypot(mature->area_u / mature->area, young->area_u / young->area));
}

}  // namespace

bool evaluate_band_marker(const MarkerContext& context, Marker& marker) {
  if (marker.id == "nu1_width_corrected") {
    corrected_width(context, marker);
  } else if (marker.id == "nu4_604_width") {
    nu4_width(context, marker);
  } else if (marker.id == "collagen_1660_1690") {
    collagen_ratio(context, marker);
  } else {
    return false;
  }
  return true;
}

}  // namespace calcispec::models::detail
