// Baseline by morphology: the opening, rounded off where it has steps.
#include "core/baseline/moving_extremes.hpp"
#include "core/method_table.hpp"

#include <algorithm>
#include <array>

namespace calcispec {
namespace {

constexpr std::array mor_parameters{half_window_parameter};

/// Model      min(opening, mean of the erosion and the dilation of the opening)
/// Status     converged
/// Cost       O(points), with the automatic half window times the windows tried
/// Source     Perez-Pueyo et al., Appl. Spectrosc. 64 (2010) 595
void run_mor(const MethodCall& call) {
  MovingExtremes extremes;
  const auto points = static_cast<std::size_t>(call.points());
  std::vector<double> opened(points);
  std::vector<double> low(points);
  std::vector<double> baseline(points);
  for (Index r = 0; r < call.count(); ++r) {
    const auto y = call.row(r);
    const auto half = half_window_of(call.parameters, y, extremes);
    extremes.open(y, half, opened);
    extremes.erode(opened, half, low);
    extremes.dilate(opened, half, baseline);
    for (std::size_t i = 0; i < points; ++i) {
      baseline[i] = std::min(opened[i], 0.5 * (baseline[i] + low[i]));
    }
    call.give(r, baseline);
    call.status[static_cast<std::size_t>(r)] = MethodStatus::converged;
  }
}

}  // namespace

CoreMethod baseline_mor() {
  return {
      {"baseline",
       "mor", "morphological opening without its steps",
       "Perez-Pueyo et al., Appl. Spectrosc. 64 (2010) 595", mor_parameters},
      6,
      run_mor
  };
}

}  // namespace calcispec
