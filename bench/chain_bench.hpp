// A core method over a block of spectra, beside its plain loop.
#pragma once

#include "bench/bench_support.hpp"
#include "core/chain.hpp"
#include "core/set_methods.hpp"

#include <algorithm>
#include <functional>
#include <optional>
#include <utility>

namespace calcispec::bench {

struct MethodBench {
  std::string family;
  std::string method;
  std::vector<GivenParameter> given;
  std::function<std::vector<double>(std::span<const double>)> plain;  // empty: none is measured
};

/// The copy of the spectra into the chain is part of the time; new memory is not.
inline void run_method(benchmark::State& state, const MethodBench& bench, const Size& size) {
  const auto spectra = made_spectra(size);
  const auto* info = find_core_method(bench.family, bench.method);
  const ChainStep step{bench.family,
                       bench.method,
                       ParameterSet::checked(info->parameters, bench.given, bench.method)};
  const Index plain_rows = std::min<Index>(size.spectra, 16);
  double plain = 0;
  if (bench.plain) {
    const auto run_plain = [&] {
      for (Index r = 0; r < plain_rows; ++r) {
        benchmark::DoNotOptimize(bench.plain(spectra.row(r)));
      }
    };
    plain = seconds_of(run_plain) / static_cast<double>(plain_rows);
  }
  auto work = spectra;
  measure(state, size, plain, [&] {
    std::copy(spectra.values.begin(), spectra.values.end(), work.values.begin());
    work = run_chain(std::move(work), std::span(&step, 1), size.threads, false).spectra;
  });
}

/// A step over the whole set; the copy of the spectra is part of the time, new memory is not.
inline void run_set(benchmark::State& state,
                    const Size& size,
                    const ChainStep& step,
                    const SpectraMatrix& spectra,
                    const std::optional<MapGrid>& grid) {
  auto work = spectra;
  measure(state, size, 0, [&] {
    std::copy(spectra.values.begin(), spectra.values.end(), work.values.begin());
    run_set_method(step, work, grid, size.threads);
  });
}

inline void register_method(const MethodBench& bench, std::span<const Size> sizes) {
  for (const auto& size : sizes) {
    benchmark::RegisterBenchmark(
        name_of(bench.family + "/" + bench.method, size).c_str(),
        [bench, size](benchmark::State& state) { run_method(state, bench, size); });
  }
}

}  // namespace calcispec::bench
