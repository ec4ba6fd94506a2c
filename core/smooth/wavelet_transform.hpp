// Wavelet transforms of one row with reflected ends: decimated, and translation-invariant.
#pragma once

#include "core/export.hpp"

#include <span>
#include <vector>

namespace calcispec {

/// Details from the finest level on, then what is left.
struct WaveletLevels {
  std::vector<std::vector<double>> details;
  std::vector<double> rest;
};

/// Filter and every second sample, `levels` times; (points + filter - 1) / 2 values a level, the
/// row reflected at its ends with the last sample once more. Source     Mallat, IEEE Trans. PAMI 11
/// (1989) 674
class DecimatedWavelet {
 public:
  explicit DecimatedWavelet(std::span<const double> filter) : filter_(filter) {}
  void forward(std::span<const double> y, int levels, WaveletLevels& out);
  void inverse(const WaveletLevels& from, std::span<double> y);

 private:
  std::span<const double> filter_;
  std::vector<double> extended_;
  std::vector<double> next_;
  std::vector<double> low_;
};

/// The same without dropping samples, of the row followed by its mirror image (2 * points values a
/// level, of the same scale as those above); inverse: the mean over all shifts.
/// Source     Coifman & Donoho, Lect. Notes Stat. 103 (1995) 125; Shensa, IEEE Trans. Signal
///            Process. 40 (1992) 2464
class ShiftedWavelet {
 public:
  explicit ShiftedWavelet(std::span<const double> filter);
  void forward(std::span<const double> y, int levels, WaveletLevels& out);
  void inverse(const WaveletLevels& from, std::span<double> y);

 private:
  // Taps `gap` samples apart, over a period; `is_back` turns their order.
  void convolve(std::span<const double> from,
                std::span<const double> taps,
                std::size_t gap,
                bool is_back,
                double scale,
                std::vector<double>& out);

  std::vector<double> low_;
  std::vector<double> high_;
  std::vector<double> extended_;
  std::vector<double> rest_;
  std::vector<double> sum_;
};

/// High-pass partner of a low-pass filter.
std::vector<double> high_pass_of(std::span<const double> low);

}  // namespace calcispec
