// Which spectra of a map are looked at to learn what all have in common. Private to pipelines.
#pragma once

#include "core/export.hpp"

#include <algorithm>
#include <vector>

namespace calcispec::detail {

/// Runs of this many neighbours, which a file holds together.
inline constexpr Index sample_run = 16;

/// First spectra of at most 16 runs from all over the map; none for a map of less than 64 spectra,
/// which are estimated alone.
inline std::vector<Index> sample_runs(Index rows) {
  constexpr Index least_map = 64;
  constexpr Index most_runs = 16;
  std::vector<Index> first;
  const Index runs = rows < least_map ? 0 : std::min(most_runs, rows / sample_run);
  for (Index k = 0; k < runs; ++k) {
    first.push_back(k * (rows - sample_run) / (runs - 1));
  }
  return first;
}

}  // namespace calcispec::detail
