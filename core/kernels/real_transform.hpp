// RealTransform: real Fourier transform of one length in aligned memory of its own.
#pragma once

#include <complex>
#include <cstddef>
#include <memory>
#include <span>

struct fftw_plan_s;

namespace calcispec::kernels {

/// Aligned memory lets FFTW use its vector code: half the time of a transform on memory of a
/// caller. Plans are those of core/fft.hpp: shared, kept, the same in every run. Belongs to a
/// thread.
class RealTransform {
 public:
  /// Takes n >= 2 points; does nothing if it has that length already.
  void resize(std::size_t n);
  [[nodiscard]] std::span<double> points() const { return {points_.get(), size_}; }
  [[nodiscard]] std::span<std::complex<double>> coefficients() const {
    return {coefficients_.get(), size_ / 2 + 1};
  }
  /// points to coefficients; neither direction is normalised.
  void forward() const;
  /// coefficients, which it uses up, to points.
  void inverse() const;

 private:
  struct Release {
    void operator()(void* memory) const;
  };
  std::size_t size_ = 0;
  std::unique_ptr<double[], Release> points_;
  std::unique_ptr<std::complex<double>[], Release> coefficients_;
  fftw_plan_s* forward_ = nullptr;  // owned by the process-wide table
  fftw_plan_s* inverse_ = nullptr;
};

}  // namespace calcispec::kernels
