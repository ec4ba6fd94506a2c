// despike.median against a map whose spiked samples are known, and on real spectra.
#include "core/chain.hpp"
#include "tests/support/hdf5_reader.hpp"
#include "tests/support/paths.hpp"

#include <gtest/gtest.h>

#include <cstdio>
#include <vector>

namespace calcispec {
namespace {

// Rays that lie on a flank as steep as themselves cannot be told from a line and stay.
TEST(SpikeMap, FewSpikesStayAndHardlyAGoodSampleIsAltered) {
  CALCISPEC_SKIP_WITHOUT_SHARED();
  const test::Hdf5File file((test::shared_dir() / "golden" / "baseline_truth.h5").string());
  const auto y = file.values("/spike_map/y");
  const auto mask = file.values("/spike_map/spike_mask");
  auto x = file.values("/spike_map/x");
  const auto rows = static_cast<Index>(y.size() / x.size());
  auto spectra = SpectraMatrix::make(Axis::make(std::move(x), AxisKind::raman_shift, "1/cm"), rows);
  std::copy(y.begin(), y.end(), spectra.values.begin());
  const auto* info = find_core_method("despike", "median");
  const ChainStep step{"despike", "median", ParameterSet::defaults(info->parameters)};
  const auto clean = run_chain(std::move(spectra), std::span(&step, 1), 1).spectra.values;
  Index spiked = 0;
  Index left = 0;
  Index altered = 0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    const bool is_altered = clean[i] != y[i];
    spiked += mask[i] > 0 ? 1 : 0;
    left += mask[i] > 0 && !is_altered ? 1 : 0;
    altered += mask[i] == 0 && is_altered ? 1 : 0;
  }
  std::printf("spiked samples %td, left %td; good samples altered %td\n", spiked, left, altered);
  EXPECT_LT(static_cast<double>(left), 0.08 * static_cast<double>(spiked));
  EXPECT_LT(static_cast<double>(altered), 2e-4 * static_cast<double>(y.size()));
}

}  // namespace
}  // namespace calcispec
