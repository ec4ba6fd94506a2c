// What the evaluations of markers share.
#pragma once

#include "models/marker.hpp"

#include <string>
#include <vector>

namespace calcispec::models::detail {

struct MarkerContext {
  const CompositionInput& input;
  const Composition& composition;
  const std::vector<std::string>& apatites;  // ids that stand for the apatite named
  double instrument_width_cm1 = 0;           // 0: not known
};

/// What the width of a band is wrong by, as a part of it, because real lines are not quite those of
/// the model: rms on simulated asymmetric lines, tests/truth/mixture_truth_test.cpp.
inline constexpr double width_misfit = 0.03;

void refuse(Marker& marker, const std::string& reason);
/// A value that cannot be below 0, with the interval of a normal distribution.
void set(Marker& marker, double value, double u);

/// Parts of the mineral: precursor_index, whitlockite_share, non_phosphate_share. False: none of
/// these.
bool evaluate_share_marker(const MarkerContext& context, Marker& marker);

/// carbonate_a_share and carbonate_labile_share from nu2 CO3. False: none of these.
///
/// Model      three Gaussian bands of one width and a line between 845 and 900 1/cm; places known
///            beforehand to 0.75 1/cm, the width to 2.5
/// Needs      transmission, points at most 2.5 1/cm apart, nothing else named that has a band there
/// Cost       45 solves of 9 unknowns
/// Source     Rey et al., Calcif. Tissue Int. 45 (1989) 157
bool evaluate_site_marker(const MarkerContext& context, Marker& marker);

/// nu1_width_corrected, nu4_604_width, collagen_1660_1690 from the fitted bands. False: none of
/// these.
bool evaluate_band_marker(const MarkerContext& context, Marker& marker);

}  // namespace calcispec::models::detail
