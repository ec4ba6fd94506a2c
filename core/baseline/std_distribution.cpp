// Baseline by lines over what deviates more than most of the spectrum does.
#include "core/baseline/classification.hpp"
#include "core/baseline/edges.hpp"
#include "core/baseline/local_polynomial.hpp"
#include "core/baseline/moving_extremes.hpp"
#include "core/method_table.hpp"

#include <algorithm>
#include <array>

namespace calcispec {
namespace {

constexpr ParameterInfo fill_parameter{
    .name = "fill_half_window",
    .type = ParameterType::integer,
    .minimum = 0,
    .maximum = 1e6,
    .standard = 3,
    .unit = "points",
    .help = "points on either side of a band's point that count as band too"};
constexpr ParameterInfo std_distribution_deviations_parameter{
    .name = "num_std",
    .minimum = 0,
    .maximum = 1e6,
    .standard = 1.1,
    .help = "rolling deviation, in typical ones, above which a point belongs to a band"};
constexpr std::array std_distribution_parameters{classification_window_parameter,
                                                 interpolation_parameter,
                                                 fill_parameter,
                                                 std_distribution_deviations_parameter,
                                                 classification_smooth_parameter};

constexpr double settled_ratio = 0.999;

// Median of the deviations below twice their own median, repeated until it stays.
double typical_deviation(std::span<const double> deviations) {
  std::vector<double> kept(deviations.begin(), deviations.end());
  double typical = median(kept);
  while (true) {
    kept.clear();
    for (const double deviation : deviations) {
      if (deviation < 2 * typical) {
        kept.push_back(deviation);
      }
    }
    const double next = kept.empty() ? 0 : median(kept);
    if (!(next < settled_ratio * typical)) {
      return next;
    }
    typical = next;
  }
}

/// Model      background where the rolling deviation is at most num_std times the median of those
///            below twice the median, away from bands; lines over the rest; moving average
/// Status     converged
/// Cost       O(points), with the automatic half window times the windows tried
/// Source     Wang et al., Anal. Chem. 85 (2013) 1231
void run_std_distribution(const MethodCall& call) {
  MovingExtremes extremes;
  const auto& given = call.parameters;
  const auto points = static_cast<std::size_t>(call.points());
  const auto fill = static_cast<std::size_t>(given.integer("fill_half_window"));
  std::vector<double> deviations(points);
  std::vector<double> widest(points);
  std::vector<double> baseline(points);
  PointMask mask(points);
  for (Index r = 0; r < call.count(); ++r) {
    const auto y = call.row(r);
    const auto half = classification_window(given, y, extremes);
    rolling_deviation(y, half, deviations);
    const double limit = given.real("num_std") * typical_deviation(deviations);
    extremes.dilate(deviations, fill, widest);
    for (std::size_t i = 0; i < points; ++i) {
      mask[i] = widest[i] > limit ? char{0} : char{1};
    }
    bridge(call.axis.values(), y, mask, interpolation_window(given), widest);
    moving_average(widest, classification_smoothing(given, half), baseline);
    call.give(r, baseline);
    call.status[static_cast<std::size_t>(r)] = MethodStatus::converged;
  }
}

}  // namespace

CoreMethod baseline_std_distribution() {
  return {
      {"baseline",
       "std_distribution", "lines over what deviates more than most of the spectrum",
       "Wang et al., Anal. Chem. 85 (2013) 1231", std_distribution_parameters},
      6,
      run_std_distribution
  };
}

}  // namespace calcispec
