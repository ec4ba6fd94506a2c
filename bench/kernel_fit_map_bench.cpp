// Three bands and a line in every pixel of a map, pixels without mineral included: automatic
// starts, beside Eigen's LevenbergMarquardt that is given starts near the truth.
#include "bench/fit_jobs.hpp"
#include "bench/fit_residuals.hpp"

#include <Eigen/Dense>

#include <random>
#include <unsupported/Eigen/NonLinearOptimization>

namespace calcispec::bench {
namespace {

constexpr Index side = 64;
constexpr Index point_count = 1000;
constexpr std::uint64_t seed = 7;

struct MapJob {
  SpectraMatrix spectra;
  double sigma = 0.02;
  std::vector<char> has_mineral;
  std::vector<test::BandJob> jobs;  // of pixels with mineral, for solvers of others
  std::vector<std::size_t> pixel;   // of each job
  std::vector<double> least;        // least chi-square known, per job
};

BandModel band_model() {
  BandModel model;
  const double centers[] = {962, 1005, 1072};
  for (const double center : centers) {
    Band band = Band::make("", *find_band_shape("pseudo_voigt"));
    band.parameter("center").lower = center - 12;
    band.parameter("center").upper = center + 12;
    band.parameter("fwhm").lower = 4;
    band.parameter("fwhm").upper = 50;
    model.bands.push_back(band);
  }
  return model;
}

// The pixel's bands, drawn anew; heights over sigma from 5 to 50. A quarter is without mineral.
test::BandJob make_pixel(std::mt19937_64& random, bool has_mineral, const MapJob& map) {
  const auto uniform = [&](double low, double high) {
    return std::uniform_real_distribution<double>(low, high)(random);
  };
  test::BandJob job;
  job.sigma = map.sigma;
  const double centers[] = {962, 1005, 1072};
  const double heights[] = {1, 0.3, 0.4};
  const double mineral = uniform(0.4, 1);
  for (std::size_t b = 0; b < 3; ++b) {
    const test::SimulatedBand band{mineral * heights[b] * uniform(0.8, 1.2),
                                   centers[b] + uniform(-3, 3),
                                   uniform(10, 25),
                                   uniform(0.1, 0.9)};
    job.truth.push_back(band);
    job.start.push_back({band.height * uniform(0.6, 1.5),
                         band.center + (uniform(0, 1) < 0.5 ? -5 : 5),
                         band.fwhm * uniform(0.6, 1.5),
                         0.5});
  }
  std::normal_distribution<double> noise(0, map.sigma);
  job.offset = uniform(0.1, 0.4);
  job.slope = uniform(-0.1, 0.1);
  for (const double x : map.spectra.axis->values()) {
    double y = job.offset + job.slope * (x - 1025) / 125 + noise(random);
    for (const auto& band : job.truth) {
      y += has_mineral ? test::true_profile(x, band) : 0;
    }
    job.x.push_back(x);
    job.y.push_back(y);
  }
  return job;
}

BandModel model_at_truth(const test::BandJob& job) {
  auto model = band_model();
  for (std::size_t b = 0; b < 3; ++b) {
    const auto& band = job.truth[b];
    const double starts[] = {band.height, band.center, band.fwhm, band.share};
    for (std::size_t j = 0; j < 4; ++j) {
      model.bands[b].parameters[j].start = starts[j];
    }
  }
  return model;
}

const MapJob& map_job() {
  static const MapJob made = [] {
    MapJob map;
    std::vector<double> x;
    for (Index i = 0; i < point_count; ++i) {
      x.push_back(900 + 250.0 * static_cast<double>(i) / (point_count - 1));
    }
    const auto axis = Axis::make(std::move(x), AxisKind::raman_shift, "1/cm");
    map.spectra = SpectraMatrix::make(axis, side * side);
    std::mt19937_64 random(seed);
    FitOptions tight;
    tight.tolerance = 1e-12;
    tight.extra_starts = 0;
    for (Index pixel = 0; pixel < side * side; ++pixel) {
      const bool has_mineral = pixel % 4 != 3;
      auto job = make_pixel(random, has_mineral, map);
      std::copy(job.y.begin(), job.y.end(), map.spectra.row(pixel).begin());
      if (has_mineral) {
        map.least.push_back(
            fit_bands(model_at_truth(job), job.x, job.y, std::span(&map.sigma, 1), tight)
                .chi_square);
        map.pixel.push_back(static_cast<std::size_t>(pixel));
        map.jobs.push_back(std::move(job));
      }
    }
    return map;
  }();
  return made;
}

void own(benchmark::State& state) {
  const auto& map = map_job();
  FitOptions options;
  options.gate = 4;
  options.further_starts = FurtherStarts::doubtful;
  std::vector<FitResult> results;
  double best = 1e9;
  while (state.KeepRunning()) {
    const double start = cpu_seconds();
    results = fit_bands(band_model(), map.spectra, std::span(&map.sigma, 1), options, 1);
    best = std::min(best, cpu_seconds() - start);
  }
  std::size_t reached = 0;
  std::size_t left_out = 0;
  for (std::size_t k = 0; k < map.jobs.size(); ++k) {
    const auto& result = results[map.pixel[k]];
    reached += result.chi_square <= map.least[k] * (1 + 1e-4) ? 1U : 0U;
  }
  for (const auto& result : results) {
    left_out += result.status == FitStatus::not_fitted ? 1U : 0U;
  }
  state.counters["cpu_seconds_per_map"] = best;
  state.counters["us_per_spectrum"] = 1e6 * best / static_cast<double>(side * side);
  state.counters["minimum_reached"] =
      100 * static_cast<double>(reached) / static_cast<double>(map.jobs.size());
  state.counters["not_fitted"] = static_cast<double>(left_out);
}
BENCHMARK(own)
    ->Name("fit_map/bands:3/points:1000/spectra:4096/threads:1")
    ->Unit(benchmark::kMillisecond);

struct EigenPixel {
  using Scalar = double;
  using InputType = Eigen::VectorXd;
  using ValueType = Eigen::VectorXd;
  using JacobianType = Eigen::MatrixXd;
  // NOLINTNEXTLINE(readability-identifier-naming): the names are Eigen's
  enum { InputsAtCompileTime = Eigen::Dynamic, ValuesAtCompileTime = Eigen::Dynamic };
  const test::BandJob& job;

  [[nodiscard]] int inputs() const { return static_cast<int>(4 * job.start.size() + 2); }
  [[nodiscard]] int values() const { return static_cast<int>(job.x.size()); }
  int operator()(const InputType& p, ValueType& residuals) const {
    fill_job_residuals(job, p.data(), residuals.data(), nullptr);
    return 0;
  }
  int df(const InputType& p, JacobianType& jacobian) const {
    Eigen::VectorXd residuals(values());
    fill_job_residuals(job, p.data(), residuals.data(), jacobian.data());
    return 0;
  }
};

// Pixels with mineral only, no bounds, no errors.
void eigen(benchmark::State& state) {
  const auto& map = map_job();
  std::vector<double> chi_square(map.jobs.size());
  double best = 1e9;
  while (state.KeepRunning()) {
    const double begin = cpu_seconds();
    for (std::size_t k = 0; k < map.jobs.size(); ++k) {
      EigenPixel pixel{map.jobs[k]};
      const auto start = start_vector(map.jobs[k]);
      Eigen::VectorXd p = Eigen::Map<const Eigen::VectorXd>(start.data(), pixel.inputs());
      Eigen::LevenbergMarquardt<EigenPixel> solver(pixel);
      solver.minimize(p);
      chi_square[k] = solver.fvec.squaredNorm();
    }
    best = std::min(best, cpu_seconds() - begin);
  }
  std::size_t reached = 0;
  for (std::size_t k = 0; k < map.jobs.size(); ++k) {
    reached += chi_square[k] <= map.least[k] * (1 + 1e-4) ? 1U : 0U;
  }
  state.counters["cpu_seconds_per_map"] = best;
  state.counters["minimum_reached"] =
      100 * static_cast<double>(reached) / static_cast<double>(map.jobs.size());
}
BENCHMARK(eigen)
    ->Name("fit_map/eigen/bands:3/points:1000/spectra:3072/threads:1")
    ->Unit(benchmark::kMillisecond)
    ->Iterations(1);

}  // namespace
}  // namespace calcispec::bench
