// The band-fit job with cminpack and ceres TinySolver; built only where they are installed.
#include "bench/fit_jobs.hpp"
#include "bench/fit_residuals.hpp"

#include <ceres/tiny_solver.h>
#include <cminpack.h>

namespace calcispec::bench {
namespace {

constexpr int job_count = 500;

const FitJobs& jobs() {
  static const FitJobs made = make_fit_jobs(4, job_count);
  return made;
}

// NOLINTNEXTLINE(readability-function-size): the parameters are cminpack's
int minpack_function(
    void* data, int points, int count, const double* p, double* r, double* j, int, int flag) {
  const auto& job = *static_cast<const test::BandJob*>(data);
  std::vector<double> scratch;
  if (flag == 2) {
    scratch.resize(static_cast<std::size_t>(points));
    fill_job_residuals(job, p, scratch.data(), j);
  } else {
    fill_job_residuals(job, p, r, nullptr);
  }
  static_cast<void>(count);
  return 0;
}

double minpack_fit(const test::BandJob& job) {
  auto p = start_vector(job);
  const int count = static_cast<int>(p.size());
  const int points = static_cast<int>(job.x.size());
  std::vector<double> residuals(job.x.size());
  std::vector<double> jacobian(job.x.size() * p.size());
  std::vector<int> pivots(p.size());
  std::vector<double> work(5 * p.size() + job.x.size());
  test::BandJob copy = job;
  lmder1(minpack_function,
         &copy,
         points,
         count,
         p.data(),
         residuals.data(),
         jacobian.data(),
         points,
         1e-9,
         pivots.data(),
         work.data(),
         static_cast<int>(work.size()));
  double total = 0;
  for (const double r : residuals) {
    total += r * r;
  }
  return total;
}

void cminpack(benchmark::State& state) {
  run_fits(state, jobs(), [](std::size_t k) { return minpack_fit(jobs().jobs[k]); });
}
BENCHMARK(cminpack)->Name("fit/cminpack/points:300/threads:1/bands:4");

struct TinyJob {
  using Scalar = double;
  // NOLINTNEXTLINE(readability-identifier-naming): its interface
  enum { NUM_RESIDUALS = Eigen::Dynamic, NUM_PARAMETERS = 18 };
  const test::BandJob& job;

  [[nodiscard]] int NumResiduals() const {  // NOLINT(readability-identifier-naming): its interface
    return static_cast<int>(job.x.size());
  }
  bool operator()(const double* p, double* residuals, double* jacobian) const {
    fill_job_residuals(job, p, residuals, jacobian);
    return true;
  }
};

void tiny_solver(benchmark::State& state) {
  run_fits(state, jobs(), [](std::size_t k) {
    const TinyJob job{jobs().jobs[k]};
    const auto start = start_vector(jobs().jobs[k]);
    Eigen::Matrix<double, 18, 1> p = Eigen::Map<const Eigen::Matrix<double, 18, 1>>(start.data());
    ceres::TinySolver<TinyJob> solver;
    solver.options.max_num_iterations = 200;
    solver.Solve(job, &p);
    return 2 * solver.summary.final_cost;
  });
}
BENCHMARK(tiny_solver)->Name("fit/tiny_solver/points:300/threads:1/bands:4");

}  // namespace
}  // namespace calcispec::bench
