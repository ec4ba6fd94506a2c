// Derivatives with respect to the axis by polynomials in a moving window.
#include "core/smooth/polynomial_window.hpp"

#include <array>
#include <cmath>

namespace calcispec {
namespace {

constexpr std::array<ParameterInfo, 3> derivative_savgol_parameters{
    {
     {.name = "derivative",
         .aliases = "deriv order",
         .type = ParameterType::integer,
         .minimum = 1,
         .maximum = 4,
         .standard = 1,
         .help = "1: slope, 2: curvature"},
     {.name = "window",
         .aliases = "window_length",
         .type = ParameterType::integer,
         .minimum = 3,
         .maximum = 501,
         .standard = 11,
         .unit = "points",
         .choices = "auto",
         .help = "width of the fitted window, odd; auto: chosen per spectrum (even steps only)"},
     {.name = "polynomial_order",
         .aliases = "poly_order polyorder",
         .type = ParameterType::integer,
         .minimum = 1,
         .maximum = 10,
         .standard = 3,
         .help = "order of the polynomial, below the window"},
     }
};

/// Model      derivative, per unit of the axis, of the least-squares polynomial in a moving window
/// Needs      odd window > polynomial_order >= derivative, at least as many points
/// Edges      polynomial of the last whole window
/// Cost       points * window; uneven axis: points * window * order^2 more per call
/// Source     Savitzky & Golay, Anal. Chem. 36 (1964) 1627
void run_derivative_savgol(const MethodCall& call) {
  WindowSettings settings;
  settings.window = call.parameters.is_set("window") ? call.parameters.integer("window") : 0;
  settings.order = call.parameters.integer("polynomial_order");
  settings.derivative = call.parameters.integer("derivative");
  if (call.axis.is_uniform()) {
    settings.scale = std::pow(call.axis.mean_step(), -static_cast<double>(settings.derivative));
    run_windows(call, settings);
  } else {
    run_windows_on_axis(call, settings);
  }
}

}  // namespace

CoreMethod derivative_savgol() {
  return {
      {"derivative",
       "savgol", "slope or curvature per unit of the axis by polynomials in a moving window",
       "Savitzky & Golay, Anal. Chem. 36 (1964) 1627", derivative_savgol_parameters},
      3,
      run_derivative_savgol
  };
}

}  // namespace calcispec
