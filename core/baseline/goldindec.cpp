// Baseline by a polynomial that leaves a given part of the points above it.
#include "core/baseline/polynomial_cost.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace calcispec {
namespace {

constexpr ParameterInfo ratio_parameter{.name = "peak_ratio",
                                        .minimum = 0,
                                        .maximum = 1,
                                        .standard = 0.5,
                                        .help = "part of the points that belong to bands"};
constexpr ParameterInfo ratio_tolerance_parameter{
    .name = "ratio_tolerance",
    .aliases = "tol_2",
    .minimum = 0,
    .maximum = 1e3,
    .standard = 1e-3,
    .help = "difference of the points above over those below from what is wanted, to stop at"};
constexpr ParameterInfo threshold_tolerance_parameter{
    .name = "threshold_tolerance",
    .aliases = "tol_3",
    .minimum = 0,
    .maximum = 1,
    .standard = 1e-6,
    .help = "relative change of the threshold at which to stop"};
constexpr ParameterInfo searches_parameter{.name = "max_thresholds",
                                           .aliases = "max_iter_2",
                                           .type = ParameterType::integer,
                                           .minimum = 1,
                                           .maximum = 10000,
                                           .standard = 100,
                                           .help = "most thresholds tried"};
constexpr std::array goldindec_parameters{
    polynomial_order_parameter,
    polynomial_tolerance_parameter("relative change of the baseline at which a fit ends"),
    polynomial_iterations_parameter,
    cost_parameter(4),
    ratio_parameter,
    alpha_parameter,
    ratio_tolerance_parameter,
    threshold_tolerance_parameter,
    searches_parameter};

constexpr double golden_part = 0.618;  // of what is left, as in the paper

// Points above over points below that the paper expects for a part of the points in bands.
double wanted_ratio(double part) {
  return 0.7679 + part * (11.2358 + part * (-39.7064 + part * 92.3583));
}

template <std::size_t terms>
class GoldindecRun {
 public:
  GoldindecRun(const MethodCall& call, const kernels::PackedPolynomials<terms>& polynomials)
      : given_(call.parameters),
        points_(static_cast<double>(call.points())),
        fit_(call, polynomials) {}

  MethodStatus run_one(std::span<const double> y, std::span<double> out) {
    fit_.least_squares(y);
    const auto status = search();
    fit_.give_baseline(out);
    return status;
  }

 private:
  MethodStatus search() {
    double low = 0;
    double high = std::abs(fit_.highest());
    const double wanted = wanted_ratio(given_.real("peak_ratio"));
    double threshold = low + golden_part * (high - low);
    for (Index k = 0; k < given_.integer("max_thresholds"); ++k) {
      fit_.descend(threshold);
      const double excess = ratio() - wanted;
      if (std::abs(excess) <= given_.real("ratio_tolerance")) {
        return MethodStatus::converged;
      }
      (excess > 0 ? low : high) = threshold;
      const double next = low + golden_part * (high - low);
      const double change = std::abs(next - threshold);
      if (change < given_.real("threshold_tolerance") * std::abs(threshold)) {
        return MethodStatus::converged;
      }
      threshold = next;
    }
    return MethodStatus::iteration_limit;
  }

  [[nodiscard]] double ratio() const {
    const double above = fit_.points_above();
    return above / std::max(1.0, points_ - above);
  }

  const ParameterSet& given_;
  double points_;
  CostPolynomial<terms> fit_;
};

/// Model      penalized_poly with the threshold for which the points above over those below are as
///            many as the part of the points in bands asks for; golden section
/// Status     converged | iteration_limit
/// Cost       O(points x order) per step of each threshold tried, a register of points at a time
/// Source     Liu et al., Appl. Spectrosc. 69 (2015) 834
void run_goldindec(const MethodCall& call) {
  with_polynomials(call, [&](const auto& polynomials) {
    GoldindecRun one(call, polynomials);
    std::vector<double> baseline(static_cast<std::size_t>(call.points()));
    for (Index r = 0; r < call.count(); ++r) {
      call.status[static_cast<std::size_t>(r)] = one.run_one(call.row(r), baseline);
      call.give(r, baseline);
    }
  });
}

}  // namespace

CoreMethod baseline_goldindec() {
  return {
      {"baseline",
       "goldindec", "polynomial that leaves a given part of the points above it",
       "Liu et al., Appl. Spectrosc. 69 (2015) 834", goldindec_parameters},
      3,
      run_goldindec
  };
}

}  // namespace calcispec
