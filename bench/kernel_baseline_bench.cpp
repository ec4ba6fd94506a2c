// Baselines, filters and the joint mixture, each beside its plain loop in the same run.
#include "core/band_mixture.hpp"
#include "core/chain.hpp"
#include "models/joint_baseline.hpp"
#include "tests/oracle/plain_loops.hpp"

#include <benchmark/benchmark.h>

#include <chrono>
#include <cmath>
#include <random>

namespace calcispec {
namespace {

constexpr Index points = 1000;
constexpr Index rows = 256;

SpectraMatrix made_spectra() {
  std::vector<double> x;
  for (Index i = 0; i < points; ++i) {
    x.push_back(400 + 1.4 * static_cast<double>(i));
  }
  auto out = SpectraMatrix::make(Axis::make(std::move(x), AxisKind::raman_shift, "1/cm"), rows);
  std::mt19937_64 random(5);
  std::normal_distribution<double> normal;
  for (Index r = 0; r < rows; ++r) {
    for (Index i = 0; i < points; ++i) {
      const double v = out.axis->values()[static_cast<std::size_t>(i)];
      double y = 300 + 200 * std::exp(-std::pow((v - 1000) / 500, 2)) + 5 * normal(random);
      for (const double at : {430.0, 590.0, 960.0, 1045.0, 1071.0, 1450.0, 1667.0}) {
        const double u = (v - at) / 9;
        y += (at == 960.0 ? 800 : 120) / (1 + u * u);
      }
      out.row(r)[static_cast<std::size_t>(i)] = y;
    }
  }
  return out;
}

const SpectraMatrix& spectra() {
  static const SpectraMatrix made = made_spectra();
  return made;
}

using Clock = std::chrono::steady_clock;

// Seconds per spectrum of the plain loop, measured in the same run.
template <typename Plain>
double plain_seconds(const Plain& plain) {
  constexpr Index count = 16;
  double best = 1e9;
  for (int attempt = 0; attempt < 3; ++attempt) {
    const auto start = Clock::now();
    for (Index r = 0; r < count; ++r) {
      benchmark::DoNotOptimize(plain(spectra().row(r)));
    }
    best = std::min(
        best,
        std::chrono::duration<double>(Clock::now() - start).count() / static_cast<double>(count));
  }
  return best;
}

void run_method(benchmark::State& state,
                const char* family,
                const char* method,
                const std::vector<GivenParameter>& given,
                double plain) {
  const auto* info = find_core_method(family, method);
  const ChainStep step{family, method, ParameterSet::checked(info->parameters, given, method)};
  const auto start = Clock::now();
  for (auto _ : state) {
    benchmark::DoNotOptimize(run_chain(spectra(), std::span(&step, 1), 1));
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count() /
                         static_cast<double>(state.iterations() * rows);
  state.counters["us_per_spectrum"] = 1e6 * seconds;
  state.counters["spectra_per_second"] = 1 / seconds;
  if (plain > 0) {
    state.counters["plain_loop_over_this"] = plain / seconds;
  }
}

void asls(benchmark::State& state) {
  run_method(state, "baseline", "asls", {}, plain_seconds([](auto row) {
               return oracle::asls(row, 1e6, 0.01);
             }));
}
BENCHMARK(asls)->Name("baseline/asls/points:1000/spectra:256/threads:1");

void arpls(benchmark::State& state) {
  run_method(state, "baseline", "arpls", {}, plain_seconds([](auto row) {
               return oracle::arpls(row, 1e5);
             }));
}
BENCHMARK(arpls)->Name("baseline/arpls/points:1000/spectra:256/threads:1");

void savgol(benchmark::State& state) {
  // Plain: the same 11 weights, point by point.
  const auto plain = [](std::span<const double> y) {
    constexpr double weights[11] = {-36, 9, 44, 69, 84, 89, 84, 69, 44, 9, -36};
    std::vector<double> out(y.size());
    for (std::size_t i = 5; i + 5 < y.size(); ++i) {
      double sum = 0;
      for (std::size_t k = 0; k < 11; ++k) {
        sum += weights[k] * y[i + k - 5];
      }
      out[i] = sum / 429;
    }
    return out;
  };
  run_method(state, "smooth", "savgol", {}, plain_seconds(plain));
}
BENCHMARK(savgol)->Name("smooth/savgol/points:1000/spectra:256/threads:1");

void fft_filter(benchmark::State& state) {
  run_method(state,
             "smooth",
             "fft",
             {
                 {"cutoff", "0.08", ""}
  },
             0);
}
BENCHMARK(fft_filter)->Name("smooth/fft/points:1000/spectra:256/threads:1");

void joint_baseline(benchmark::State& state) {
  Index row = 0;
  const auto start = Clock::now();
  for (auto _ : state) {
    benchmark::DoNotOptimize(
        models::fit_joint_baseline(*spectra().axis, spectra().row(row), Technique::raman));
    row = (row + 1) % rows;
  }
  const double seconds = std::chrono::duration<double>(Clock::now() - start).count() /
                         static_cast<double>(state.iterations());
  state.counters["us_per_spectrum"] = 1e6 * seconds;
  state.counters["spectra_per_second"] = 1 / seconds;
}
BENCHMARK(joint_baseline)->Name("mixture/joint_baseline/points:1000/spectra:1/threads:1");

}  // namespace
}  // namespace calcispec
