// Bell-shaped weights and the convolution with them, for baselines that smooth.
#pragma once

#include <complex>
#include <span>
#include <vector>

namespace calcispec {

/// exp(-1 / (1 - t^2)) at 2 * half + 1 points of -1 <= t <= 1, sum 1. half >= 1.
std::vector<double> mollifier(std::size_t half);

/// Gaussian at `count` points about their middle, sum 1; sigma in points.
std::vector<double> gaussian_bell(std::size_t count, double sigma);

/// Convolution with symmetric weights, as many points as went in; beyond the ends stand the points
/// before, the last one not again. Cost: points x weights, beyond 128 weights that of two Fourier
/// transforms.
class BellFilter {
 public:
  explicit BellFilter(std::vector<double> weights) : weights_(std::move(weights)) {}
  /// `out` may be y.
  void run(std::span<const double> y, std::span<double> out);

 private:
  void extend(std::span<const double> y);
  void run_by_transforms(std::span<double> out);

  std::vector<double> weights_;  // an odd number
  std::vector<double> padded_;
  std::vector<std::complex<double>> response_;  // of the weights, for the length below
  std::size_t response_length_ = 0;
  std::vector<std::complex<double>> transform_;
};

}  // namespace calcispec
