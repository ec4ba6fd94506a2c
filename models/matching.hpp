// match_spectrum: how well each reference alone explains a spectrum, as a hit list.
#pragma once

#include "models/composition.hpp"
#include "models/measured_mixture.hpp"

#include <string>
#include <vector>

namespace calcispec::models {

/// One reference against the spectrum. Correlations and angle are those of the curves above their
/// backgrounds at the best shift (within 3 1/cm) and, for band tables, instrument width.
struct Match {
  std::string id;
  std::string name;
  double explained = 0;   // part of the background-free signal that it explains alone, 0..1
  bool is_named = false;  // its bands are there as the naming rule asks
  double correlation = 0;
  double slope_correlation = 0;  // of first derivatives: blind to backgrounds, strict on positions
  double angle_deg = 90;         // 0: the same curve
  double shift_cm1 = 0;
};

struct MatchResult {
  std::string reason;       // why there is no list; empty: there is one
  std::vector<Match> hits;  // named ones first, then by slope correlation
  bool is_none = true;  // nothing named with a slope correlation of 0.5, within 0.1 of the highest
  double from_cm1 = 0;
  double to_cm1 = 0;
};

/// Band tables: each phase is fitted alone by the joint model of the composition, which lets
/// heights vary as crystals do; what it leaves unexplained counts against it. Never throws for poor
/// data. Cost  one joint fit per phase of the technique, about 5 ms each
MatchResult match_spectrum(const CompositionInput& input,
                           const ReferenceLibrary& library,
                           const CompositionOptions& options);

/// Measured references: explained is the part of the slopes' squares that the reference explains
/// alone; named from 0.5 on.
MatchResult match_spectrum(const CompositionInput& input,
                           const MeasuredLibrary& library,
                           const CompositionOptions& options);

}  // namespace calcispec::models
