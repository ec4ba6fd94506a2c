// Baseline by openings and closings, averaged and smoothed until it stays.
#include "core/baseline/bells.hpp"
#include "core/baseline/edges.hpp"
#include "core/baseline/moving_extremes.hpp"
#include "core/baseline/polynomial_baseline.hpp"

#include <algorithm>
#include <array>

namespace calcispec {
namespace {

constexpr ParameterInfo iterations_parameter{.name = "max_iterations",
                                             .aliases = "max_iter",
                                             .type = ParameterType::integer,
                                             .minimum = 0,
                                             .maximum = 100000,
                                             .standard = 200,
                                             .help = "most rounds"};
constexpr std::array parameters{
    half_window_parameter,
    polynomial_tolerance_parameter("relative change of the baseline at which to stop"),
    iterations_parameter};

class AmormolRun {
 public:
  explicit AmormolRun(const MethodCall& call)
      : tolerance_(call.parameters.real("tolerance")),
        limit_(call.parameters.integer("max_iterations")) {}

  MethodStatus run_one(std::span<const double> y, std::size_t half) {
    const std::size_t window = 2 * half + 1;
    BellFilter filter(mollifier(window));
    extend_by_lines(y, window, padded_);
    next_.resize(padded_.size());
    closed_.resize(padded_.size());
    baseline_ = padded_;
    first_ = window;
    for (Index k = 0; k <= limit_; ++k) {
      extremes_.open(baseline_, half, next_);
      extremes_.close(baseline_, half, closed_);
      for (std::size_t i = 0; i < next_.size(); ++i) {
        next_[i] = std::min(padded_[i], 0.5 * (next_[i] + closed_[i]));
      }
      filter.run(next_, next_);
      std::swap(baseline_, next_);
      if (relative_change(inner(next_, y.size()), inner(baseline_, y.size())) < tolerance_) {
        return MethodStatus::converged;
      }
    }
    return MethodStatus::iteration_limit;
  }
  [[nodiscard]] std::span<const double> baseline(std::size_t points) const {
    return inner(baseline_, points);
  }
  MovingExtremes& extremes() { return extremes_; }

 private:
  [[nodiscard]] std::span<const double> inner(const std::vector<double>& padded,
                                              std::size_t points) const {
    return std::span(padded).subspan(first_, points);
  }

  double tolerance_;
  Index limit_;
  std::size_t first_ = 0;
  MovingExtremes extremes_;
  std::vector<double> padded_;
  std::vector<double> baseline_;
  std::vector<double> next_;
  std::vector<double> closed_;
};

/// Model      baseline = min(y, mean of its own opening and closing) convolved with a mollifier of
///            half width 2 * half_window + 1, repeated from y; the ends go on along lines
/// Status     converged | iteration_limit
/// Cost       O(points x half_window) a round, with the automatic half window times the windows
///            tried; half windows beyond the spectrum count as its length
/// Source     Chen et al., Appl. Spectrosc. 73 (2019) 284
void run(const MethodCall& call) {
  AmormolRun one(call);
  const auto points = static_cast<std::size_t>(call.points());
  for (Index r = 0; r < call.count(); ++r) {
    const auto y = call.row(r);
    const auto half = std::min(points, half_window_of(call.parameters, y, one.extremes()));
    call.status[static_cast<std::size_t>(r)] = one.run_one(y, half);
    call.give(r, one.baseline(points));
  }
}

}  // namespace

CoreMethod baseline_amormol() {
  return {
      {"baseline",
       "amormol", "averaged openings and closings, smoothed",
       "Chen et al., Appl. Spectrosc. 73 (2019) 284", parameters},
      6,
      run
  };
}

}  // namespace calcispec
