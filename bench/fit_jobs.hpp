// The job of the band-fit benches: simulated spectra, displaced starts, the least chi-square known.
#pragma once

#include "core/fit.hpp"
#include "tests/support/simulate_bands.hpp"

#include <benchmark/benchmark.h>

#include <algorithm>
#include <ctime>
#include <span>
#include <vector>

namespace calcispec::bench {

inline BandModel model_from(const std::vector<test::SimulatedBand>& bands) {
  BandModel model;
  for (const auto& band : bands) {
    Band own = Band::make("", *find_band_shape("pseudo_voigt"));
    const double starts[4] = {band.height, band.center, band.fwhm, band.share};
    for (std::size_t j = 0; j < 4; ++j) {
      own.parameters[j].start = starts[j];
    }
    own.parameter("center").lower = 900;
    own.parameter("center").upper = 1150;
    own.parameter("fwhm").lower = 2;
    own.parameter("fwhm").upper = 120;
    model.bands.push_back(own);
  }
  return model;
}

struct FitJobs {
  std::vector<test::BandJob> jobs;
  std::vector<BandModel> models;
  std::vector<double> best;  // least chi-square from the truth and from the starts, tight stop
};

inline FitJobs make_fit_jobs(int bands, int count) {
  FitJobs out;
  FitOptions tight;
  tight.tolerance = 1e-12;
  for (int k = 0; k < count; ++k) {
    out.jobs.push_back(test::make_band_job(bands, 1000 + static_cast<std::uint64_t>(k)));
    const auto& job = out.jobs.back();
    out.models.push_back(model_from(job.start));
    const auto sigma = std::span(&job.sigma, 1);
    const auto truth = fit_bands(model_from(job.truth), job.x, job.y, sigma, tight);
    const auto start = fit_bands(out.models.back(), job.x, job.y, sigma, tight);
    out.best.push_back(std::min(truth.chi_square, start.chi_square));
  }
  return out;
}

inline double cpu_seconds() {
  timespec now{};
  clock_gettime(CLOCK_THREAD_CPUTIME_ID, &now);
  return static_cast<double>(now.tv_sec) + 1e-9 * static_cast<double>(now.tv_nsec);
}

/// CPU seconds per fit: the least of a few rounds over all jobs. fit(k) returns chi-square.
template <typename Fit>
double seconds_per_fit(std::size_t count, const Fit& fit) {
  double best = 1e9;
  for (int round = 0; round < 3; ++round) {
    const double start = cpu_seconds();
    for (std::size_t k = 0; k < count; ++k) {
      benchmark::DoNotOptimize(fit(k));
    }
    best = std::min(best, (cpu_seconds() - start) / static_cast<double>(count));
  }
  return best;
}

/// Runs a bench over all jobs and fills the counters. Rates are of CPU time, the least disturbed
/// round counts.
template <typename Fit>
void run_fits(benchmark::State& state, const FitJobs& jobs, const Fit& fit) {
  const std::size_t count = jobs.jobs.size();
  double best = 1e9;
  for (auto _ : state) {
    const double start = cpu_seconds();
    for (std::size_t k = 0; k < count; ++k) {
      benchmark::DoNotOptimize(fit(k));
    }
    best = std::min(best, (cpu_seconds() - start) / static_cast<double>(count));
  }
  int reached = 0;
  for (std::size_t k = 0; k < count; ++k) {
    reached += fit(k) <= jobs.best[k] * (1 + 1e-4) ? 1 : 0;
  }
  state.counters["fits_per_second"] = 1 / best;
  state.counters["us_per_spectrum"] = 1e6 * best;
  state.counters["minimum_reached"] = 100.0 * reached / static_cast<double>(count);
}

}  // namespace calcispec::bench
