// The judges of the filters: Savitzky-Golay and the mirrored Fourier filter as plain loops.
#pragma once

#include <cmath>
#include <complex>
#include <cstddef>
#include <numbers>
#include <span>
#include <vector>

namespace calcispec::oracle {

/// Savitzky-Golay smoothing of 11 points and third order, ends by the polynomial of the last
/// window.
inline std::vector<double> savgol_11_3(std::span<const double> y) {
  // Weight of sample k for the value at place p of the window, from the orthogonal polynomials of
  // degree 0 to 3 on -5..5.
  static const std::vector<double> weights = [] {
    std::vector<double> out(11 * 11, 0.0);
    for (int degree = 0; degree <= 3; ++degree) {
      const auto value = [&](int u) {
        const double t = u;
        const double polynomials[4] = {1, t, t * t - 10, t * t * t - 17.8 * t};
        return polynomials[degree];
      };
      double norm = 0;
      for (int u = -5; u <= 5; ++u) {
        norm += value(u) * value(u);
      }
      for (int p = -5; p <= 5; ++p) {
        for (int u = -5; u <= 5; ++u) {
          out[static_cast<std::size_t>(p + 5) * 11 + static_cast<std::size_t>(u + 5)] +=
              value(p) * value(u) / norm;
        }
      }
    }
    return out;
  }();
  const std::size_t n = y.size();
  std::vector<double> out(n);
  for (std::size_t i = 0; i < n; ++i) {
    const std::size_t first = i < 5 ? 0 : (i + 6 > n ? n - 11 : i - 5);
    const double* const row = weights.data() + (i - first) * 11;
    double sum = 0;
    for (std::size_t k = 0; k < 11; ++k) {
      sum += row[k] * y[first + k];
    }
    out[i] = sum;
  }
  return out;
}

/// Fourier transform by splitting off the smallest prime factor. `roots[k]` = exp(-2 pi i k / N) of
/// the whole length N = n * stride.
inline void transform(const std::complex<double>* in,
                      std::size_t n,
                      std::size_t stride,
                      std::span<const std::complex<double>> roots,
                      std::complex<double>* out) {
  if (n == 1) {
    out[0] = in[0];
    return;
  }
  std::size_t factor = 2;
  while (n % factor != 0) {
    ++factor;
  }
  const std::size_t part = n / factor;
  for (std::size_t f = 0; f < factor; ++f) {
    transform(in + f * stride, part, stride * factor, roots, out + f * part);
  }
  std::vector<std::complex<double>> column(factor);
  for (std::size_t k = 0; k < part; ++k) {
    for (std::size_t f = 0; f < factor; ++f) {
      column[f] = out[f * part + k];
    }
    for (std::size_t g = 0; g < factor; ++g) {
      std::complex<double> sum = 0;
      for (std::size_t f = 0; f < factor; ++f) {
        sum += column[f] * roots[f * (k + g * part) % n * stride];
      }
      out[g * part + k] = sum;
    }
  }
}

/// Gaussian Fourier filter of the signal followed by its mirror image.
inline std::vector<double> fft_gauss_mirror(std::span<const double> y, double cutoff) {
  const std::size_t n = y.size();
  const std::size_t full = 2 * n;
  std::vector<std::complex<double>> roots(full);
  std::vector<std::complex<double>> signal(full);
  std::vector<std::complex<double>> spectrum(full);
  for (std::size_t i = 0; i < full; ++i) {
    const double angle = -2 * std::numbers::pi * static_cast<double>(i) / static_cast<double>(full);
    roots[i] = {std::cos(angle), std::sin(angle)};
    signal[i] = i < n ? y[i] : y[full - 1 - i];
  }
  transform(signal.data(), full, 1, roots, spectrum.data());
  for (std::size_t k = 0; k < full; ++k) {
    const double frequency = static_cast<double>(k < n ? k : full - k) / static_cast<double>(full);
    const double ratio = frequency / cutoff;
    spectrum[k] = std::conj(spectrum[k] * std::exp(-0.5 * std::numbers::ln2 * ratio * ratio));
  }
  transform(spectrum.data(), full, 1, roots, signal.data());
  std::vector<double> out(n);
  for (std::size_t i = 0; i < n; ++i) {
    out[i] = signal[i].real() / static_cast<double>(full);
  }
  return out;
}

}  // namespace calcispec::oracle
