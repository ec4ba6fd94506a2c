// Baseline by any method, its stiffness or degree chosen on an extension of the spectrum.
#include "core/baseline/extended_range.hpp"
#include "core/baseline/inner_methods.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace calcispec {
namespace {

constexpr ParameterInfo optimize_extended_range_least_parameter{
    .name = "min_value",
    .minimum = -3,
    .maximum = 15,
    .standard = 2,
    .help = "least decimal logarithm of lambda, or degree of the polynomial"};
constexpr ParameterInfo optimize_extended_range_largest_parameter{
    .name = "max_value",
    .minimum = -3,
    .maximum = 15,
    .standard = 8,
    .help = "largest decimal logarithm of lambda, or degree of the polynomial"};
constexpr ParameterInfo step_parameter{
    .name = "step",
    .minimum = 0.05,
    .maximum = 18,
    .standard = 1,
    .help = "between the degrees tried; for lambda as many are tried as steps fit in"};
constexpr std::array optimize_extended_range_parameters{
    inner_method_parameter,
    extended_side_parameter,
    extended_width_parameter,
    extended_height_parameter,
    extended_sigma_parameter,
    optimize_extended_range_least_parameter,
    optimize_extended_range_largest_parameter,
    step_parameter,
};

// Degrees step by step; logarithms of lambda as many as steps fit in, from end to end.
std::vector<double> tried_values(const ParameterSet& set, bool is_degree) {
  std::vector<double> values;
  const double first = set.real("min_value");
  const double last = std::max(first, set.real("max_value"));
  const double step = set.real("step");
  if (is_degree) {
    const auto degrees = static_cast<Index>(std::ceil((last - first) / step + 1e-9));
    for (Index k = 0; k < degrees; ++k) {
      values.push_back(std::max(0.0, std::round(first + static_cast<double>(k) * step)));
    }
    return values;
  }
  const auto count = static_cast<Index>(std::max(1.0, std::ceil((last - first) / step)));
  for (Index k = 0; k < count; ++k) {
    values.push_back(count > 1 ? first + (last - first) * static_cast<double>(k) /
                                             static_cast<double>(count - 1)
                               : first);
  }
  return values;
}

/// Model      the baseline of the inner method for that value of lambda or of the degree which
///            misses least on peaks over lines that go on at the ends
/// Status     that of the inner method
/// Cost       one run of the inner method per value tried
/// Source     Zhang et al., Sensors 20 (2020) 2015
void run_optimize_extended_range(const MethodCall& call) {
  const auto& method = inner_method(call.parameters);
  const auto standard = ParameterSet::defaults(method.info.parameters);
  const bool is_degree = standard.has("polynomial_order");
  const ExtendedRange extended(call.axis, ExtendedRange::shape_of(call.parameters));
  const auto count = static_cast<std::size_t>(call.count());
  const auto points = static_cast<std::size_t>(call.points());
  std::vector<double> least(count, std::numeric_limits<double>::infinity());
  InnerRun best(count, points);
  InnerRun inner(count, extended.points());
  for (const double value : tried_values(call.parameters, is_degree)) {
    const auto set = is_degree ? standard.with("polynomial_order", value)
                               : standard.with("lambda", std::pow(10, value));
    for (std::size_t r = 0; r < count; ++r) {
      extended.extend(call.row(static_cast<Index>(r)), inner.y[r]);
    }
    inner.run(method, extended.axis(), set);
    for (std::size_t r = 0; r < count; ++r) {
      const double error = extended.error(call.row(static_cast<Index>(r)), inner.baselines[r]);
      if (error < least[r] || best.status[r] == MethodStatus::failed) {
        least[r] = error;
        best.status[r] = inner.status[r];
        const auto from =
            inner.baselines[r].begin() + static_cast<std::ptrdiff_t>(extended.first());
        std::copy(from, from + static_cast<std::ptrdiff_t>(points), best.baselines[r].begin());
      }
    }
  }
  for (std::size_t r = 0; r < count; ++r) {
    call.give(static_cast<Index>(r), best.baselines[r]);
    call.status[r] = best.status[r];
  }
}

}  // namespace

CoreMethod baseline_optimize_extended_range() {
  return {
      {"baseline",
       "optimize_extended_range", "any method, its stiffness or degree chosen on added peaks",
       "Zhang et al., Sensors 20 (2020) 2015", optimize_extended_range_parameters},
      6,
      run_optimize_extended_range
  };
}

}  // namespace calcispec
