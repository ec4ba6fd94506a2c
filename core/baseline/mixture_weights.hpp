// The weights of the mixture model: the probability that a residual is noise.
#pragma once

#include "core/baseline/reweighting_round.hpp"
#include "core/kernels/exponential.hpp"

#include <limits>
#include <numbers>

namespace calcispec::kernels {

/// Residuals are Gaussian noise about the baseline, or lie anywhere up to the largest of them (and,
/// if symmetric, down to the least). Expectation and maximisation alternate with the solves; the
/// first two solves, with weights as asls, make ready.
///
/// Weights    f_n N(d; 0, s) / (f_n N(d; 0, s) + f_p U(d))
/// Source     de Rooi & Eilers, Chemom. Intell. Lab. Syst. 117 (2012) 56
struct MixtureWeights {
  struct Sums {
    Pack sum{};
    Pack square{};
    Pack highest{};  // residual, 0 included
    Pack lowest{};
    Pack high_y = broadcast(-std::numeric_limits<double>::infinity());
    Pack low_y = broadcast(std::numeric_limits<double>::infinity());

    void add(Pack residual, Pack y) {
      sum += residual;
      square += residual * residual;
      highest = maximum(highest, residual);
      lowest = minimum(lowest, residual);
      high_y = maximum(high_y, y);
      low_y = minimum(low_y, y);
    }
  };
  static constexpr bool stops_by_weights = true;
  static constexpr Index more_solves = 2;   // those that make ready
  static constexpr Index first_judged = 1;  // the change after the second solve

  // Residuals are scaled so that the signal spans 2.
  struct Rule {
    double above = 0;
    bool is_symmetric = false;
    Mask is_ready = Mask{};   // the probability is used
    Mask is_second = Mask{};  // and compared with weights as asls
    Pack scale{};             // of the residuals
    Pack noise_share{};
    Pack positive_share{};
    Pack sigma{};
    Pack positive_density{};
    Pack negative_density{};
    // Sums of this pass, for the next.
    Pack noise{};
    Pack noise_square{};
    Pack positive{};
    Pack negative{};

    [[nodiscard]] Pack asls(Pack residual) const {
      return residual > 0.0 ? broadcast(above) : broadcast(1 - above);
    }
    Pack weight(Pack residual) {
      constexpr double least = std::numeric_limits<double>::epsilon();
      const Pack r = residual * scale;
      const Pack t = r / sigma;
      const Pack gauss = noise_share / (sigma * sqrt_2_pi) * exponential(-0.5 * t * t);
      const Pack up = r >= 0.0 ? positive_density : Pack{};
      const Pack down = r < 0.0 ? negative_density : Pack{};
      const Pack total = maximum(gauss + up + down, broadcast(least));
      const Pack probability = gauss / total;
      noise += probability;
      noise_square += probability * r * r;
      positive += up / total;
      negative += down / total;
      return is_ready ? probability : asls(residual);
    }
    [[nodiscard]] Pack before(Pack residual, Pack stored) const {
      return is_second ? asls(residual) : stored;
    }
    /// Maximisation with the sums of the pass before.
    void carry(const Rule& old, const ReweightingRound<Sums>& round) {
      if (is_symmetric) {
        const Pack all = old.noise + old.positive + old.negative;
        noise_share = is_second ? noise_share : old.noise / all;
        positive_share = is_second ? positive_share : old.positive / all;
      } else {
        noise_share = is_second ? noise_share : old.noise / round.points;
        positive_share = 1.0 - noise_share;
      }
      const Pack fitted = square_root(old.noise_square / old.noise);
      sigma = maximum(is_second ? sigma : fitted, broadcast(1e-150));
      constexpr double shortest = 1e-6;
      const Pack up = maximum(round.top.highest * scale, broadcast(shortest));
      const Pack down = maximum(-round.top.lowest * scale, broadcast(shortest));
      positive_density = positive_share / up;
      negative_density = is_symmetric ? (1.0 - noise_share - positive_share) / down : Pack{};
    }

    static constexpr double sqrt_2_pi = 2.5066282746310002;
  };

  double above;
  bool is_symmetric;

  [[nodiscard]] Rule rule(const ReweightingRound<Sums>& round, Mask& /*gives_up*/) const {
    Rule rule;
    rule.above = above;
    rule.is_symmetric = is_symmetric;
    rule.is_ready = round.number > 1.0;
    rule.is_second = round.number == 2.0;
    const Pack span = round.top.high_y - round.top.low_y;
    rule.scale = 2.0 / maximum(span, broadcast(1e-300));
    const double points = round.points > 0 ? round.points : 1;
    const Pack mean = round.top.sum / points;
    const Pack variance = round.top.square / points - mean * mean;
    rule.sigma = 0.2 * square_root(maximum(variance, Pack{})) * rule.scale;
    rule.noise_share = broadcast(0.5);
    rule.positive_share = broadcast(is_symmetric ? 0.25 : 0.5);
    return rule;
  }
};

}  // namespace calcispec::kernels
