#include "core/ripple_private.hpp"

#include "core/fft.hpp"

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>
#include <vector>

namespace calcispec::detail {
namespace {

// Chance that noise alone passes: 200 frequencies x 2 exp(-15), about 1e-4.
constexpr double least_power = 30;
constexpr double least_over_median = 21;

double median_of(std::vector<double> values) {
  const auto middle = values.begin() + static_cast<std::ptrdiff_t>(values.size() / 2);
  std::nth_element(values.begin(), middle, values.end());
  return *middle;
}

}  // namespace

double find_ripple(const Eigen::ArrayXd& x,
                   const Eigen::ArrayXd& residual,
                   const Eigen::ArrayXd& weight,
                   const Eigen::ArrayXd& envelope,
                   const RippleSearch& search) {
  std::vector<double> sizes;
  sizes.reserve(static_cast<std::size_t>(x.size()));
  for (Index i = 0; i < x.size(); ++i) {
    if (weight[i] > 0) {
      sizes.push_back(std::abs(residual[i]) * std::sqrt(weight[i]));
    }
  }
  const double span = x[x.size() - 1] - x[0];
  const double bin = search.shortest_cm1 / 4;
  if (sizes.size() < 64 || !(span > 4 * search.longest_cm1)) {
    return 0;
  }
  // Missed bands are tall and few; a ripple is everywhere.
  const double scale = std::max(median_of(std::move(sizes)) / 0.6745, 1e-300);
  const auto count = static_cast<std::size_t>(span / bin) + 2;
  std::size_t length = 256;
  while (length < 2 * count) {
    length *= 2;
  }
  std::vector<double> binned(length, 0.0);
  double power = 0;  // of the weighted envelope
  for (Index i = 0; i < x.size(); ++i) {
    if (weight[i] > 0) {
      const double root = std::sqrt(weight[i]);
      const double clipped = std::clamp(residual[i] * root / scale, -3.0, 3.0);
      binned[static_cast<std::size_t>((x[i] - x[0]) / bin)] += clipped * root * envelope[i];
      power += weight[i] * envelope[i] * envelope[i];
    }
  }
  std::vector<std::complex<double>> spectrum;
  fft_forward(binned, spectrum);
  const double step = 2 * std::numbers::pi / (static_cast<double>(length) * bin);
  const auto first = static_cast<std::size_t>(2 * std::numbers::pi / search.longest_cm1 / step);
  const auto last = static_cast<std::size_t>(2 * std::numbers::pi / search.shortest_cm1 / step);
  std::vector<double> levels;
  std::size_t best = first;
  for (std::size_t k = first; k <= std::min(last, spectrum.size() - 1); ++k) {
    levels.push_back(2 * std::norm(spectrum[k]) / power);
    best = levels.back() > levels[best - first] ? k : best;
  }
  const double highest = levels[best - first];
  const bool stands_out =
      highest > least_power && highest > least_over_median * median_of(std::move(levels));
  return stands_out ? static_cast<double>(best) * step : 0;
}

}  // namespace calcispec::detail
