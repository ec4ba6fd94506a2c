// Baseline by morphological opening.
#include "core/baseline/moving_extremes.hpp"
#include "core/method_table.hpp"

#include <array>

namespace calcispec {
namespace {

constexpr std::array tophat_parameters{half_window_parameter};

/// Model      opening (largest of smallest) over 2 * half_window + 1 points
/// Status     converged
/// Cost       O(points), with the automatic half window times the windows tried
/// Source     Perez-Pueyo et al., Appl. Spectrosc. 64 (2010) 595
void run_tophat(const MethodCall& call) {
  MovingExtremes extremes;
  std::vector<double> baseline(static_cast<std::size_t>(call.points()));
  for (Index r = 0; r < call.count(); ++r) {
    const auto y = call.row(r);
    extremes.open(y, half_window_of(call.parameters, y, extremes), baseline);
    call.give(r, baseline);
    call.status[static_cast<std::size_t>(r)] = MethodStatus::converged;
  }
}

}  // namespace

CoreMethod baseline_tophat() {
  return {
      {"baseline",
       "tophat", "morphological opening",
       "Perez-Pueyo et al., Appl. Spectrosc. 64 (2010) 595", tophat_parameters},
      6,
      run_tophat
  };
}

}  // namespace calcispec
