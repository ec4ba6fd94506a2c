// Baseline by penalised least squares through the points where a wavelet sees no slope (FABC).
#include "core/baseline/axis_regions.hpp"
#include "core/baseline/classification.hpp"
#include "core/baseline/edges.hpp"
#include "core/baseline/penalized_solve.hpp"
#include "core/baseline/whittaker_parameters.hpp"
#include "core/method_failure.hpp"
#include "core/method_table.hpp"

#include <algorithm>
#include <array>
#include <limits>

namespace calcispec {
namespace {

constexpr ParameterInfo fabc_scale_parameter{
    .name = "scale",
    .minimum = 2,
    .maximum = 1e6,
    .standard = std::numeric_limits<double>::quiet_NaN(),
    .unit = "points",
    .help =
        "width of the wavelet, about that of a band; automatic: half of where the opened "
        "spectrum stops changing"};
constexpr ParameterInfo fabc_deviations_parameter{
    .name = "num_std",
    .minimum = 0,
    .maximum = 1e6,
    .standard = 3,
    .help = "standard deviations above the mean squared slope where bands begin"};
constexpr ParameterInfo fabc_background_parameter = axis_regions_parameter(
    "background",
    "regions from:to known to be background, such as 400:700,1800:2600, which take the place "
    "of the wavelet's; automatic: searched");
constexpr std::array fabc_parameters{lambda_parameter(1e6),
                                     fabc_scale_parameter,
                                     fabc_deviations_parameter,
                                     diff_order_parameter,
                                     least_length_parameter,
                                     fabc_background_parameter};

// Square of the sum of `half` points before a point less that of as many after it; a middle point
// of an odd width counts on neither side. The ends go on along lines.
void squared_slopes(std::span<const double> y, std::size_t width, std::span<double> out) {
  const std::size_t pad = 2 * width;
  const std::size_t half = width / 2;
  const std::size_t middle = width % 2;
  std::vector<double> padded;
  extend_by_lines(y, pad, padded);
  std::vector<double> sums(padded.size() + 1, 0.0);
  for (std::size_t i = 0; i < padded.size(); ++i) {
    sums[i + 1] = sums[i] + (padded[i] - padded[pad]);
  }
  for (std::size_t i = 0; i < y.size(); ++i) {
    const std::size_t at = i + pad;
    const double before = sums[at] - sums[at - half];
    const double after = sums[at + middle + half] - sums[at + middle];
    out[i] = (after - before) * (after - before);
  }
}

/// Model      background where the squared Haar wavelet transform is below an iterated
///            threshold, or where it is known;
///            minimise sum over the background (y - z)^2 + lambda * sum (difference of z)^2
/// Status     converged | failed: of the known background lie fewer points on the axis than a line
///            of the differences' order needs
/// Cost       O(points), with the automatic scale times the windows tried
/// Source     Cobas et al., J. Magn. Reson. 183 (2006) 145
void run_fabc(const MethodCall& call) {
  MovingExtremes extremes;
  const auto& given = call.parameters;
  const auto points = static_cast<std::size_t>(call.points());
  PenalizedSolver solver(points, given.integer("diff_order"));
  std::vector<double> slopes(points);
  std::vector<double> weights(points);
  std::vector<double> baseline(points);
  const auto known = points_within(given.pairs("background"), call.axis.values());
  const auto count = std::count(known.begin(), known.end(), char{1});
  const bool is_known = !given.pairs("background").empty();
  if (is_known && count < given.integer("diff_order")) {
    return fail_all(call);
  }
  const auto searched = [&](std::span<const double> y) {
    const std::size_t width = given.is_set("scale") ? static_cast<std::size_t>(given.real("scale"))
                                                    : (automatic_half_window(y, extremes) + 1) / 2;
    squared_slopes(y, std::clamp<std::size_t>(width, 2, points), slopes);
    auto mask = below_iterated_threshold(slopes, given.real("num_std"));
    refine(mask, static_cast<std::size_t>(given.integer("min_length")));
    return mask;
  };
  for (Index r = 0; r < call.count(); ++r) {
    const auto y = call.row(r);
    const auto mask = is_known ? known : searched(y);
    for (std::size_t i = 0; i < points; ++i) {
      weights[i] = mask[i] != 0 ? 1 : 0;
      baseline[i] = weights[i] * y[i];
    }
    solver.factor(weights, given.real("lambda"));
    solver.solve(baseline, baseline);
    call.give(r, baseline);
    call.status[static_cast<std::size_t>(r)] = MethodStatus::converged;
  }
}

}  // namespace

CoreMethod baseline_fabc() {
  return {
      {"baseline",
       "fabc", "penalised least squares through what a wavelet sees no slope in",
       "Cobas et al., J. Magn. Reson. 183 (2006) 145", fabc_parameters},
      6,
      run_fabc
  };
}

}  // namespace calcispec
