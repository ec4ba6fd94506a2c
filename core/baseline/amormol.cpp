// Baseline by openings and closings, averaged and smoothed until it stays.
#include "core/baseline/mollified_rounds.hpp"

#include <array>

namespace calcispec {
namespace {

constexpr std::array amormol_parameters{
    half_window_parameter,
    polynomial_tolerance_parameter("relative change of the baseline at which to stop"),
    mollified_rounds_parameter(200)};

class AmormolRule {
 public:
  static void first(std::span<const double> y, std::span<double> baseline) {
    std::copy(y.begin(), y.end(), baseline.begin());
  }

  void next(const MollifiedRound& round, std::span<double> out) {
    closed_.resize(out.size());
    round.extremes.open(round.baseline, round.half, out);
    round.extremes.close(round.baseline, round.half, closed_);
    for (std::size_t i = 0; i < out.size(); ++i) {
      out[i] = std::min(round.y[i], 0.5 * (out[i] + closed_[i]));
    }
    round.filter.run(out, out);
  }

 private:
  std::vector<double> closed_;
};

/// Model      baseline = min(y, mean of its own opening and closing) convolved with a mollifier of
///            half width 2 * half_window + 1, repeated from y; the ends go on along lines
/// Status     converged | iteration_limit
/// Cost       O(points x half_window) a round, with the automatic half window times the windows
///            tried
/// Source     Chen et al., Appl. Spectrosc. 73 (2019) 284
void run_amormol(const MethodCall& call) {
  MollifiedRounds(call, AmormolRule()).run();
}

}  // namespace

CoreMethod baseline_amormol() {
  return {
      {"baseline",
       "amormol", "averaged openings and closings, smoothed",
       "Chen et al., Appl. Spectrosc. 73 (2019) 284", amormol_parameters},
      6,
      run_amormol
  };
}

}  // namespace calcispec
