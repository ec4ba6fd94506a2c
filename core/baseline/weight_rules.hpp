// How the penalised baselines choose their weights; the Whittaker and the spline form of a method
// share its rule.
#pragma once

#include "core/baseline/morphological_anchors.hpp"
#include "core/baseline/peak_screen.hpp"
#include "core/baseline/polynomial_baseline.hpp"
#include "core/baseline/residual_moments.hpp"
#include "core/baseline/reweighting_round.hpp"
#include "core/kernels/exponential.hpp"
#include "core/kernels/logistic.hpp"

#include <algorithm>

namespace calcispec::kernels {

/// Sums of rules that look at nothing but the point.
struct NoSums {
  void add(Pack /*residual*/, Pack /*y*/) {}
};

/// Weights    `above` where y > z, else 1 - above
/// Source     Eilers, Anal. Chem. 75 (2003) 3631; Eilers & Boelens 2005
struct AslsWeights {
  using Sums = NoSums;
  static constexpr bool stops_by_weights = true;

  struct Rule {
    double above = 0;

    [[nodiscard]] Pack weight(Pack residual) const {
      return residual > 0.0 ? broadcast(above) : broadcast(1 - above);
    }
  };

  double above;

  [[nodiscard]] Rule rule(const ReweightingRound<Sums>& /*round*/, Mask& /*gives_up*/) const {
    return {above};
  }
};

/// Weights    1 / (1 + exp(2 (d - (2 s - m)) / s)), d = y - z, m and s of the negative d
/// Source     Baek et al., Analyst 140 (2015) 250
struct ArplsWeights {
  using Sums = ResidualsBelow;
  static constexpr bool stops_by_weights = true;

  struct Rule {
    Pack factor{};
    Pack offset{};

    [[nodiscard]] Pack weight(Pack residual) const {
      return logistic_of_minus(factor * (residual - offset));
    }
  };

  // Gives up where fewer than two residuals are below.
  static Rule rule(const ReweightingRound<Sums>& round, Mask& gives_up) {
    const auto below = moments_below(round.top, round.bottom);
    gives_up = below.count < 2.0;
    return {2.0 / below.sd, 2.0 * below.sd - below.mean};
  }
};

/// Weights    exp(t |d| / sum of |d| below) where d = y - z < 0, else 0; t the number of the
///            reweighting. The article prints exp(t (y - z) / |d|); this is its published
///            program's. Normalised: over the largest of them, so that all lie in 0 .. 1.
/// Source     Zhang et al., Analyst 135 (2010) 1138
template <bool is_normalized>
struct AirplsWeights {
  struct Sums {
    Pack count{};
    Pack below{};   // sum of |y - z| where y < z
    Pack size{};    // sum of |y|
    Pack lowest{};  // y - z, where that is asked for

    void add(Pack residual, Pack y) {
      count += residual < 0.0 ? broadcast(1) : Pack{};
      below += residual < 0.0 ? -residual : Pack{};
      size += maximum(y, -y);
      if constexpr (is_normalized) {
        lowest = -maximum(-lowest, -residual);
      }
    }
  };
  static constexpr bool stops_by_weights = false;

  struct Rule {
    Pack factor{};
    Pack top{};

    [[nodiscard]] Pack weight(Pack residual) const {
      const Pack power = is_normalized ? factor * residual - top : factor * residual;
      return residual < 0.0 ? exponential(power) : Pack{};
    }
  };

  double tolerance;

  // Gives up where fewer than two residuals are below, or what is below is little beside the
  // signal.
  [[nodiscard]] Rule rule(const ReweightingRound<Sums>& round, Mask& gives_up) const {
    const Pack below = round.top.below + round.bottom.below;
    const Pack count = round.top.count + round.bottom.count;
    const Pack size = round.top.size + round.bottom.size;
    gives_up = (count < 2.0) | (below < tolerance * size);
    const Pack factor = -round.number / maximum(below, broadcast(1e-300));
    const Pack lowest = -maximum(-round.top.lowest, -round.bottom.lowest);
    return {factor, factor * lowest};
  }
};

/// Weights    (1 - u / sqrt(1 + u^2)) / 2, u = exp(t) (d - 2 s) / s, d = y - z, s the standard
///            deviation of the negative d, t the number of the reweighting
/// Source     Ye et al., Appl. Opt. 59 (2020) 10933
struct IarplsWeights {
  using Sums = ResidualsBelow;
  static constexpr bool stops_by_weights = true;

  struct Rule {
    Pack factor{};
    Pack offset{};

    [[nodiscard]] Pack weight(Pack residual) const {
      const Pack inner = factor * (residual - offset);
      return 0.5 * (1.0 - inner / square_root(1.0 + inner * inner));
    }
  };

  // Gives up where fewer than two residuals are below.
  static Rule rule(const ReweightingRound<Sums>& round, Mask& gives_up) {
    const auto below = moments_below(round.top, round.bottom);
    gives_up = below.count < 2.0;
    return {exponential(round.number) / below.sd, 2.0 * below.sd};
  }
};

/// Weights    (1 - u / (1 + |u|)) / 2, u = b^t (d - (2 s - m)) / s, d = y - z, m and s of the
///            negative d, t the number of the reweighting
/// Source     Heng et al., Chin. J. Lasers 45 (2018) 1211001 with b = 10; Xu et al., Appl. Opt. 58
///            (2019) 3913 with b = e
struct LocallySymmetricWeights {
  using Sums = ResidualsBelow;
  static constexpr bool stops_by_weights = true;

  struct Rule {
    Pack factor{};
    Pack offset{};
    double softness = 0;  // share of its weight by which a point loosens the penalty of its row

    [[nodiscard]] Pack weight(Pack residual) const {
      const Pack inner = factor * (residual - offset);
      return 0.5 * (1.0 - inner / (1.0 + maximum(inner, -inner)));
    }
    [[nodiscard]] Pack scale(Pack weight, Pack /*residual*/, Mask /*is_fresh*/) const {
      return 1.0 - softness * weight;
    }
  };

  double log_base;
  double softness = 0;

  // Gives up where fewer than two residuals are below.
  [[nodiscard]] Rule rule(const ReweightingRound<Sums>& round, Mask& gives_up) const {
    const auto below = moments_below(round.top, round.bottom);
    gives_up = below.count < 2.0;
    return {exponential(log_base * round.number) / below.sd, 2.0 * below.sd - below.mean, softness};
  }
};

/// Weights    1 / (1 + exp(k (d - s) / s)), d = y - z, s the standard deviation of the negative d;
///            the penalty of a row is scaled by |d| / max |d|, in the first solve by a given number
/// Source     Zhang et al., Spectrosc. Lett. 53 (2020) 222
struct AsplsWeights {
  struct Sums {
    ResidualsBelow below;
    Pack largest{};  // of |y - z|

    void add(Pack residual, Pack y) {
      below.add(residual, y);
      largest = maximum(largest, maximum(residual, -residual));
    }
  };
  static constexpr bool stops_by_weights = true;

  struct Rule {
    double first_scale = 1;
    Pack factor{};
    Pack offset{};
    Pack inverse_largest{};

    [[nodiscard]] Pack weight(Pack residual) const {
      return logistic_of_minus(factor * (residual - offset));
    }
    [[nodiscard]] Pack scale(Pack /*weight*/, Pack residual, Mask is_fresh) const {
      const Pack size = maximum(residual, -residual) * inverse_largest;
      return is_fresh ? broadcast(first_scale) : size;
    }
  };

  double steepness;
  double first_scale;

  // Gives up where fewer than two residuals are below.
  [[nodiscard]] Rule rule(const ReweightingRound<Sums>& round, Mask& gives_up) const {
    const auto below = moments_below(round.top.below, round.bottom.below);
    gives_up = below.count < 2.0;
    const Pack largest = maximum(round.top.largest, round.bottom.largest);
    return {first_scale, steepness / below.sd, below.sd, 1.0 / maximum(largest, broadcast(1e-300))};
  }
};

/// Sums that give the standard deviation of the signal.
struct SignalSums {
  Pack sum{};
  Pack square{};

  void add(Pack /*residual*/, Pack y) {
    sum += y;
    square += y * y;
  }
};

/// 1 / k; k as given, or with NaN a tenth of the standard deviation of the signal.
inline Pack peak_decay(const ReweightingRound<SignalSums>& round, double peak_scale) {
  if (peak_scale > 0) {
    return broadcast(1 / peak_scale);
  }
  const double points = std::max(1.0, round.points);
  const Pack mean = (round.top.sum + round.bottom.sum) / points;
  const Pack variance = (round.top.square + round.bottom.square) / points - mean * mean;
  const Pack sd = square_root(maximum(variance, Pack{}));
  return 10.0 / maximum(sd, broadcast(1e-300));
}

/// Weights    `above` * exp(-(y - z) / k) where y > z, else 1 - above
/// Source     Oller-Moreno et al., 11th IEEE Multi-Conference on Systems, Signals & Devices (2014)
struct PsalsaWeights {
  using Sums = SignalSums;
  static constexpr bool stops_by_weights = true;

  struct Rule {
    double above = 0;
    Pack decay{};

    [[nodiscard]] Pack weight(Pack residual) const {
      return residual > 0.0 ? above * exponential(-residual * decay) : broadcast(1 - above);
    }
  };

  double above;
  double peak_scale;  // NaN: a tenth of the standard deviation of the signal

  [[nodiscard]] Rule rule(const ReweightingRound<Sums>& round, Mask& /*gives_up*/) const {
    return {above, peak_decay(round, peak_scale)};
  }
};

/// Weights    as psalsa with exp(-((y - z) / k)^2 / 2), times a factor that is small where the
///            signal is steep or bent
/// Source     Korepanov, J. Raman Spectrosc. 51 (2020) 2061
struct DerpsalsaWeights {
  using Sums = SignalSums;
  static constexpr bool stops_by_weights = true;

  struct Rule {
    double above = 0;
    Pack decay{};

    [[nodiscard]] Pack weight(Pack residual) const {
      const Pack scaled = residual * decay;
      return residual > 0.0 ? above * exponential(-0.5 * scaled * scaled) : broadcast(1 - above);
    }
  };

  double above;
  double peak_scale;  // NaN: a tenth of the standard deviation of the signal
  const PeakScreen& screen;

  [[nodiscard]] Rule rule(const ReweightingRound<Sums>& round, Mask& /*gives_up*/) const {
    return {above, peak_decay(round, peak_scale)};
  }
  void factors(std::span<const double> y, std::span<double> out) const { screen.factors(y, out); }
};

/// Weights    those of asls, which enter squared; the first from a parabola
/// Source     He et al., Anal. Methods 6 (2014) 4402
struct IaslsWeights : AslsWeights {
  static constexpr bool squares_weights = true;

  double first_lambda;
  const PolynomialBasis& parabola;

  void first_weights(std::span<const double> y, std::span<double> out) const {
    parabola.fit(y, out);
    for (std::size_t i = 0; i < y.size(); ++i) {
      out[i] = y[i] > out[i] ? above : 1 - above;
    }
  }
  /// first_lambda D'D y with D the first difference: it is the residual's that is penalised.
  void extra_right(std::span<const double> y, std::span<double> out) const {
    std::fill(out.begin(), out.end(), 0.0);
    for (std::size_t i = 1; i < y.size(); ++i) {
      const double difference = first_lambda * (y[i] - y[i - 1]);
      out[i] += difference;
      out[i - 1] -= difference;
    }
  }
};

/// Weights    given once: 1 - `elsewhere` at the anchors, `elsewhere` between them
/// Source     Li et al., Analyst 138 (2013) 4483
struct AnchorWeights {
  using Sums = NoSums;
  static constexpr bool stops_by_weights = false;

  struct Rule {
    [[nodiscard]] Pack weight(Pack /*residual*/) const { return broadcast(1); }
  };

  const MorphologicalAnchors& anchors;

  static Rule rule(const ReweightingRound<Sums>& /*round*/, Mask& gives_up) {
    gives_up = Mask{} - 1;
    return {};
  }
  void first_weights(std::span<const double> y, std::span<double> out) const {
    anchors.weights(y, out);
  }
};

/// Weights    quantile / sqrt(d^2 + e^2) where d = y - z > 0, else (1 - quantile) / ...; e a part
/// in
///            1e6 of the largest |z| unless given
/// Stops      when the coefficients of the spline change by less than the tolerance
/// Source     Han et al., ICISCE (2018) 280; Schnabel & Eilers, AStA 97 (2013) 77
struct QuantileWeights {
  struct Sums {
    Pack largest{};  // of |z|

    void add(Pack residual, Pack y) {
      const Pack z = y - residual;
      largest = maximum(largest, maximum(z, -z));
    }
  };
  static constexpr bool stops_by_weights = false;

  struct Rule {
    double quantile = 0;
    Pack floor{};

    [[nodiscard]] Pack weight(Pack residual) const {
      const Pack share = residual > 0.0 ? broadcast(quantile) : broadcast(1 - quantile);
      return share / square_root(residual * residual + floor);
    }
  };

  double quantile;
  double floor;  // NaN: from the largest |z|
  double tolerance;

  [[nodiscard]] Rule rule(const ReweightingRound<Sums>& round, Mask& gives_up) const {
    constexpr double least = std::numeric_limits<double>::epsilon();
    const Pack size = maximum(square_root(round.coefficient_size), broadcast(least));
    const Pack change = square_root(round.coefficient_difference) / size;
    // A first solution has none before it to be compared with.
    gives_up = (change < tolerance) & (round.number > 1.0);
    const Pack largest = 1e-6 * maximum(round.top.largest, round.bottom.largest);
    const Pack own = floor > 0 ? broadcast(floor) : largest * largest;
    return {quantile, maximum(own, broadcast(least))};
  }
};

}  // namespace calcispec::kernels
