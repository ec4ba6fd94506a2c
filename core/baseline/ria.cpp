// Baseline by moving averages cut down to the spectrum, until known peaks at the ends are free
// (RIA).
#include "core/baseline/edges.hpp"
#include "core/baseline/extended_range.hpp"
#include "core/baseline/moving_extremes.hpp"
#include "core/method_table.hpp"

#include <algorithm>
#include <array>
#include <cmath>

namespace calcispec {
namespace {

constexpr ParameterInfo ria_iterations_parameter{.name = "max_iterations",
                                                 .aliases = "max_iter",
                                                 .type = ParameterType::integer,
                                                 .minimum = 1,
                                                 .maximum = 100000,
                                                 .standard = 500,
                                                 .help = "most rounds"};
constexpr ParameterInfo area_parameter{
    .name = "tolerance",
    .aliases = "tol",
    .minimum = -1,
    .maximum = 1,
    .standard = 0.01,
    .help = "part of the area of the added peaks that may be missing or too much at the end"};
constexpr std::array ria_parameters{half_window_parameter,
                                    ria_iterations_parameter,
                                    area_parameter,
                                    extended_side_parameter,
                                    extended_width_parameter,
                                    extended_height_parameter,
                                    extended_sigma_parameter};

class RiaRun {
 public:
  explicit RiaRun(const MethodCall& call)
      : range_(call.axis, ExtendedRange::shape_of(call.parameters)),
        tolerance_(call.parameters.real("tolerance")),
        limit_(call.parameters.integer("max_iterations")),
        extended_(range_.points()) {}

  MethodStatus run_one(std::span<const double> y, std::size_t half) {
    range_.extend(y, extended_);
    cut_ = extended_;
    for (Index k = 0; k < limit_; ++k) {
      straight_average(cut_, half, baseline_);
      if (std::abs(1 - range_.peaks_found(y, extended_, baseline_)) < tolerance_) {
        return MethodStatus::converged;
      }
      for (std::size_t i = 0; i < cut_.size(); ++i) {
        cut_[i] = std::min(extended_[i], baseline_[i]);
      }
    }
    return MethodStatus::iteration_limit;
  }
  [[nodiscard]] std::span<const double> baseline(std::size_t points) const {
    return std::span(baseline_).subspan(range_.first(), points);
  }

 private:
  ExtendedRange range_;
  double tolerance_;
  Index limit_;
  std::vector<double> extended_;
  std::vector<double> cut_;
  std::vector<double> baseline_;
};

/// Model      moving averages of min(y, the average before), on a spectrum that goes on in lines,
///            with a Gaussian at either end, until the area of these above it is their own
/// Status     converged | iteration_limit (also where the spectrum has no height for a Gaussian)
/// Cost       O(points) a round, with the automatic half window times the windows tried; half
///            windows beyond the spectrum count as its length
/// Source     Krishna et al., J. Raman Spectrosc. 43 (2012) 1884
void run_ria(const MethodCall& call) {
  MovingExtremes extremes;
  RiaRun one(call);
  const auto points = static_cast<std::size_t>(call.points());
  for (Index r = 0; r < call.count(); ++r) {
    const auto y = call.row(r);
    const auto half = std::min(points, half_window_of(call.parameters, y, extremes));
    call.status[static_cast<std::size_t>(r)] = one.run_one(y, half);
    call.give(r, one.baseline(points));
  }
}

}  // namespace

CoreMethod baseline_ria() {
  return {
      {"baseline",
       "ria", "moving averages until known peaks at the ends stand free",
       "Krishna et al., J. Raman Spectrosc. 43 (2012) 1884", ria_parameters},
      6,
      run_ria
  };
}

}  // namespace calcispec
