// Polynomials that minimise a cost which does not grow with the square of what stands above them.
#pragma once

#include "core/baseline/packed_polynomials.hpp"

#include <limits>

namespace calcispec {

constexpr ParameterInfo cost_parameter(double standard) {
  return {.name = "cost_function",
          .type = ParameterType::choice,
          .minimum = 0,
          .maximum = 5,
          .standard = standard,
          .choices =
              "asymmetric_truncated_quadratic symmetric_truncated_quadratic asymmetric_huber "
              "symmetric_huber asymmetric_indec symmetric_indec",
          .help = "what residuals cost above the threshold; asymmetric: above the baseline alone"};
}
inline constexpr ParameterInfo alpha_parameter{
    .name = "alpha_factor",
    .minimum = 0,
    .maximum = 1,
    .standard = 0.99,
    .help = "how fast a step goes; 1 is the most that is stable"};

enum class CostKind { truncated_quadratic, huber, indec };

/// A square up to the threshold, then flat, straight or (indec) falling off.
struct PolynomialCost {
  CostKind kind = CostKind::truncated_quadratic;
  bool is_symmetric = false;
  double alpha = 0;  // half of alpha_factor: each of these costs allows at most 1/2
};

/// -r + alpha * slope of a cost at residuals r, for one threshold.
template <bool falls_off>
class CostCorrection {
 public:
  CostCorrection(const PolynomialCost& cost, double threshold)
      : threshold_(threshold),
        inside_(2 * cost.alpha - 1),
        below_(cost.is_symmetric ? -1 : 1),
        beyond_(cost.kind == CostKind::huber   ? 2 * cost.alpha * threshold
                : cost.kind == CostKind::indec ? -cost.alpha * threshold * threshold * threshold
                                               : 0) {}

  [[gnu::always_inline]] kernels::Pack operator()(kernels::Pack r) const {
    const kernels::Pack size = kernels::maximum(r, below_ * r);
    kernels::Pack slope =
        r < 0.0 ? kernels::broadcast(below_ * beyond_) : kernels::broadcast(beyond_);
    if constexpr (falls_off) {
      const auto least = kernels::broadcast(std::numeric_limits<double>::epsilon());
      slope /= kernels::maximum(2.0 * r * r, least);
    }
    return size < threshold_ ? inside_ * r : slope - r;
  }

 private:
  double threshold_;
  double inside_;  // what becomes of a residual below the threshold
  double below_;   // -1 where those below 0 count as those above
  double beyond_;  // alpha times the slope beyond the threshold, indec: times 2 r^2
};

/// The cost that the parameters name.
PolynomialCost polynomial_cost(const ParameterSet& given);

/// Half-quadratic descent: least squares of y + correction(y - polynomial before), repeated, a
/// register of points at a time.
template <std::size_t terms>
class CostPolynomial {
 public:
  CostPolynomial(const MethodCall& call, const kernels::PackedPolynomials<terms>& polynomials)
      : cost_(polynomial_cost(call.parameters)),
        tolerance_(call.parameters.real("tolerance")),
        limit_(call.parameters.integer("max_iterations")),
        polynomials_(polynomials),
        spectrum_(polynomials.packs()),
        is_point_(polynomials.packs()),
        baseline_(polynomials.packs()) {
    kernels::pack_points(std::vector<double>(static_cast<std::size_t>(call.points()), 1.0),
                         is_point_);
  }

  /// The spectrum for all that follows, and its best polynomial to start from.
  void least_squares(std::span<const double> y) {
    kernels::pack_points(y, spectrum_);
    start_ = polynomials_.pass({}, [&](std::size_t p, kernels::Pack) { return spectrum_[p]; });
    moments_ = start_;
  }

  /// Steps from the best polynomial until the baseline changes by less than the parameter
  /// `tolerance`.
  MethodStatus descend(double threshold) {
    return cost_.kind == CostKind::indec ? descend_by(CostCorrection<true>(cost_, threshold))
                                         : descend_by(CostCorrection<false>(cost_, threshold));
  }

  /// Largest difference of the spectrum from the baseline.
  [[nodiscard]] double highest() const {
    kernels::Pack highest{};
    highest += -std::numeric_limits<double>::infinity();
    polynomials_.evaluate(moments_, [&](std::size_t p, kernels::Pack z) {
      const kernels::Pack r = spectrum_[p] - z;
      highest = is_point_[p] > 0.0 && r > highest ? r : highest;
    });
    return kernels::largest_of(highest);
  }

  /// Points of the spectrum above the baseline.
  [[nodiscard]] double points_above() const {
    kernels::Pack above{};
    polynomials_.evaluate(moments_, [&](std::size_t p, kernels::Pack z) {
      above += spectrum_[p] > z ? is_point_[p] : kernels::Pack{};
    });
    return kernels::sum(above);
  }

  void give_baseline(std::span<double> out) {
    polynomials_.evaluate(moments_, [&](std::size_t p, kernels::Pack z) { baseline_[p] = z; });
    kernels::unpack_points(baseline_, out);
  }

 private:
  template <typename Correction>
  MethodStatus descend_by(const Correction correction) {
    moments_ = start_;
    for (Index k = 0; k < limit_; ++k) {
      const auto next = polynomials_.pass(moments_, [&](std::size_t p, kernels::Pack z) {
        return spectrum_[p] + correction(spectrum_[p] - z);
      });
      // Of orthonormal polynomials: that of the moments is that of the baselines.
      const double change = relative_change(moments_, next);
      moments_ = next;
      if (change < tolerance_) {
        return MethodStatus::converged;
      }
    }
    return MethodStatus::iteration_limit;
  }

  using Polynomials = kernels::PackedPolynomials<terms>;

  PolynomialCost cost_;
  double tolerance_;
  Index limit_;
  const Polynomials& polynomials_;
  kernels::Tile spectrum_;
  kernels::Tile is_point_;
  kernels::Tile baseline_;
  typename Polynomials::Moments start_{};
  typename Polynomials::Moments moments_{};
};

}  // namespace calcispec
