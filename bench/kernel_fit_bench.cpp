// The band fit beside plain scalar loops of the same algorithm and Eigen's LevenbergMarquardt.
#include "bench/fit_jobs.hpp"
#include "bench/fit_residuals.hpp"
#include "core/fit.hpp"
#include "tests/oracle/plain_fit.hpp"

#include <Eigen/Dense>

#include <unsupported/Eigen/NonLinearOptimization>

namespace calcispec::bench {
namespace {

constexpr int job_count = 1000;

const FitJobs& jobs_of(int bands) {
  static const FitJobs made[3] = {
      make_fit_jobs(1, job_count), make_fit_jobs(2, job_count), make_fit_jobs(4, job_count)};
  return made[bands == 4 ? 2 : bands - 1];
}

double plain_fit(const test::BandJob& job) {
  std::vector<double> shape;
  for (const auto& band : job.start) {
    shape.insert(shape.end(), {band.center, band.fwhm, band.share});
  }
  return oracle::PlainFitter(job.x, job.y, job.sigma).run(std::move(shape), 1e-9).chi_square;
}

void own(benchmark::State& state) {
  const auto& jobs = jobs_of(static_cast<int>(state.range(0)));
  const auto fit = [&](std::size_t k) {
    const auto& job = jobs.jobs[k];
    return fit_bands(jobs.models[k], job.x, job.y, std::span(&job.sigma, 1)).chi_square;
  };
  run_fits(state, jobs, fit);
  const double plain = seconds_per_fit(100, [&](std::size_t k) { return plain_fit(jobs.jobs[k]); });
  state.counters["plain_loop_over_this"] = plain * state.counters["fits_per_second"];
}
BENCHMARK(own)->Name("fit/bands/points:300/threads:1/bands")->Arg(1)->Arg(2)->Arg(4);

void plain(benchmark::State& state) {
  const auto& jobs = jobs_of(static_cast<int>(state.range(0)));
  run_fits(state, jobs, [&](std::size_t k) { return plain_fit(jobs.jobs[k]); });
}
BENCHMARK(plain)->Name("fit/plain_loop/points:300/threads:1/bands")->Arg(1)->Arg(2)->Arg(4);

struct EigenJob {
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

void eigen(benchmark::State& state) {
  const auto& jobs = jobs_of(static_cast<int>(state.range(0)));
  run_fits(state, jobs, [&](std::size_t k) {
    EigenJob job{jobs.jobs[k]};
    const auto start = start_vector(jobs.jobs[k]);
    Eigen::VectorXd p = Eigen::Map<const Eigen::VectorXd>(start.data(), job.inputs());
    Eigen::LevenbergMarquardt<EigenJob> solver(job);
    solver.minimize(p);
    return solver.fvec.squaredNorm();
  });
}
BENCHMARK(eigen)->Name("fit/eigen/points:300/threads:1/bands")->Arg(1)->Arg(2)->Arg(4);

}  // namespace
}  // namespace calcispec::bench
