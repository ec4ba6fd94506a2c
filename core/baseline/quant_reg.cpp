// Baseline by a polynomial with a given share of the points below it.
#include "core/baseline/packed_polynomials.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace calcispec {
namespace {

constexpr ParameterInfo quantile_parameter{.name = "quantile",
                                           .minimum = 1e-6,
                                           .maximum = 1 - 1e-6,
                                           .standard = 0.05,
                                           .help = "share of the points below the baseline"};
constexpr ParameterInfo quant_reg_tolerance_parameter{
    .name = "tolerance",
    .aliases = "tol",
    .minimum = -1,
    .maximum = 1,
    .standard = 1e-6,
    .help = "relative change of the baseline at which to stop"};
constexpr ParameterInfo quant_reg_rounding_parameter{
    .name = "rounding",
    .aliases = "eps",
    .minimum = 1e-300,
    .maximum = 1e300,
    .standard = std::numeric_limits<double>::quiet_NaN(),
    .unit = "ordinate^2",
    .help =
        "added to the square of a residual before it divides; automatic: the square of a "
        "millionth of the largest baseline value"};
constexpr std::array quant_reg_parameters{polynomial_order_parameter,
                                          quantile_parameter,
                                          quant_reg_tolerance_parameter,
                                          polynomial_iterations_parameter,
                                          quant_reg_rounding_parameter};

template <std::size_t terms>
class QuantileRun {
 public:
  QuantileRun(const MethodCall& call, const kernels::PackedPolynomials<terms>& polynomials)
      : tolerance_(call.parameters.real("tolerance")),
        limit_(call.parameters.integer("max_iterations")),
        quantile_(call.parameters.real("quantile")),
        rounding_(call.parameters.real("rounding")),
        polynomials_(polynomials),
        spectrum_(polynomials.packs()),
        baseline_(polynomials.packs()) {}

  MethodStatus run_one(std::span<const double> y, std::span<double> out) {
    kernels::pack_points(y, spectrum_);
    auto moments =
        polynomials_.pass({}, [&](std::size_t p, kernels::Pack) { return spectrum_[p]; });
    evaluate(moments);
    kernels::unpack_points(baseline_, out);
    auto status = relative_change(y, out) < tolerance_ ? MethodStatus::converged
                                                       : MethodStatus::iteration_limit;
    for (Index k = 0; k < limit_ && status != MethodStatus::converged; ++k) {
      // What the weights make of the residuals goes on top: a fit of what is left loses no digits.
      const auto step = step_from(moments);
      auto next = moments;
      for (std::size_t i = 0; i < terms; ++i) {
        next[i] += step[i];
      }
      if (relative_change(moments, next) < tolerance_) {
        status = MethodStatus::converged;
      }
      moments = next;
    }
    evaluate(moments);
    kernels::unpack_points(baseline_, out);
    return status;
  }

 private:
  using Polynomials = kernels::PackedPolynomials<terms>;
  using Moments = typename Polynomials::Moments;

  void evaluate(const Moments& moments) {
    polynomials_.evaluate(moments, [&](std::size_t p, kernels::Pack z) { baseline_[p] = z; });
  }

  // The least squares of these weights are the absolute values of the quantile's cost.
  Moments step_from(const Moments& moments) {
    const double rounding = std::isnan(rounding_) ? automatic_rounding(moments) : rounding_;
    const kernels::Pack above = kernels::broadcast(quantile_);
    const kernels::Pack below = kernels::broadcast(1 - quantile_);
    return polynomials_.weighted_fit(moments, [&](std::size_t p, kernels::Pack z) {
      const kernels::Pack r = spectrum_[p] - z;
      const kernels::Pack part = r > 0.0 ? above : below;
      return typename Polynomials::Weighted{part / kernels::square_root(r * r + rounding), r};
    });
  }

  double automatic_rounding(const Moments& moments) const {
    kernels::Pack largest{};
    polynomials_.evaluate(moments, [&](std::size_t, kernels::Pack z) {
      largest = kernels::maximum(largest, kernels::maximum(z, -z));
    });
    const double size = kernels::largest_of(largest);
    return std::max(1e-12 * size * size, std::numeric_limits<double>::min());
  }

  double tolerance_;
  Index limit_;
  double quantile_;
  double rounding_;  // not a number: automatic
  const Polynomials& polynomials_;
  kernels::Tile spectrum_;
  kernels::Tile baseline_;
};

/// Model      minimise sum of q r for residuals r > 0 and (q - 1) r for others, by reweighted least
///            squares with weights q / |r| and (1 - q) / |r|, |r| rounded off near 0
/// Status     converged | iteration_limit
/// Cost       O(points x order^2) per fit, a register of points at a time
/// Source     Komsta, Chromatographia 73 (2011) 721; Schnabel & Eilers, Comput. Stat. Data Anal. 53
///            (2009) 4168 (reweighting)
void run_quant_reg(const MethodCall& call) {
  with_polynomials(call, [&](const auto& polynomials) {
    QuantileRun one(call, polynomials);
    std::vector<double> baseline(static_cast<std::size_t>(call.points()));
    for (Index r = 0; r < call.count(); ++r) {
      call.status[static_cast<std::size_t>(r)] = one.run_one(call.row(r), baseline);
      call.give(r, baseline);
    }
  });
}

}  // namespace

CoreMethod baseline_quant_reg() {
  return {
      {"baseline",
       "quant_reg", "polynomial with a given share of the points below it",
       "Komsta, Chromatographia 73 (2011) 721", quant_reg_parameters},
      3,
      run_quant_reg
  };
}

}  // namespace calcispec
