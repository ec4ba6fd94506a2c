// Cosmic rays out of a map: each spectrum alone, and with its neighbours; a ray in every tenth.
#include "bench/chain_bench.hpp"

#include <utility>

namespace calcispec::bench {
namespace {

SpectraMatrix with_rays(const Size& size) {
  auto out = made_spectra(size);
  std::mt19937_64 random(6);
  for (Index r = 0; r < size.spectra; r += 10) {
    const auto at = random() % static_cast<std::size_t>(size.points - 2);
    out.row(r)[at] += 500;
    out.row(r)[at + 1] += 200;
  }
  return out;
}

// The copy of the spectra is part of the time; new memory is not.
void alone(benchmark::State& state, const Size& size) {
  const auto spectra = with_rays(size);
  const auto* info = find_core_method("despike", "median");
  const ChainStep step{"despike", "median", ParameterSet::defaults(info->parameters)};
  auto work = spectra;
  measure(state, size, 0, [&] {
    std::copy(spectra.values.begin(), spectra.values.end(), work.values.begin());
    work = run_chain(std::move(work), std::span(&step, 1), size.threads, false).spectra;
  });
}

void by_neighbors(benchmark::State& state, const Size& size) {
  const auto* info = find_set_method("despike", "auto");
  const ChainStep step{"despike", "auto", ParameterSet::defaults(info->parameters)};
  run_set(state, size, step, with_rays(size), MapGrid{64, size.spectra / 64, 1, 1});
}

const bool is_registered = [] {
  for (const Index threads : {1, 2}) {
    const Size size{1000, 4096, threads};
    benchmark::RegisterBenchmark(name_of("despike/median", size).c_str(), alone, size);
    benchmark::RegisterBenchmark(name_of("despike/auto", size).c_str(), by_neighbors, size);
  }
  return true;
}();

}  // namespace
}  // namespace calcispec::bench
