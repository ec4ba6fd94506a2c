// Composition of the spectra of a map, with what they have in common, beside each of them alone.
#include "models/map_composition.hpp"
#include "tests/support/simulate_mixture.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <ctime>
#include <vector>

namespace calcispec {
namespace {

constexpr int spectra = 64;
constexpr int alone_spectra = 8;

// CPU time of this one thread: other programs on the machine do not count.
double cpu_seconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

struct Map {
  AxisPtr axis;
  std::vector<std::vector<double>> y;
};

Map make_map(bool is_raman) {
  Map map;
  test::Laboratory laboratory;
  laboratory.seed = 7;
  laboratory.is_raman = is_raman;
  for (int i = 0; i < spectra; ++i) {
    const double mineral = 0.1 + 0.8 * (i % 9) / 8.0;
    test::Mixture mixture;
    mixture.weights = {
        {"apatite",    mineral    },
        {"collagen_I", 1 - mineral}
    };
    if (i % 7 == 3) {
      mixture.weights["brushite"] = 0.3;
    }
    test::Measurement how;
    how.seed = 1000 + static_cast<std::uint64_t>(i);
    how.shift_cm1 = 0.4;
    auto measured = test::measure(mixture, laboratory, how);
    map.axis =
        map.axis ? map.axis
                 : Axis::make(
                       measured.x, is_raman ? AxisKind::raman_shift : AxisKind::wavenumber, "1/cm");
    map.y.push_back(std::move(measured.y));
  }
  return map;
}

void map_composition(benchmark::State& state, bool is_raman) {
  const auto map = make_map(is_raman);
  const auto library = models::builtin_library();
  const auto technique = is_raman ? Technique::raman : Technique::ftir;
  const auto mode = is_raman ? SamplingMode::none : SamplingMode::transmission;
  std::vector<std::vector<double>> samples;
  for (const Index i : models::diverse_samples(map.y, 8)) {
    samples.push_back(map.y[static_cast<std::size_t>(i)]);
  }
  models::CompositionOptions options;
  options.draws_curves = false;  // as in a batch
  double start = cpu_seconds();
  const models::MapComposer composer(map.axis, samples, technique, mode, library, options, 1);
  const double learning = cpu_seconds() - start;
  start = cpu_seconds();
  for (std::size_t i = 0; i < alone_spectra; ++i) {
    benchmark::DoNotOptimize(
        models::estimate_composition({*map.axis, map.y[i], technique, mode}, library, options));
  }
  const double alone = (cpu_seconds() - start) / alone_spectra;
  double together = 0;
  double bands = 0;
  while (state.KeepRunning()) {
    start = cpu_seconds();
    for (const auto& y : map.y) {
      bands += static_cast<double>(composer.estimate(y).bands.size());
    }
    together += cpu_seconds() - start;
  }
  const double count = static_cast<double>(state.iterations()) * spectra;
  state.counters["per_s"] = count / together;
  state.counters["us"] = 1e6 * together / count;
  state.counters["alone_us"] = 1e6 * alone;
  state.counters["alone/together"] = alone / (together / count);
  state.counters["bands"] = bands / count;
  state.counters["learning_s"] = learning;
}

BENCHMARK_CAPTURE(map_composition, raman, true)->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(map_composition, ftir, false)->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace calcispec
