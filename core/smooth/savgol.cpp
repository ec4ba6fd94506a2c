// Savitzky-Golay smoothing and derivatives.
#include "core/smooth/polynomial_window.hpp"

#include <array>

namespace calcispec {
namespace {

constexpr std::array<ParameterInfo, 4> smooth_savgol_parameters{
    {
     {.name = "window",
         .aliases = "window_length",
         .type = ParameterType::integer,
         .minimum = 3,
         .maximum = 501,
         .standard = 11,
         .unit = "points",
         .choices = "auto",
         .help = "width of the fitted window, odd; auto: chosen per spectrum"},
     {.name = "polynomial_order",
         .aliases = "order poly_order polyorder",
         .type = ParameterType::integer,
         .minimum = 0,
         .maximum = 10,
         .standard = 3,
         .help = "order of the polynomial, below the window"},
     {.name = "derivative",
         .aliases = "deriv",
         .type = ParameterType::integer,
         .minimum = 0,
         .maximum = 4,
         .standard = 0,
         .help = "order of the derivative, with respect to the point index as stored"},
     {.name = "edge",
         .aliases = "mode",
         .type = ParameterType::choice,
         .choices = "interp mirror nearest",
         .help = "ends: polynomial of the last window, mirrored, or repeated"},
     }
};

/// Model      least-squares polynomial in a moving window, its derivative at the middle point
/// Needs      odd window > polynomial_order, at least as many points as the window
/// Accuracy   5e-14 of the range of y against the plain loop
/// Cost       points * window
/// Source     Savitzky & Golay, Anal. Chem. 36 (1964) 1627; automatic window: polynomial_window.hpp
void run_smooth_savgol(const MethodCall& call) {
  const auto edge = call.parameters.choice("edge");
  WindowSettings settings;
  settings.window = call.parameters.is_set("window") ? call.parameters.integer("window") : 0;
  settings.order = call.parameters.integer("polynomial_order");
  settings.derivative = call.parameters.integer("derivative");
  settings.edge = edge == "interp"   ? WindowEdge::polynomial
                  : edge == "mirror" ? WindowEdge::mirror
                                     : WindowEdge::nearest;
  // The point index is that of the file, whose axis may fall.
  settings.scale = call.axis.was_descending() && settings.derivative % 2 == 1 ? -1 : 1;
  run_windows(call, settings);
}

}  // namespace

CoreMethod smooth_savgol() {
  return {
      {"smooth",
       "savgol", "Savitzky-Golay polynomial smoothing and derivative",
       "Savitzky & Golay, Anal. Chem. 36 (1964) 1627", smooth_savgol_parameters},
      3,
      run_smooth_savgol
  };
}

}  // namespace calcispec
