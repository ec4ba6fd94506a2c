// The strength of a smoother that suits a spectrum: least expected error over candidates.
#pragma once

#include "core/noise.hpp"
#include "core/parameter.hpp"

#include <algorithm>
#include <limits>
#include <span>

namespace calcispec {

inline constexpr ParameterInfo rule_parameter{
    .name = "rule",
    .type = ParameterType::choice,
    .standard = 1,
    .choices = "gcv noise",
    .help =
        "automatic strength: by generalised cross-validation, or by the noise of the finest "
        "differences"};

/// Expected squared error of one smoothed row, up to a constant, from what the smoother took off
/// (`residual`, a sum of squares) and its degrees of freedom (`trace` of its matrix, or divergence
/// where it is not linear).
/// Source     Stein, Ann. Statist. 9 (1981) 1135; Craven & Wahba, Numer. Math. 31 (1979) 377
class RiskEstimate {
 public:
  RiskEstimate(std::string_view rule, std::span<const double> y)
      : is_gcv_(rule == "gcv"), points_(static_cast<double>(y.size())) {
    const double sigma = is_gcv_ ? 0 : estimate_noise(y);
    variance_ = sigma * sigma;
  }
  /// Of a noise that is known.
  RiskEstimate(double variance, std::size_t points)
      : variance_(variance), points_(static_cast<double>(points)) {}

  [[nodiscard]] double operator()(double residual, double trace) const {
    if (!is_gcv_) {
      return residual + 2 * variance_ * trace;
    }
    // A smoother that takes nothing off says nothing about the noise.
    const double rest = points_ - trace;
    return rest > 1e-6 * points_ ? points_ * residual / (rest * rest)
                                 : std::numeric_limits<double>::infinity();
  }

 private:
  bool is_gcv_ = false;
  double variance_ = 0;
  double points_ = 0;
};

/// Index of the candidate of least risk among `count`, ordered by strength: every fourth is tried,
/// then those around the best. `risk_of` is called once per index at most.
template <typename RiskOf>
Index best_strength(Index count, const RiskOf& risk_of) {
  constexpr Index stride = 4;
  Index best = 0;
  double least = risk_of(0);
  const auto consider = [&](Index index) {
    const double risk = risk_of(index);
    if (risk < least) {
      least = risk;
      best = index;
    }
  };
  for (Index index = stride; index < count; index += stride) {
    consider(index);
  }
  const Index center = best;
  for (Index index = std::max<Index>(0, center - stride + 1);
       index < std::min(count, center + stride);
       ++index) {
    if (index != center) {
      consider(index);
    }
  }
  return best;
}

inline double sum_of_squared_differences(std::span<const double> a, std::span<const double> b) {
  // Four sums side by side: one would wait for itself.
  double sums[4] = {0, 0, 0, 0};
  for (std::size_t i = 0; i < a.size(); ++i) {
    const double difference = a[i] - b[i];
    sums[i % 4] += difference * difference;
  }
  return (sums[0] + sums[1]) + (sums[2] + sums[3]);
}

}  // namespace calcispec
