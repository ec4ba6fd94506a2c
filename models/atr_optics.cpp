#include "models/atr_optics.hpp"

#include "core/band_mixture.hpp"
#include "core/error.hpp"

#include <algorithm>
#include <cmath>
#include <complex>
#include <numbers>

namespace calcispec::models {
namespace {

// Dawson's integral F(t): the Hilbert transform of exp(-t^2) is 2 F(t) / sqrt(pi).
// Rybicki, Computers in Physics 3 (1989) 85: a sum of shifted Gaussians, exact as the step -> 0.
double dawson(double t) {
  const double size = std::abs(t);
  if (size > 6) {
    const double q = 1 / (t * t);
    return (1 + q * (0.5 + 0.75 * q)) / (2 * t);
  }
  constexpr double step = 0.4;
  const double middle = 2 * std::round(0.5 * size / step);
  double sum = 0;
  for (int odd = -11; odd <= 11; odd += 2) {
    const double u = size - (middle + odd) * step;
    sum += std::exp(-u * u) / (middle + odd);
  }
  return std::copysign(sum / std::sqrt(std::numbers::pi), t);
}

// Hilbert partner of a pseudo-Voigt of unit height: positive below the band, negative above it.
double dispersion(double x, double center, double fwhm, double lorentz_share) {
  const double u = 2 * (center - x) / fwhm;
  const double t = std::sqrt(std::numbers::ln2) * u;
  return lorentz_share * u / (1 + u * u) +
         (1 - lorentz_share) * 2 / std::sqrt(std::numbers::pi) * dawson(t);
}

// The complex index of the sample; k of a band is its absorbance over its wavenumber.
class Sample {
 public:
  Sample(std::span<const ReferenceBand> bands, const AtrOptics& optics)
      : bands_(bands), base_(optics.sample_index) {
    double top = 0;
    for (const auto& band : bands) {
      top = std::max(top, strength(band.position_cm1));
    }
    scale_ = top > 0 ? optics.peak_k / top : 0;
  }

  /// Not scaled: shares of bands in it are what counts.
  [[nodiscard]] double strength(double x) const {
    double sum = 0;
    for (const auto& band : bands_) {
      sum += band.relative_intensity / band.position_cm1 *
             pseudo_voigt(x, band.position_cm1, band.fwhm_cm1, band.lorentz_share);
    }
    return sum;
  }

  [[nodiscard]] std::complex<double> index(double x) const {
    double n = 0;
    for (const auto& band : bands_) {
      const double weight = band.relative_intensity / band.position_cm1;
      // k is odd in x, so each band has a mirror image at minus its position.
      n += weight * (dispersion(x, band.position_cm1, band.fwhm_cm1, band.lorentz_share) +
                     dispersion(-x, band.position_cm1, band.fwhm_cm1, band.lorentz_share));
    }
    return {base_ + scale_ * n, scale_ * strength(x)};
  }

 private:
  std::span<const ReferenceBand> bands_;
  double base_;
  double scale_ = 0;
};

double absorbance_at(double x, const Sample& sample, const AtrOptics& optics) {
  const double angle = optics.angle_degrees * std::numbers::pi / 180;
  const double n1 = optics.crystal_index;
  const auto n2 = sample.index(x);
  const auto square = n2 * n2;
  const auto normal = std::sqrt(square - n1 * n1 * std::sin(angle) * std::sin(angle));
  const double cosine = std::cos(angle);
  const double across = std::norm((n1 * cosine - normal) / (n1 * cosine + normal));
  const double along = std::norm((square * cosine - n1 * normal) / (square * cosine + n1 * normal));
  return -std::log10(0.5 * (across + along));
}

struct Maximum {
  double position = 0;
  double height = 0;
  bool is_inner = false;  // a true maximum, not the end of the search
};

// Strong bands move down by up to a third of their width.
Maximum find_maximum(const ReferenceBand& band, const Sample& sample, const AtrOptics& optics) {
  const double from = std::max(1.0, band.position_cm1 - 0.7 * band.fwhm_cm1 - 2);
  const double to = band.position_cm1 + 0.3 * band.fwhm_cm1 + 2;
  constexpr int steps = 40;
  const double step = (to - from) / steps;
  int best = 0;
  std::vector<double> height(steps + 1);
  for (int i = 0; i <= steps; ++i) {
    height[static_cast<std::size_t>(i)] = absorbance_at(from + i * step, sample, optics);
    if (height[static_cast<std::size_t>(i)] > height[static_cast<std::size_t>(best)]) {
      best = i;
    }
  }
  return {from + best * step, height[static_cast<std::size_t>(best)], best > 0 && best < steps};
}

}  // namespace

std::vector<double> atr_absorbance(std::span<const double> x,
                                   std::span<const ReferenceBand> transmission,
                                   const AtrOptics& optics) {
  require(optics.crystal_index * std::sin(optics.angle_degrees * std::numbers::pi / 180) >
              optics.sample_index,
          "no total reflection: the crystal's index times the sine of the angle must exceed the "
          "sample's index");
  const Sample sample(transmission, optics);
  std::vector<double> out;
  out.reserve(x.size());
  for (const double v : x) {
    out.push_back(absorbance_at(v, sample, optics));
  }
  return out;
}

std::vector<ReferenceBand> derive_atr_bands(std::span<const ReferenceBand> transmission,
                                            const AtrOptics& optics) {
  const Sample sample(transmission, optics);
  std::vector<ReferenceBand> bands(transmission.begin(), transmission.end());
  double top = 0;
  for (auto& band : bands) {
    const auto row = band;
    auto maximum = find_maximum(row, sample, optics);
    if (!maximum.is_inner) {
      // A shoulder: the dispersion of a band alone in its place says how far it moves.
      auto weak = optics;
      weak.peak_k *= row.relative_intensity / 100;
      maximum.position = find_maximum(row, Sample(std::span(&row, 1), weak), weak).position;
      maximum.height = absorbance_at(maximum.position, sample, optics);
    }
    const double own =
        row.relative_intensity / row.position_cm1 / sample.strength(row.position_cm1);
    band.position_cm1 = maximum.position;
    band.fwhm_cm1 = row.fwhm_cm1 + std::abs(maximum.position - row.position_cm1);
    band.relative_intensity = own * maximum.height;
    band.status = SourceStatus::derived;
    band.source = "ATR model from the transmission row: " + row.source;
    top = std::max(top, band.relative_intensity);
  }
  for (auto& band : bands) {
    band.relative_intensity *= 100 / std::max(top, 1e-300);
  }
  return bands;
}

}  // namespace calcispec::models
