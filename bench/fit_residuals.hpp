// Residuals and Jacobian of the band-fit job for solvers of other libraries, in plain loops.
// Parameters: height, center, fwhm, share per band, then offset and slope.
#pragma once

#include "tests/support/simulate_bands.hpp"

#include <cmath>
#include <vector>

namespace calcispec::bench {

inline std::vector<double> start_vector(const test::BandJob& job) {
  std::vector<double> p;
  for (const auto& band : job.start) {
    p.insert(p.end(), {band.height, band.center, band.fwhm, band.share});
  }
  p.push_back(job.y.front());
  p.push_back(0);
  return p;
}

/// jacobian: column-major points x parameters, or nullptr.
inline void fill_job_residuals(const test::BandJob& job,
                               const double* p,
                               double* residuals,
                               double* jacobian) {
  const std::size_t bands = job.start.size();
  const std::size_t points = job.x.size();
  const double inverse = 1 / job.sigma;
  for (std::size_t i = 0; i < points; ++i) {
    const double t = (job.x[i] - 1025) / 125;
    double value = p[4 * bands] + p[4 * bands + 1] * t;
    for (std::size_t b = 0; b < bands; ++b) {
      const double* q = p + 4 * b;
      const double u = (job.x[i] - q[1]) / q[2];
      const double lorentz = 1 / (1 + 4 * u * u);
      const double gauss = std::exp(-4 * std::log(2.0) * u * u);
      const double profile = q[3] * lorentz + (1 - q[3]) * gauss;
      value += q[0] * profile;
      if (jacobian != nullptr) {
        const double slope =
            q[0] * 8 * u / q[2] * (q[3] * lorentz * lorentz + (1 - q[3]) * std::log(2.0) * gauss);
        double* column = jacobian + 4 * b * points + i;
        column[0] = profile * inverse;
        column[points] = slope * inverse;
        column[2 * points] = slope * u * inverse;
        column[3 * points] = q[0] * (lorentz - gauss) * inverse;
      }
    }
    residuals[i] = (value - job.y[i]) * inverse;
    if (jacobian != nullptr) {
      jacobian[4 * bands * points + i] = inverse;
      jacobian[(4 * bands + 1) * points + i] = t * inverse;
    }
  }
}

}  // namespace calcispec::bench
