// Fourier self-deconvolution: overlapping bands made narrower by a known line width.
#include "core/fft.hpp"
#include "core/method_failure.hpp"
#include "core/noise.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>

namespace calcispec {
namespace {

constexpr std::array<ParameterInfo, 2> fsd_parameters{
    {
     {.name = "width",
         .aliases = "fwhm",
         .minimum = 1e-6,
         .maximum = 1e4,
         .standard = 10,
         .unit = "unit of the axis",
         .help = "full width at half height of the Lorentzian that is taken out of all bands"},
     {.name = "enhancement",
         .aliases = "k",
         .minimum = 1,
         .maximum = 5,
         .standard = std::numeric_limits<double>::quiet_NaN(),
         .help =
             "times by which such a band becomes narrower; automatic: log10 of signal to noise, "
             "1 to 3"},
     }
};

double apodisation(double u) {
  return u < 1 ? (1 - u * u) * (1 - u * u) : 0;
}

// Full width at half height of the line whose transform is the apodisation over 0..1, by bisection
// of its cosine transform.
double width_of_apodisation() {
  const auto height = [](double frequency) {
    constexpr int steps = 2000;
    double sum = 0;
    for (int k = 0; k < steps; ++k) {
      const double u = (k + 0.5) / steps;
      sum += apodisation(u) * std::cos(2 * std::numbers::pi * frequency * u);
    }
    return sum;
  };
  const double half = 0.5 * height(0);
  double low = 0;
  double high = 1;
  for (int round = 0; round < 50; ++round) {
    const double middle = 0.5 * (low + high);
    (height(middle) > half ? low : high) = middle;
  }
  return 2 * low;
}

// What noise allows: beyond it the ripples of the amplified noise are taller than bands.
// Source: Kauppinen et al., Appl. Opt. 20 (1981) 1866
double automatic_enhancement(std::span<const double> row) {
  const auto [low, high] = std::minmax_element(row.begin(), row.end());
  const double noise = estimate_noise(row);
  return noise > 0 ? std::clamp(std::log10((*high - *low) / noise), 1.0, 3.0) : 3;
}

/// Model      cosine transform times exp(pi width t) (1 - (t / T)^2)^2 up to T, t per unit of the
///            axis; T such that a Lorentzian of `width` comes out `enhancement` times narrower.
///            Areas stay; a background should be taken off before.
/// Edges      reflected, the last sample once more
/// Needs      even steps (else failed)
/// Cost       two transforms of the length of the row
/// Source     Kauppinen et al., Appl. Spectrosc. 35 (1981) 271
void run_fsd(const MethodCall& call) {
  if (!call.axis.is_uniform()) {
    fail_all(call);
    return;
  }
  static const double unit_width = width_of_apodisation();
  const double width = call.parameters.real("width");
  const double step = 1 / (2 * static_cast<double>(call.points()) * call.axis.mean_step());
  for (Index r = 0; r < call.count(); ++r) {
    const auto row = call.row(r);
    const double enhancement = call.parameters.is_set("enhancement")
                                   ? call.parameters.real("enhancement")
                                   : automatic_enhancement(row);
    const double end = unit_width * enhancement / width;
    cosine_forward(row);
    for (std::size_t k = 0; k < row.size(); ++k) {
      const double t = static_cast<double>(k) * step;
      const double weight = apodisation(t / end);
      row[k] = weight > 0 ? row[k] * weight * std::exp(std::numbers::pi * width * t) : 0;
    }
    cosine_inverse(row);
  }
}

}  // namespace

CoreMethod smooth_fsd() {
  return {
      {"smooth",
       "fsd", "Fourier self-deconvolution: bands narrower, their areas kept",
       "Kauppinen et al., Appl. Spectrosc. 35 (1981) 271", fsd_parameters},
      4,
      run_fsd
  };
}

}  // namespace calcispec
