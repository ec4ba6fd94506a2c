#include "core/ripple_private.hpp"

#include "core/fft.hpp"
#include "core/order_statistic.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <complex>
#include <numbers>
#include <vector>

namespace calcispec::detail {
namespace {

// Chance that noise alone passes: 200 frequencies x 2 exp(-15), about 1e-4.
constexpr double least_power = 30;
constexpr double least_over_median = 21;

// Bins of the residual and of the power of its envelope.
struct Binned {
  std::vector<double> signal;
  std::vector<double> power;
  double width = 0;
};

// A ripple is everywhere; missed bands are in some places. The amplitudes in parts of the axis must
// agree within their uncertainty, or, for a strong ripple that bands have partly taken up, be there
// in most parts.
bool is_everywhere(const Binned& binned,
                   std::size_t used,
                   double turn,
                   std::complex<double> whole) {
  constexpr std::size_t parts = 8;
  constexpr std::size_t needed = 6;
  constexpr double most_disagreement = 20;  // chi-square of 7 degrees of freedom: 0.995
  double total = 0;
  std::array<double, parts> along{};
  std::array<double, parts> power{};
  const std::complex<double> direction = whole / std::abs(whole);
  for (std::size_t k = 0; k < used; ++k) {
    const double angle = -turn * binned.width * static_cast<double>(k);
    const std::complex<double> wave(std::cos(angle), std::sin(angle));
    const std::size_t part = k * parts / used;
    along[part] += binned.signal[k] * std::real(std::conj(direction) * wave);
    power[part] += binned.power[k];
    total += binned.power[k];
  }
  const double amplitude = 2 * std::abs(whole) / total;
  std::size_t count = 0;
  double disagreement = 0;
  for (std::size_t part = 0; part < parts; ++part) {
    const double own = 2 * along[part] / std::max(power[part], 1e-300);
    disagreement += std::pow(own - amplitude, 2) * power[part] / 2;
    count += own > amplitude / 3 ? 1 : 0;
  }
  return count >= needed || disagreement < most_disagreement;
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
  const double scale = std::max(upper_median(sizes) / 0.6745, 1e-300);
  const auto count = static_cast<std::size_t>(span / bin) + 2;
  std::size_t length = 256;
  while (length < 2 * count) {
    length *= 2;
  }
  Binned binned{std::vector<double>(length, 0.0), std::vector<double>(count, 0.0), bin};
  double power = 0;
  for (Index i = 0; i < x.size(); ++i) {
    if (weight[i] > 0) {
      const double root = std::sqrt(weight[i]);
      const double clipped = std::clamp(residual[i] * root / scale, -3.0, 3.0);
      const auto at = static_cast<std::size_t>((x[i] - x[0]) / bin);
      binned.signal[at] += clipped * root * envelope[i];
      binned.power[at] += weight[i] * envelope[i] * envelope[i];
      power += weight[i] * envelope[i] * envelope[i];
    }
  }
  std::vector<std::complex<double>> spectrum;
  fft_forward(binned.signal, spectrum);
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
      highest > least_power && highest > least_over_median * upper_median(levels);
  const double turn = static_cast<double>(best) * step;
  return stands_out && is_everywhere(binned, count - 1, turn, spectrum[best]) ? turn : 0;
}

}  // namespace calcispec::detail
