// The joint solver of columns and background beside a plain loop; the fit of bands on top of it.
#include "bench/bench_support.hpp"
#include "core/band_mixture.hpp"
#include "tests/oracle/mixture.hpp"

#include <array>
#include <limits>

namespace calcispec::bench {
namespace {

constexpr Size one{1000, 1, 1};
constexpr std::array<double, 8> centers{430, 590, 960, 1045, 1071, 1250, 1450, 1667};

void solve(benchmark::State& state, double stiffness) {
  const auto spectra = made_spectra(one);
  const auto x = spectra.axis->values();
  Columns columns;
  columns.points = one.points;
  for (const double center : centers) {
    for (const double v : x) {
      const double u = (v - center) / 9;
      columns.values.push_back(1 / (1 + u * u));
    }
  }
  const std::vector<double> sigma(x.size(), 5.0);
  MixtureProblem problem;
  problem.x = x;
  problem.y = spectra.row(0);
  problem.sigma = sigma;
  problem.columns = &columns;
  problem.lower.assign(centers.size(), -std::numeric_limits<double>::infinity());
  problem.background.stiffness = stiffness;
  const double plain = stiffness > 0 ? seconds_of([&] {
    benchmark::DoNotOptimize(oracle::mixture(x, spectra.row(0), sigma, columns.values, stiffness));
  })
                                     : 0;
  measure(state, one, plain, [&] { benchmark::DoNotOptimize(solve_mixture(problem)); });
}

void fit_bands(benchmark::State& state) {
  const auto spectra = made_spectra(one);
  const std::vector<double> sigma(static_cast<std::size_t>(one.points), 5.0);
  std::vector<MixtureBand> bands;
  for (const double center : centers) {
    MixtureBand band;
    band.center = center;
    band.fwhm = 18;
    band.lorentz_share = 1;
    band.center_sd = 1.5;
    band.log_fwhm_sd = 0.15;
    bands.push_back(band);
  }
  measure(state, one, 0, [&] {
    benchmark::DoNotOptimize(
        fit_band_mixture(spectra.axis->values(), spectra.row(0), sigma, bands, 0, {}));
  });
}

const bool is_registered = [] {
  benchmark::RegisterBenchmark(name_of("mixture/solve_fixed_8_columns", one).c_str(),
                               [](benchmark::State& state) { solve(state, 10); });
  benchmark::RegisterBenchmark(name_of("mixture/solve_8_columns", one).c_str(),
                               [](benchmark::State& state) { solve(state, 0); });
  benchmark::RegisterBenchmark(name_of("mixture/fit_8_bands", one).c_str(), fit_bands);
  return true;
}();

}  // namespace
}  // namespace calcispec::bench
