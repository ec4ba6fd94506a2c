// The band-fit job of tests and benches: pseudo-Voigt bands on a line, noise, displaced starts.
// Includes nothing of core.
#pragma once

#include <cmath>
#include <cstdint>
#include <random>
#include <vector>

namespace calcispec::test {

struct SimulatedBand {
  double height = 0;
  double center = 0;
  double fwhm = 0;
  double share = 0;  // Lorentzian share of the height
};

struct BandJob {
  std::vector<double> x;
  std::vector<double> y;
  double sigma = 0;
  std::vector<SimulatedBand> truth;
  std::vector<SimulatedBand> start;
  double offset = 0;  // background: offset + slope * t, t from -1 to 1
  double slope = 0;
};

inline double true_profile(double x, const SimulatedBand& band) {
  const double u = (x - band.center) / band.fwhm;
  return band.height *
         (band.share / (1 + 4 * u * u) + (1 - band.share) * std::exp(-4 * std::log(2.0) * u * u));
}

/// 300 points, 900 to 1150 1/cm, 1 to 4 bands, SNR 50 (tallest band over noise); starts off by 5
/// 1/cm and by factors 0.6 to 1.5.
inline BandJob make_band_job(int bands, std::uint64_t seed, double snr = 50) {
  std::mt19937_64 random(seed);
  const auto uniform = [&](double low, double high) {
    return std::uniform_real_distribution<double>(low, high)(random);
  };
  BandJob job;
  const double centers[4] = {962, 1005, 1045, 1085};
  const double heights[4] = {1, 0.35, 0.5, 0.6};
  for (int b = 0; b < bands; ++b) {
    SimulatedBand band;
    band.height = heights[b] * uniform(0.7, 1.3);
    band.center = centers[b] + uniform(-4, 4);
    band.fwhm = uniform(14, 30);
    band.share = uniform(0.1, 0.9);
    job.truth.push_back(band);
    SimulatedBand start;
    start.height = band.height * uniform(0.6, 1.5);
    start.center = band.center + (uniform(0, 1) < 0.5 ? -5 : 5);
    start.fwhm = band.fwhm * uniform(0.6, 1.5);
    start.share = 0.5;
    job.start.push_back(start);
  }
  job.offset = uniform(0.1, 0.4);
  job.slope = uniform(-0.1, 0.1);
  double tallest = 0;
  for (const auto& band : job.truth) {
    tallest = std::max(tallest, band.height);
  }
  job.sigma = tallest / snr;
  std::normal_distribution<double> normal(0, job.sigma);
  for (int i = 0; i < 300; ++i) {
    const double x = 900 + 250.0 * i / 299;
    double y = job.offset + job.slope * (x - 1025) / 125;
    for (const auto& band : job.truth) {
      y += true_profile(x, band);
    }
    job.x.push_back(x);
    job.y.push_back(y + normal(random));
  }
  return job;
}

}  // namespace calcispec::test
