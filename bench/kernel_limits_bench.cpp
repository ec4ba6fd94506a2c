// What no kernel of penalised baselines can beat: divisions, and traffic with the second cache.
#include <benchmark/benchmark.h>

#include <cstddef>
#include <vector>

namespace calcispec::bench {
namespace {

#define CALCISPEC_EVERY_LEVEL [[gnu::target_clones("arch=x86-64-v4", "arch=x86-64-v3", "default")]]

CALCISPEC_EVERY_LEVEL void divide(double* y, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    y[i] = 1.0 / y[i];
  }
}

CALCISPEC_EVERY_LEVEL void update(double* to, const double* a, const double* b, std::size_t count) {
  for (std::size_t i = 0; i < count; ++i) {
    to[i] = a[i] - 0.5 * b[i];
  }
}

// In the first cache: divisions that do not wait for one another.
void divisions(benchmark::State& state) {
  std::vector<double> y(1024, 1.25);
  while (state.KeepRunning()) {
    divide(y.data(), y.size());
    benchmark::ClobberMemory();
  }
  state.counters["ns_per_division"] = benchmark::Counter(
      1e-9 * static_cast<double>(state.iterations()) * static_cast<double>(y.size()),
      benchmark::Counter::kIsRate | benchmark::Counter::kInvert);
}

// Two arrays read and one written, together as large as the argument in KiB.
void traffic(benchmark::State& state) {
  const auto count = static_cast<std::size_t>(state.range(0)) * 1024 / 24;
  std::vector<double> to(count);
  const std::vector<double> a(count, 1.5);
  const std::vector<double> b(count, 0.5);
  while (state.KeepRunning()) {
    update(to.data(), a.data(), b.data(), count);
    benchmark::ClobberMemory();
  }
  state.counters["bytes_per_ns"] = benchmark::Counter(
      24e-9 * static_cast<double>(state.iterations()) * static_cast<double>(count),
      benchmark::Counter::kIsRate);
}

BENCHMARK(divisions);
BENCHMARK(traffic)->Arg(16)->Arg(192)->Arg(384)->Arg(4096);

}  // namespace
}  // namespace calcispec::bench
