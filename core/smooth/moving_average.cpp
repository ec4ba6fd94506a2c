// Smoothing by the mean of a moving window.
#include "core/method_failure.hpp"
#include "core/smooth/strength.hpp"
#include "core/smooth/symmetric_kernel.hpp"

#include <array>
#include <cmath>
#include <limits>

namespace calcispec {
namespace {

constexpr std::array moving_average_parameters{
    ParameterInfo{.name = "window",
                  .aliases = "size",
                  .type = ParameterType::integer,
                  .minimum = 1,
                  .maximum = 10001,
                  .standard = std::numeric_limits<double>::quiet_NaN(),
                  .unit = "points",
                  .help = "width of the window, odd; automatic if not given"},
    rule_parameter
};

SymmetricKernel moving_average_kernel_of(Index window) {
  return SymmetricKernel(static_cast<std::size_t>(window), 1 / static_cast<double>(window));
}

std::vector<SymmetricKernel> candidates_moving_average() {
  std::vector<SymmetricKernel> out;
  for (Index half = 0; half <= 50; half += 1 + half / 8) {
    out.push_back(moving_average_kernel_of(2 * half + 1));
  }
  return out;
}

/// Model      mean of y(i - h) ... y(i + h), window = 2h + 1
/// Edges      reflected, the last sample once more
/// Status     failed: even window
/// Cost       points * window / lanes
void run_moving_average(const MethodCall& call) {
  static const auto widths = candidates_moving_average();
  SymmetricKernel given;
  if (call.parameters.is_set("window")) {
    const Index window = call.parameters.integer("window");
    if (window % 2 == 0) {
      fail_all(call);
      return;
    }
    given = moving_average_kernel_of(window);
  }
  smooth_by_kernel(call, given, widths);
}

}  // namespace

CoreMethod smooth_moving_average() {
  return {
      {"smooth",
       "moving_average", "mean of a moving window; automatic width",
       "width by Stein, Ann. Statist. 9 (1981) 1135", moving_average_parameters},
      1,
      run_moving_average
  };
}

}  // namespace calcispec
