// Smoothing with a sampled Gaussian.
#include "core/smooth/strength.hpp"
#include "core/smooth/symmetric_kernel.hpp"

#include <array>
#include <cmath>
#include <limits>

namespace calcispec {
namespace {

constexpr std::array gaussian_parameters{
    ParameterInfo{.name = "sigma",
                  .aliases = "std",
                  .minimum = 0.01,
                  .maximum = 1000,
                  .standard = std::numeric_limits<double>::quiet_NaN(),
                  .unit = "points",
                  .help = "standard deviation of the Gaussian; automatic if not given"},
    rule_parameter
};

SymmetricKernel gaussian_kernel_of(double sigma) {
  const auto half = static_cast<std::size_t>(std::floor(4 * sigma + 0.5));
  SymmetricKernel kernel(2 * half + 1);
  double sum = 0;
  for (std::size_t k = 0; k < kernel.size(); ++k) {
    const double u = (static_cast<double>(k) - static_cast<double>(half)) / sigma;
    kernel[k] = std::exp(-0.5 * u * u);
    sum += kernel[k];
  }
  for (double& weight : kernel) {
    weight /= sum;
  }
  return kernel;
}

// None, then from where a neighbour gets a hundredth to where bands of any width are gone.
std::vector<SymmetricKernel> candidates_gaussian() {
  std::vector<SymmetricKernel> out{{1.0}};
  double sigma = 0.35;
  while (sigma < 16) {
    out.push_back(gaussian_kernel_of(sigma));
    sigma *= 1.1;
  }
  return out;
}

/// Model      sum of g(k) y(i + k), g a Gaussian sampled to floor(4 sigma + 0.5) and of unit sum
/// Edges      reflected, the last sample once more
/// Cost       points * 8 sigma
/// Source     weights of a Gaussian; width by least expected error (strength.hpp)
void run_gaussian(const MethodCall& call) {
  static const auto widths = candidates_gaussian();
  const bool is_given = call.parameters.is_set("sigma");
  smooth_by_kernel(call,
                   is_given ? gaussian_kernel_of(call.parameters.real("sigma")) : SymmetricKernel{},
                   widths);
}

}  // namespace

CoreMethod smooth_gaussian() {
  return {
      {"smooth",
       "gaussian", "sum weighted by a Gaussian; automatic width",
       "width by Stein, Ann. Statist. 9 (1981) 1135", gaussian_parameters},
      1,
      run_gaussian
  };
}

}  // namespace calcispec
