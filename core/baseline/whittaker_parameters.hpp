// Rows that the penalised baselines share in their parameter tables.
#pragma once

#include "core/parameter.hpp"

namespace calcispec {

constexpr ParameterInfo lambda_parameter(double standard) {
  return {.name = "lambda",
          .aliases = "lam",
          .minimum = 1e-3,
          .maximum = 1e15,
          .standard = standard,
          .help = "stiffness, for unit spacing of the points"};
}

inline constexpr ParameterInfo diff_order_parameter{
    .name = "diff_order",
    .type = ParameterType::integer,
    .minimum = 1,
    .maximum = 4,
    .standard = 2,
    .help = "order of the difference that is penalised"};

inline constexpr ParameterInfo max_iterations_parameter{.name = "max_iterations",
                                                        .aliases = "max_iter",
                                                        .type = ParameterType::integer,
                                                        .minimum = 0,
                                                        .maximum = 10000,
                                                        .standard = 50,
                                                        .help = "most reweightings"};

constexpr ParameterInfo tolerance_parameter(std::string_view help) {
  return {.name = "tolerance",
          .aliases = "tol",
          .minimum = -1,
          .maximum = 1,
          .standard = 1e-3,
          .help = help};
}

inline constexpr std::string_view weight_tolerance_help =
    "relative change of the weights at which to stop; negative: never";

}  // namespace calcispec
