// What the benches share: spectra to work on, clocks, and the plain loop in the same run.
#pragma once

#include "core/build_info.hpp"
#include "core/spectra_matrix.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <chrono>
#include <cmath>
#include <ctime>
#include <random>
#include <string>

namespace calcispec::bench {

struct Size {
  Index points = 1000;
  Index spectra = 256;
  Index threads = 1;
};

/// "family/what/points:N/spectra:M/lanes:L/threads:T"
inline std::string name_of(const std::string& what, const Size& size) {
  return what + "/points:" + std::to_string(size.points) +
         "/spectra:" + std::to_string(size.spectra) + "/lanes:" + std::to_string(lane_count()) +
         "/threads:" + std::to_string(size.threads);
}

/// Raman-like: bands of two widths on a hump, noise of 5 on a highest band of 800.
inline SpectraMatrix made_spectra(const Size& size) {
  std::vector<double> x;
  for (Index i = 0; i < size.points; ++i) {
    x.push_back(400 + 1400 * static_cast<double>(i) / static_cast<double>(size.points));
  }
  auto out =
      SpectraMatrix::make(Axis::make(std::move(x), AxisKind::raman_shift, "1/cm"), size.spectra);
  std::mt19937_64 random(5);
  std::normal_distribution<double> normal;
  for (Index r = 0; r < size.spectra; ++r) {
    for (Index i = 0; i < size.points; ++i) {
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

/// CPU seconds of the process for one thread, seconds on the wall for several.
inline double now(Index threads) {
  if (threads == 1) {
    return static_cast<double>(std::clock()) / CLOCKS_PER_SEC;
  }
  return std::chrono::duration<double>(std::chrono::steady_clock::now().time_since_epoch()).count();
}

/// CPU seconds of one call, the least of a few attempts.
template <typename Work>
double seconds_of(const Work& work) {
  double best = 1e9;
  for (int attempt = 0; attempt < 5; ++attempt) {
    const double start = now(1);
    int calls = 0;
    do {
      work();
      ++calls;
    } while (now(1) - start < 0.01);
    best = std::min(best, (now(1) - start) / calls);
  }
  return best;
}

/// Runs the loop and sets the counters. `plain` are seconds per spectrum of the plain loop; 0:
/// none.
template <typename Work>
void measure(benchmark::State& state, const Size& size, double plain, const Work& work) {
  const double start = now(size.threads);
  for (auto _ : state) {
    work();
  }
  const double seconds =
      (now(size.threads) - start) / static_cast<double>(state.iterations() * size.spectra);
  state.counters["us_per_spectrum"] = 1e6 * seconds;
  state.counters["spectra_per_second"] = 1 / seconds;
  state.counters["bytes_per_second"] = static_cast<double>(size.points) * sizeof(double) / seconds;
  if (plain > 0) {
    state.counters["plain_loop_over_this"] = plain / seconds;
  }
}

}  // namespace calcispec::bench
