// Which spectra of a map are looked at to learn what all have in common. Private to pipelines.
#pragma once

#include "io/format.hpp"

#include <algorithm>
#include <memory>
#include <span>
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

/// The spectra of these runs, with what tells how to read them.
inline std::shared_ptr<io::Recording> samples_of(const io::Recording& recording,
                                                 std::span<const Index> runs) {
  auto samples = std::make_shared<io::Recording>();
  samples->technique = recording.technique;
  samples->mode = recording.mode;
  samples->ordinate = recording.ordinate;
  const auto count = static_cast<Index>(runs.size()) * sample_run;
  samples->spectra = SpectraMatrix::make(recording.spectra.axis, count);
  for (Index i = 0; i < count; ++i) {
    const auto from =
        recording.spectra.row(runs[static_cast<std::size_t>(i / sample_run)] + i % sample_run);
    std::copy(from.begin(), from.end(), samples->spectra.row(i).begin());
  }
  return samples;
}

}  // namespace calcispec::detail
