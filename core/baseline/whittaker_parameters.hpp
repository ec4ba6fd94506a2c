// Rows that the penalised baselines share in their parameter tables.
#pragma once

#include "core/parameter.hpp"

#include <limits>

namespace calcispec {

constexpr ParameterInfo lambda_parameter(double standard) {
  return {.name = "lambda",
          .aliases = "lam",
          .minimum = 1e-3,
          .maximum = 1e15,
          .standard = standard,
          .choices = "auto",
          .help = "stiffness, for unit spacing of the points; auto: chosen by lambda_rule"};
}

constexpr ParameterInfo spline_lambda_parameter(double standard) {
  return {.name = "lambda",
          .aliases = "lam",
          .minimum = 1e-3,
          .maximum = 1e15,
          .standard = standard,
          .choices = "auto",
          .help = "stiffness, for unit spacing of the knots; auto: chosen by lambda_rule"};
}

inline constexpr ParameterInfo lambda_unit_parameter{
    .name = "lambda_unit",
    .type = ParameterType::choice,
    .standard = 0,
    .choices = "spacing axis",
    .help =
        "what lambda counts in; axis: the axis' unit to the power of twice the difference order, "
        "so "
        "that one value serves axes of any spacing"};
inline constexpr ParameterInfo lambda_rule_parameter{
    .name = "lambda_rule",
    .type = ParameterType::choice,
    .standard = 0,
    .choices = "v_curve extended_range gcv aic bic",
    .help =
        "how lambda=auto is chosen: by the V-curve, the error on a known extension of the "
        "spectrum, "
        "generalised cross-validation, or an information criterion"};

constexpr ParameterInfo diff_order_from(double minimum, double standard = 2) {
  return {.name = "diff_order",
          .type = ParameterType::integer,
          .minimum = minimum,
          .maximum = 4,
          .standard = standard,
          .help = "order of the difference that is penalised"};
}
inline constexpr ParameterInfo diff_order_parameter = diff_order_from(1);

constexpr ParameterInfo iterations_parameter(double standard) {
  return {.name = "max_iterations",
          .aliases = "max_iter",
          .type = ParameterType::integer,
          .minimum = 0,
          .maximum = 10000,
          .standard = standard,
          .help = "most reweightings"};
}
inline constexpr ParameterInfo max_iterations_parameter = iterations_parameter(50);

constexpr ParameterInfo asymmetry_parameter(double standard, std::string_view help) {
  return {.name = "asymmetry",
          .aliases = "p",
          .minimum = 1e-9,
          .maximum = 0.999999999,
          .standard = standard,
          .help = help};
}
inline constexpr std::string_view asymmetry_help =
    "weight of points above the baseline; below it 1 minus this";
inline constexpr std::string_view near_asymmetry_help =
    "weight of points just above the baseline; below it 1 minus this";

inline constexpr ParameterInfo peak_scale_parameter{
    .name = "peak_scale",
    .aliases = "k",
    .minimum = 0,
    .maximum = 1e300,
    .standard = std::numeric_limits<double>::quiet_NaN(),
    .unit = "ordinate",
    .help =
        "height above the baseline at which a point loses its say (automatic: a tenth of the "
        "standard deviation)"};

inline constexpr ParameterInfo first_lambda_parameter{
    .name = "first_lambda",
    .aliases = "lam_1",
    .minimum = 0,
    .maximum = 1e9,
    .standard = 1e-4,
    .help = "stiffness of the residual, on its first differences"};

inline constexpr ParameterInfo eta_parameter{
    .name = "eta",
    .minimum = 0,
    .maximum = 1,
    .standard = 0.5,
    .help = "share of its weight by which a point of the baseline loosens the penalty"};

inline constexpr ParameterInfo steepness_parameter{
    .name = "asymmetric_coef",
    .minimum = 1e-6,
    .maximum = 1e6,
    .standard = 0.5,
    .help = "steepness of the weights about one standard deviation above the baseline"};

inline constexpr ParameterInfo first_scale_parameter{
    .name = "alpha",
    .minimum = 1e-6,
    .maximum = 1e6,
    .standard = 1,
    .help = "scale of the penalty in the first solve; later ones take it from the residuals"};

inline constexpr ParameterInfo smooth_half_window_parameter{
    .name = "smooth_half_window",
    .minimum = 0,
    .maximum = 1000,
    .standard = std::numeric_limits<double>::quiet_NaN(),
    .unit = "points",
    .help = "of the smoothing before the derivatives (automatic: a 200th of the points)"};

inline constexpr ParameterInfo smoothings_parameter{
    .name = "num_smooths",
    .type = ParameterType::integer,
    .minimum = 0,
    .maximum = 1000,
    .standard = 16,
    .help = "how often the signal is smoothed before the derivatives"};

inline constexpr ParameterInfo anchor_asymmetry_parameter{
    .name = "asymmetry",
    .aliases = "p",
    .minimum = 0,
    .maximum = 1,
    .standard = 0,
    .help = "weight of points between the anchors; at the anchors 1 minus this"};

inline constexpr ParameterInfo outer_iterations_parameter{
    .name = "max_outer_iterations",
    .aliases = "max_iter_2",
    .type = ParameterType::integer,
    .minimum = 0,
    .maximum = 1000,
    .standard = 50,
    .help = "most changes of the share of points that belong to bands"};

inline constexpr ParameterInfo outer_tolerance_parameter{
    .name = "outer_tolerance",
    .aliases = "tol_2",
    .minimum = -1,
    .maximum = 1,
    .standard = 1e-3,
    .help = "change of the share of points that belong to bands at which to stop"};

inline constexpr ParameterInfo knots_parameter{.name = "knots",
                                               .aliases = "num_knots",
                                               .type = ParameterType::integer,
                                               .minimum = 2,
                                               .maximum = 10000,
                                               .standard = 100,
                                               .help = "knots of the spline, both ends included"};

inline constexpr ParameterInfo spline_degree_parameter{.name = "spline_degree",
                                                       .type = ParameterType::integer,
                                                       .minimum = 1,
                                                       .maximum = 5,
                                                       .standard = 3,
                                                       .help = "degree of the spline"};

constexpr ParameterInfo tolerance_parameter(std::string_view help, double standard = 1e-3) {
  return {.name = "tolerance",
          .aliases = "tol",
          .minimum = -1,
          .maximum = 1,
          .standard = standard,
          .help = help};
}

inline constexpr std::string_view weight_tolerance_help =
    "relative change of the weights at which to stop; negative: never";
inline constexpr std::string_view airpls_tolerance_help =
    "sum of residuals below the baseline over that of the signal at which to stop";

inline constexpr ParameterInfo normalize_weights_parameter{
    .name = "normalize_weights",
    .type = ParameterType::flag,
    .minimum = 0,
    .maximum = 1,
    .standard = 0,
    .help = "divide the weights by the largest of them"};

}  // namespace calcispec
