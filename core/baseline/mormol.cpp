// Baseline by moving minima of what is left, smoothed and added up.
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
                                             .standard = 250,
                                             .help = "most rounds"};
constexpr ParameterInfo smooth_parameter{
    .name = "smooth_half_window",
    .type = ParameterType::integer,
    .minimum = 1,
    .maximum = 1e6,
    .standard = 1,
    .unit = "points",
    .help = "half window of the smoothing before each round; 1: none"};
constexpr std::array parameters{
    half_window_parameter,
    polynomial_tolerance_parameter("relative change of the baseline at which to stop"),
    iterations_parameter,
    smooth_parameter};

class MormolRun {
 public:
  explicit MormolRun(const MethodCall& call)
      : tolerance_(call.parameters.real("tolerance")),
        limit_(call.parameters.integer("max_iterations")),
        smooth_(mollifier(
            std::min(static_cast<std::size_t>(call.points()),
                     static_cast<std::size_t>(call.parameters.integer("smooth_half_window"))))) {}

  MethodStatus run_one(std::span<const double> y, std::size_t half) {
    const std::size_t window = 2 * half + 1;
    BellFilter filter(mollifier(window));
    extend_by_lines(y, window, padded_);
    first_ = window;
    const std::size_t size = padded_.size();
    baseline_.assign(size, 0.0);
    rest_.resize(size);
    eroded_.resize(size);
    next_.resize(size);
    for (Index k = 0; k <= limit_; ++k) {
      for (std::size_t i = 0; i < size; ++i) {
        rest_[i] = padded_[i] - baseline_[i];
      }
      smooth_.run(rest_, rest_);
      extremes_.erode(rest_, half, eroded_);
      filter.run(eroded_, next_);
      for (std::size_t i = 0; i < size; ++i) {
        next_[i] += baseline_[i];
      }
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
  BellFilter smooth_;
  std::size_t first_ = 0;
  MovingExtremes extremes_;
  std::vector<double> padded_;
  std::vector<double> baseline_;
  std::vector<double> rest_;
  std::vector<double> eroded_;
  std::vector<double> next_;
};

/// Model      baseline += erosion of y - baseline, convolved with a mollifier of half width
///            2 * half_window + 1, repeated from 0; the ends go on along lines
/// Status     converged | iteration_limit
/// Cost       O(points x half_window) a round, with the automatic half window times the windows
///            tried; half windows beyond the spectrum count as its length
/// Source     Koch et al., J. Raman Spectrosc. 48 (2017) 336
void run(const MethodCall& call) {
  MormolRun one(call);
  const auto points = static_cast<std::size_t>(call.points());
  for (Index r = 0; r < call.count(); ++r) {
    const auto y = call.row(r);
    const auto half = std::min(points, half_window_of(call.parameters, y, one.extremes()));
    call.status[static_cast<std::size_t>(r)] = one.run_one(y, half);
    call.give(r, one.baseline(points));
  }
}

}  // namespace

CoreMethod baseline_mormol() {
  return {
      {"baseline",
       "mormol", "moving minima of what is left, smoothed and added up",
       "Koch et al., J. Raman Spectrosc. 48 (2017) 336", parameters},
      6,
      run
  };
}

}  // namespace calcispec
