// Derivatives with respect to the axis by the Fourier transform, smoothed as the noise asks.
#include "core/kernels/real_transform.hpp"
#include "core/method_failure.hpp"
#include "core/order_statistic.hpp"
#include "core/smooth/polynomial_window.hpp"

#include <Eigen/Core>

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

namespace calcispec {
namespace {

constexpr std::array<ParameterInfo, 2> slope_parameters{
    {
     {.name = "derivative",
         .aliases = "deriv order",
         .type = ParameterType::integer,
         .minimum = 1,
         .maximum = 4,
         .standard = 1,
         .help = "1: slope, 2: curvature"},
     {.name = "cutoff",
         .aliases = "fc",
         .minimum = 1e-4,
         .maximum = 0.5,
         .standard = std::numeric_limits<double>::quiet_NaN(),
         .unit = "cycles per point",
         .help = "frequency at which a Gaussian filter falls to 0.71; automatic from the noise"},
     }
};

double gauss(double frequency, double cutoff) {
  const double ratio = frequency / cutoff;
  return std::exp(-0.5 * std::numbers::ln2 * ratio * ratio);
}

class FourierDerivative {
 public:
  FourierDerivative(const MethodCall& call, double cutoff)
      : points_(static_cast<std::size_t>(call.points())),
        order_(static_cast<int>(call.parameters.integer("derivative"))),
        cutoff_(cutoff),
        step_(call.axis.mean_step()) {
    transform_.resize(2 * (points_ - 1));
    end_.make(std::min<Index>(11, (call.points() - 1) / 2 * 2 + 1), 2, 0);
  }

  void run(std::span<double> row) {
    const double slope = extend(row);
    transform_.forward();
    const double cutoff = std::isnan(cutoff_) ? automatic_cutoff() : cutoff_;
    differentiate(cutoff);
    transform_.inverse();
    for (std::size_t i = 0; i < points_; ++i) {
      row[i] = transform_.points()[i] + (order_ == 1 ? slope / step_ : 0);
    }
  }

 private:
  // Without the line through both ends, and turned about its ends by half a turn: value and slope
  // go on without a step. The ends are those of a parabola through the last points, or the noise of
  // one sample would make a step of itself. Returns the slope of the line per point.
  double extend(std::span<const double> row) {
    const auto period = transform_.points();
    double first = 0;
    double last = 0;
    const auto window = static_cast<std::size_t>(end_.window);
    for (std::size_t k = 0; k < window; ++k) {
      first += end_.rows(0, static_cast<Index>(k)) * row[k];
      last += end_.rows(end_.window - 1, static_cast<Index>(k)) * row[points_ - window + k];
    }
    const double slope = (last - first) / static_cast<double>(points_ - 1);
    period[0] = 0;
    period[points_ - 1] = 0;
    for (std::size_t i = 1; i + 1 < points_; ++i) {
      const double value = row[i] - first - slope * static_cast<double>(i);
      period[i] = value;
      period[period.size() - i] = -value;
    }
    return slope;
  }

  // Least expected error of the derivative: what the filter takes from it, and what it leaves of
  // the noise, whose power per coefficient is the median of the upper half of the frequencies.
  [[nodiscard]] double automatic_cutoff() {
    const auto coefficients = transform_.coefficients();
    const std::size_t count = points_ - 1;  // coefficient 0 is empty
    power_.resize(count);
    for (std::size_t k = 0; k < count; ++k) {
      power_[k] = coefficients[k + 1].imag() * coefficients[k + 1].imag();
    }
    upper_.assign(power_.begin() + static_cast<Index>(count / 2), power_.end());
    const double noise =
        upper_median(upper_) / 0.4549;  // median of chi-square with one degree of freedom
    double best = 0.5;
    double least = std::numeric_limits<double>::infinity();
    for (int step = 0; step <= 60; ++step) {
      const double cutoff = 0.5 * std::pow(0.01, step / 60.0);
      double risk = 0;
      for (std::size_t k = 0; k < count; ++k) {
        const double frequency =
            0.5 * static_cast<double>(k + 1) / static_cast<double>(points_ - 1);
        const double pass = gauss(frequency, cutoff);
        risk += std::pow(frequency, 2 * order_) *
                ((1 - pass) * (1 - pass) * (power_[k] - noise) + pass * pass * noise);
      }
      if (risk < least) {
        least = risk;
        best = cutoff;
      }
    }
    return best;
  }

  void differentiate(double cutoff) const {
    const auto coefficients = transform_.coefficients();
    const auto length = static_cast<double>(transform_.points().size());
    for (std::size_t k = 0; k < coefficients.size(); ++k) {
      const double frequency = static_cast<double>(k) / length;
      const double angle = 2 * std::numbers::pi * frequency / step_;
      std::complex<double> factor(gauss(frequency, cutoff) / length, 0);
      for (int m = 0; m < order_; ++m) {
        factor *= std::complex<double>(0, angle);
      }
      // A wave of two points a turn has no slope at its points.
      const bool is_fastest = k + 1 == coefficients.size() && order_ % 2 == 1;
      coefficients[k] = is_fastest ? 0.0 : coefficients[k] * factor;
    }
  }

  std::size_t points_;
  int order_;
  double cutoff_;
  double step_;
  WindowWeights end_;
  kernels::RealTransform transform_;
  std::vector<double> power_;
  std::vector<double> upper_;
};

/// Model      inverse transform of (2 pi i f)^m H(f) Y(f), H a Gaussian, per unit of the axis
/// Edges      line through the ends taken off, the rest turned about the ends
/// Needs      even steps (else failed), points >= 8
/// Cost       two transforms of 2 (points - 1); automatic: 61 sums over the coefficients
/// Source     risk estimate: Stein, Ann. Statist. 9 (1981) 1135
void run_derivative_fft(const MethodCall& call) {
  if (!call.axis.is_uniform()) {
    fail_all(call);
    return;
  }
  FourierDerivative derivative(call, call.parameters.real("cutoff"));
  for (Index r = 0; r < call.count(); ++r) {
    derivative.run(call.row(r));
  }
}

}  // namespace

CoreMethod derivative_fft() {
  return {
      {"derivative",
       "fft", "slope or curvature per unit of the axis by Fourier transform; automatic cut-off",
       "cut-off by Stein's unbiased risk estimate, Ann. Statist. 9 (1981) 1135", slope_parameters},
      8,
      run_derivative_fft
  };
}

}  // namespace calcispec
