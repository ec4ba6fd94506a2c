// Baseline by polynomial smoothing of what lies below the last one.
#include "core/baseline/axis_regions.hpp"
#include "core/baseline/edges.hpp"
#include "core/baseline/moving_extremes.hpp"
#include "core/baseline/polynomial_baseline.hpp"
#include "core/kernels/moving_parabola.hpp"
#include "core/method_failure.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace calcispec {
namespace {

constexpr ParameterInfo ipsa_window_parameter{
    .name = "half_window",
    .minimum = 1,
    .maximum = 1e6,
    .standard = std::numeric_limits<double>::quiet_NaN(),
    .unit = "points",
    .help =
        "points on either side; automatic: four times where the opened spectrum stops changing"};
constexpr ParameterInfo ipsa_iterations_parameter{.name = "max_iterations",
                                                  .aliases = "max_iter",
                                                  .type = ParameterType::integer,
                                                  .minimum = 0,
                                                  .maximum = 100000,
                                                  .standard = 500,
                                                  .help = "most rounds"};
constexpr ParameterInfo criterion_parameter{
    .name = "original_criteria",
    .type = ParameterType::flag,
    .minimum = 0,
    .maximum = 1,
    .standard = 0,
    .help =
        "stop when the depth below the baseline over the height above it is below the tolerance"};
constexpr ParameterInfo ipsa_region_parameter = axis_regions_parameter(
    "roi",
    "regions from:to that the rule to stop looks at, such as 400:700; automatic: the whole "
    "spectrum");
constexpr std::array ipsa_parameters{
    ipsa_window_parameter,
    ipsa_iterations_parameter,
    polynomial_tolerance_parameter("relative change of the baseline at which to stop"),
    ipsa_region_parameter,
    criterion_parameter};

class IpsaRun {
 public:
  explicit IpsaRun(const MethodCall& call) : given_(call.parameters) {
    const auto x = call.axis.values();
    for (std::size_t i = 0; i < x.size(); ++i) {
      if (is_judged(x[i])) {
        judged_.push_back(i);
      }
    }
  }

  MethodStatus run_one(std::span<const double> y, std::size_t half) {
    kernels::MovingParabola parabola(half);
    const std::size_t window = 2 * half + 1;
    extend_by_lines(y, window, padded_);
    first_ = window;
    cut_ = padded_;
    baseline_ = padded_;
    next_.resize(padded_.size());
    const bool is_original = given_.flag("original_criteria");
    for (Index k = 0; k <= given_.integer("max_iterations"); ++k) {
      parabola.run(cut_, next_);
      std::swap(baseline_, next_);
      const double change = is_original ? depth_over_height(y) : change_of_judged();
      if (change < given_.real("tolerance")) {
        return MethodStatus::converged;
      }
      for (std::size_t i = 0; i < padded_.size(); ++i) {
        cut_[i] = std::min(padded_[i], baseline_[i]);
      }
    }
    return MethodStatus::iteration_limit;
  }
  [[nodiscard]] std::span<const double> baseline(std::size_t points) const {
    return inner(baseline_, points);
  }
  [[nodiscard]] bool has_judged() const { return !judged_.empty(); }
  MovingExtremes& extremes() { return extremes_; }

 private:
  [[nodiscard]] std::span<const double> inner(const std::vector<double>& padded,
                                              std::size_t points) const {
    return std::span(padded).subspan(first_, points);
  }

  // In a region that counts for the rule to stop; all points where none was given.
  [[nodiscard]] bool is_judged(double x) const {
    const auto regions = given_.pairs("roi");
    return regions.empty() || std::any_of(regions.begin(), regions.end(), [x](const NumberPair& r) {
             const double last = std::isnan(r.second) ? r.first : r.second;
             return x >= std::min(r.first, last) && x <= std::max(r.first, last);
           });
  }

  // From the baseline before, in next_.
  double change_of_judged() {
    const std::size_t points = padded_.size() - 2 * first_;
    if (judged_.size() == points) {
      return relative_change(inner(next_, points), inner(baseline_, points));
    }
    before_.clear();
    now_.clear();
    for (const std::size_t i : judged_) {
      before_.push_back(next_[first_ + i]);
      now_.push_back(baseline_[first_ + i]);
    }
    return relative_change(before_, now_);
  }

  [[nodiscard]] double depth_over_height(std::span<const double> y) const {
    double lowest = 0;
    double highest = 0;
    for (const std::size_t i : judged_) {
      lowest = std::min(lowest, y[i] - baseline_[first_ + i]);
      highest = std::max(highest, y[i] - baseline_[first_ + i]);
    }
    return -lowest / std::max(highest, std::numeric_limits<double>::min());
  }

  const ParameterSet& given_;
  MovingExtremes extremes_;
  std::size_t first_ = 0;
  std::vector<double> padded_;
  std::vector<double> cut_;
  std::vector<double> baseline_;
  std::vector<double> next_;
  std::vector<std::size_t> judged_;  // points that the rule to stop looks at
  std::vector<double> before_;
  std::vector<double> now_;
};

/// Model      parabolas in moving windows through min(y, the baseline before), repeated; the ends
///            go on along lines
/// Status     converged | iteration_limit | failed where no point lies in the regions given
/// Cost       O(points) a round, whatever the half window; half windows beyond the spectrum count
///            as its length
/// Source     Wang et al., Appl. Spectrosc. 71 (2017) 1169
void run_ipsa(const MethodCall& call) {
  IpsaRun one(call);
  if (!one.has_judged()) {
    return fail_all(call);
  }
  const auto points = static_cast<std::size_t>(call.points());
  for (Index r = 0; r < call.count(); ++r) {
    const auto y = call.row(r);
    const std::size_t half = call.parameters.is_set("half_window")
                                 ? static_cast<std::size_t>(call.parameters.real("half_window"))
                                 : 4 * automatic_half_window(y, one.extremes());
    call.status[static_cast<std::size_t>(r)] = one.run_one(y, std::min(points, half));
    call.give(r, one.baseline(points));
  }
}

}  // namespace

CoreMethod baseline_ipsa() {
  return {
      {"baseline",
       "ipsa", "parabolas in moving windows through what lies below them",
       "Wang et al., Appl. Spectrosc. 71 (2017) 1169", ipsa_parameters},
      6,
      run_ipsa
  };
}

}  // namespace calcispec
