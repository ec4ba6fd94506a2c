// The despikers against a map whose spiked samples are known.
#include "core/chain.hpp"
#include "core/set_methods.hpp"
#include "tests/support/hdf5_reader.hpp"
#include "tests/support/paths.hpp"

#include <gtest/gtest.h>

#include <algorithm>
#include <cstdio>
#include <vector>

namespace calcispec {
namespace {

struct SpikeMap {
  std::vector<double> y;
  std::vector<double> mask;
  std::vector<double> truth;
  SpectraMatrix spectra;
};

SpikeMap spike_map() {
  const test::Hdf5File file((test::shared_dir() / "golden" / "baseline_truth.h5").string());
  SpikeMap out;
  out.y = file.values("/spike_map/y");
  out.mask = file.values("/spike_map/spike_mask");
  out.truth = file.values("/spike_map/baseline");
  const auto peaks = file.values("/spike_map/peaks");
  for (std::size_t i = 0; i < peaks.size(); ++i) {
    out.truth[i] += peaks[i];
  }
  auto x = file.values("/spike_map/x");
  const auto rows = static_cast<Index>(out.y.size() / x.size());
  out.spectra = SpectraMatrix::make(Axis::make(std::move(x), AxisKind::raman_shift, "1/cm"), rows);
  std::copy(out.y.begin(), out.y.end(), out.spectra.values.begin());
  return out;
}

struct SpikesTally {
  Index spiked = 0;
  Index unaltered = 0;
  Index left = 0;     // five sigma of the noise over the truth
  Index altered = 0;  // good ones
};

SpikesTally tally_of(const char* name, const SpikeMap& map, const std::vector<double>& clean) {
  constexpr double sigma = 0.0247;  // of the map's noise
  SpikesTally tally;
  for (std::size_t i = 0; i < clean.size(); ++i) {
    const bool is_altered = clean[i] != map.y[i];
    if (map.mask[i] > 0) {
      ++tally.spiked;
      tally.unaltered += is_altered ? 0 : 1;
      tally.left += clean[i] - map.truth[i] > 5 * sigma ? 1 : 0;
    } else {
      tally.altered += is_altered ? 1 : 0;
    }
  }
  std::printf("%s: spiked samples %td, unaltered %td, left above 5 sigma %td; good altered %td\n",
              name,
              tally.spiked,
              tally.unaltered,
              tally.left,
              tally.altered);
  return tally;
}

// Rays that lie on a flank as steep as themselves cannot be told from a line and stay.
TEST(SpikeMap, ASpectrumAloneLeavesFewAndHardlyAGoodSampleIsAltered) {
  CALCISPEC_SKIP_WITHOUT_SHARED();
  auto map = spike_map();
  const auto* info = find_core_method("despike", "median");
  const ChainStep step{"despike", "median", ParameterSet::defaults(info->parameters)};
  const auto clean = run_chain(map.spectra, std::span(&step, 1), 1).spectra.values;
  const auto tally = tally_of("despike.median", map, clean);
  EXPECT_LT(static_cast<double>(tally.unaltered), 0.04 * static_cast<double>(tally.spiked));
  EXPECT_LT(static_cast<double>(tally.left), 0.015 * static_cast<double>(tally.spiked));
  EXPECT_LT(static_cast<double>(tally.altered), 1e-4 * static_cast<double>(map.y.size()));
}

// What stays is below the noise of a sample or about it: tails of rays.
TEST(SpikeMap, NeighborsLeaveNoneAndHardlyAGoodSampleIsAltered) {
  CALCISPEC_SKIP_WITHOUT_SHARED();
  auto map = spike_map();
  const auto* info = find_set_method("despike", "auto");
  run_set_method({"despike", "auto", ParameterSet::defaults(info->parameters)},
                 map.spectra,
                 MapGrid{12, 12, 1, 1},
                 1);
  const auto tally = tally_of("despike.auto", map, map.spectra.values);
  EXPECT_LT(static_cast<double>(tally.unaltered), 0.04 * static_cast<double>(tally.spiked));
  EXPECT_EQ(tally.left, 0);
  EXPECT_LT(static_cast<double>(tally.altered), 1e-4 * static_cast<double>(map.y.size()));
}

}  // namespace
}  // namespace calcispec
