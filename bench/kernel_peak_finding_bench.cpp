// Both peak finders beside a plain loop of wavelets.
#include "bench/bench_support.hpp"
#include "core/peak_finding.hpp"

#include <span>
#include <vector>

namespace calcispec::bench {
namespace {

// The textbook loop: Mexican hats of widths 1 to 30 by direct sums, as find_peaks_cwt does, without
// its ridges.
double plain_wavelet(std::span<const double> y) {
  const auto n = static_cast<Index>(y.size());
  double largest = 0;
  for (int width = 1; width <= 30; ++width) {
    const Index half = Index{5} * width;
    std::vector<double> hat(static_cast<std::size_t>(2 * half + 1));
    for (Index j = -half; j <= half; ++j) {
      const double t = static_cast<double>(j) / width;
      hat[static_cast<std::size_t>(j + half)] = (1 - t * t) * std::exp(-0.5 * t * t);
    }
    for (Index i = 0; i < n; ++i) {
      double sum = 0;
      for (Index j = std::max<Index>(-half, -i); j <= std::min(half, n - 1 - i); ++j) {
        sum += hat[static_cast<std::size_t>(j + half)] * y[static_cast<std::size_t>(i + j)];
      }
      largest = std::max(largest, sum);
    }
  }
  return largest;
}

void run(benchmark::State& state, const Size& size, PeakFinder finder) {
  const auto spectra = made_spectra(size);
  const auto x = spectra.axis->values();
  const double plain = seconds_of([&] { benchmark::DoNotOptimize(plain_wavelet(spectra.row(0))); });
  PeakOptions options;
  options.finder = finder;
  measure(state, size, plain, [&] {
    for (Index r = 0; r < spectra.rows(); ++r) {
      benchmark::DoNotOptimize(find_peaks(x, spectra.row(r), {}, options));
    }
  });
}

const bool is_registered = [] {
  const Size size{1000, 64, 1};
  for (const auto finder : {PeakFinder::derivative, PeakFinder::wavelet}) {
    const auto name = "peaks/" + std::string(peak_finder_name(finder));
    benchmark::RegisterBenchmark(
        name_of(name, size).c_str(),
        [size, finder](benchmark::State& state) { run(state, size, finder); });
  }
  return true;
}();

}  // namespace
}  // namespace calcispec::bench
