// The joint model of bands and background beside a plain loop of the same step.
#include "core/band_mixture.hpp"
#include "models/joint_baseline.hpp"
#include "tests/oracle/plain_mixture.hpp"
#include "tests/support/baseline_truth.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <ctime>
#include <vector>

namespace calcispec {
namespace {

constexpr int spectra = 32;

// CPU time of this one thread: other programs on the machine do not count.
double cpu_seconds() {
  return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
}

const std::vector<test::BaselineTruth>& made_truths(bool is_raman) {
  const auto make = [](bool raman) {
    std::vector<test::BaselineTruth> list;
    for (int k = 0; k < spectra; ++k) {
      test::BaselineTruthSettings settings;
      settings.is_raman = raman;
      settings.shape = raman ? test::BackgroundShape::hump : test::BackgroundShape::mie;
      settings.amplitude = raman ? 3 : 0.5;
      settings.seed = 9000 + static_cast<std::uint64_t>(k);
      list.push_back(make_baseline_truth(settings));
    }
    return list;
  };
  static const auto raman = make(true);
  static const auto ftir = make(false);
  return is_raman ? raman : ftir;
}

// One dense step of least squares from the bands' table values; a fit needs about nine.
double plain_step_seconds(const std::vector<test::BaselineTruth>& truths) {
  double best = 1e9;
  for (int attempt = 0; attempt < 3; ++attempt) {
    const double start = cpu_seconds();
    for (int k = 0; k < 4; ++k) {
      const auto& truth = truths[static_cast<std::size_t>(k)];
      benchmark::DoNotOptimize(oracle::plain_mixture_step(truth.x, truth.y, 40, 15));
    }
    best = std::min(best, (cpu_seconds() - start) / 4);
  }
  return best;
}

void joint_baseline(benchmark::State& state, bool is_raman) {
  const auto& truths = made_truths(is_raman);
  const auto axis =
      Axis::make(truths[0].x, is_raman ? AxisKind::raman_shift : AxisKind::wavenumber, "1/cm");
  const auto technique = is_raman ? Technique::raman : Technique::ftir;
  const double plain = plain_step_seconds(truths);
  double best = 1e9;
  for ([[maybe_unused]] auto _ : state) {
    const double start = cpu_seconds();
    for (const auto& truth : truths) {
      benchmark::DoNotOptimize(models::fit_joint_baseline(*axis, truth.y, technique));
    }
    best = std::min(best, (cpu_seconds() - start) / spectra);
  }
  state.counters["us_per_spectrum"] = 1e6 * best;
  state.counters["spectra_per_second"] = 1 / best;
  state.counters["plain_step_over_this"] = plain / best;
}

BENCHMARK_CAPTURE(joint_baseline, raman, true)
    ->Name("mixture/joint_raman/points:1000/spectra:32/threads:1")
    ->Unit(benchmark::kMillisecond);
BENCHMARK_CAPTURE(joint_baseline, ftir, false)
    ->Name("mixture/joint_ftir/points:1776/spectra:32/threads:1")
    ->Unit(benchmark::kMillisecond);

}  // namespace
}  // namespace calcispec
