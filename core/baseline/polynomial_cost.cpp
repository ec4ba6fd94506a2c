#include "core/baseline/polynomial_cost.hpp"

namespace calcispec {

PolynomialCost polynomial_cost(const ParameterSet& given) {
  const auto name = given.choice("cost_function");
  return {name.ends_with("huber")   ? CostKind::huber
          : name.ends_with("indec") ? CostKind::indec
                                    : CostKind::truncated_quadratic,
          name.starts_with("symmetric"),
          0.5 * given.real("alpha_factor")};
}

}  // namespace calcispec
