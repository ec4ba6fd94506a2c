// Non-negative least squares of 8 references beside a plain Lawson-Hanson.
#include "bench/bench_support.hpp"
#include "core/nnls.hpp"
#include "tests/oracle/nnls.hpp"

namespace calcispec::bench {
namespace {

Columns made_references(Index points, Index count) {
  Columns out;
  out.points = points;
  for (Index k = 0; k < count; ++k) {
    for (Index i = 0; i < points; ++i) {
      double y = 0;
      for (Index band = 0; band < 4; ++band) {
        const double at = static_cast<double>((97 + 211 * k + 331 * band) % 1000) / 1000;
        const double u = (static_cast<double>(i) / static_cast<double>(points) - at) / 0.015;
        y += 1 / (1 + u * u);
      }
      out.values.push_back(y);
    }
  }
  return out;
}

void run(benchmark::State& state, const Size& size) {
  const auto references = made_references(size.points, 8);
  const Eigen::Map<const Eigen::MatrixXd> a(references.values.data(), size.points, 8);
  auto spectra = made_spectra({size.points, size.spectra, 1});
  std::mt19937_64 random(7);
  std::normal_distribution<double> normal;
  for (Index r = 0; r < size.spectra; ++r) {
    Eigen::VectorXd amounts(8);
    for (double& amount : amounts) {
      amount = std::max(0.0, normal(random));  // about half of them absent
    }
    const Eigen::VectorXd y = a * amounts;
    for (Index i = 0; i < size.points; ++i) {
      spectra.row(r)[static_cast<std::size_t>(i)] = y[i] + 0.05 * normal(random);
    }
  }
  const double plain = seconds_of([&] {
    const Eigen::Map<const Eigen::VectorXd> y(spectra.row(0).data(), size.points);
    benchmark::DoNotOptimize(oracle::lawson_hanson(a, y));
  });
  measure(state, size, plain, [&] {
    benchmark::DoNotOptimize(solve_nnls(references, spectra, size.threads));
  });
}

const bool is_registered = [] {
  for (const auto& size : {
           Size{1000, 4096, 1},
           Size{1000, 4096, 2},
           Size{1000, 1,    1}
  }) {
    benchmark::RegisterBenchmark(name_of("nnls/references_8", size).c_str(),
                                 [size](benchmark::State& state) { run(state, size); });
  }
  return true;
}();

}  // namespace
}  // namespace calcispec::bench
