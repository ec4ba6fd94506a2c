// Other losses than squares: weights follow the model until they stay.
#include "core/fit/fit_private.hpp"

#include <algorithm>
#include <cmath>

namespace calcispec::band_fit {
namespace {

constexpr double huber_limit = 1.345;   // 95 % efficiency on normal noise
constexpr double cauchy_limit = 2.385;  // the same
constexpr double least_mean = 0.25;     // counts: no point weighs more than such a mean allows
constexpr double weight_tolerance = 1e-7;
constexpr int most_rounds = 100;

// Influence of a standardised residual, and its slope.
struct Influence {
  double psi = 0;
  double slope = 0;
};

Influence influence_of(FitLoss loss, double z) {
  if (loss == FitLoss::huber) {
    const bool is_inside = std::abs(z) <= huber_limit;
    return {std::clamp(z, -huber_limit, huber_limit), is_inside ? 1.0 : 0.0};
  }
  const double u2 = z * z / (cauchy_limit * cauchy_limit);
  return {z / (1 + u2), (1 - u2) / ((1 + u2) * (1 + u2))};
}

double relative_weight(FitLoss loss, double z) {
  if (loss == FitLoss::huber) {
    return std::abs(z) <= huber_limit ? 1 : huber_limit / std::abs(z);
  }
  return 1 / (1 + z * z / (cauchy_limit * cauchy_limit));
}

}  // namespace

LossOutcome reweight(const FitOptions& options,
                     Data& data,
                     const Compiled& compiled,
                     Minimizer& minimizer,
                     State& state) {
  LossOutcome out;
  const auto points = static_cast<std::size_t>(data.points);
  const std::vector<double> base(data.weight.begin(), data.weight.begin() + data.points);
  std::vector<double> y(points);
  for (std::size_t i = 0; i < points; ++i) {
    y[i] = data.y[i] / data.weight[i];
  }
  std::vector<double> miss(points);  // y - model
  const auto look = [&] {
    for (std::size_t i = 0; i < points; ++i) {
      miss[i] = state.residual[i] / data.weight[i];
    }
  };
  look();
  for (int round = 0; round < most_rounds && !out.is_settled; ++round) {
    double change = 0;
    for (std::size_t i = 0; i < points; ++i) {
      const double wanted =
          options.loss == FitLoss::poisson
              ? 1 / std::sqrt(std::max(y[i] - miss[i], least_mean))
              : base[i] * std::sqrt(relative_weight(options.loss, miss[i] * base[i]));
      change = std::max(change, std::abs(wanted - data.weight[i]) / wanted);
      data.weight[i] = wanted;
      data.y[i] = y[i] * wanted;
    }
    minimizer.prepare(data, compiled);
    const auto minimum = minimizer.run(state, options);
    out.iterations += minimum.iterations;
    if (minimum.status == FitStatus::failed) {
      return out;
    }
    look();
    out.is_settled = change < weight_tolerance;
  }
  if (options.loss == FitLoss::poisson) {
    return out;
  }
  double square = 0;
  double slope = 0;
  double weight = 0;
  for (std::size_t i = 0; i < points; ++i) {
    const double z = miss[i] * base[i];
    const auto influence = influence_of(options.loss, z);
    square += influence.psi * influence.psi;
    slope += influence.slope;
    weight += relative_weight(options.loss, z);
    out.chi_square += z * z;
  }
  // (mean psi^2 / mean psi'^2) of the plain normal equations; ours carry the mean weight.
  out.error_factor =
      slope > 0 ? std::sqrt(square * weight) / slope : std::numeric_limits<double>::infinity();
  return out;
}

}  // namespace calcispec::band_fit
