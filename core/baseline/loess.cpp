// Baseline by local polynomials that lose sight of what stands above them.
#include "core/baseline/local_polynomial.hpp"
#include "core/baseline/polynomial_baseline.hpp"
#include "core/order_statistic.hpp"
#include "core/special_values_private.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace calcispec {
namespace {

constexpr ParameterInfo loess_fraction_parameter{.name = "fraction",
                                                 .minimum = 0,
                                                 .maximum = 1,
                                                 .standard = 0.2,
                                                 .help = "share of the points that each fit sees"};
constexpr ParameterInfo loess_points_parameter{
    .name = "total_points",
    .minimum = 1,
    .maximum = 1e9,
    .standard = not_given,
    .unit = "points",
    .help = "points that each fit sees; overrides the share"};
constexpr ParameterInfo loess_order_parameter{.name = "polynomial_order",
                                              .aliases = "poly_order",
                                              .type = ParameterType::integer,
                                              .minimum = 0,
                                              .maximum = 5,
                                              .standard = 1,
                                              .help = "degree of the local polynomials"};
constexpr ParameterInfo loess_scale_parameter{
    .name = "scale",
    .minimum = 1e-3,
    .maximum = 1e6,
    .standard = 3,
    .help = "robust standard deviations above the baseline from where on a point has no say"};
constexpr ParameterInfo loess_iterations_parameter{.name = "max_iterations",
                                                   .aliases = "max_iter",
                                                   .type = ParameterType::integer,
                                                   .minimum = 0,
                                                   .maximum = 10000,
                                                   .standard = 10,
                                                   .help = "most reweightings"};
constexpr ParameterInfo loess_symmetric_parameter{.name = "symmetric_weights",
                                                  .type = ParameterType::flag,
                                                  .minimum = 0,
                                                  .maximum = 1,
                                                  .standard = 0,
                                                  .help = "points below lose their say as well"};
constexpr ParameterInfo loess_threshold_parameter{
    .name = "use_threshold",
    .type = ParameterType::flag,
    .minimum = 0,
    .maximum = 1,
    .standard = 0,
    .help = "cut off what stands above, as imodpoly does, instead of reweighting"};
constexpr ParameterInfo loess_deviations_parameter{
    .name = "num_std",
    .minimum = 0,
    .maximum = 100,
    .standard = 1,
    .help = "with use_threshold: standard deviations that are let stand above the baseline"};
constexpr ParameterInfo spacing_parameter{
    .name = "delta",
    .minimum = 0,
    .maximum = 2,
    .standard = not_given,
    .help = "fits this far apart, straight lines between them; the axis spans 2; automatic: 0.02"};
constexpr std::array loess_parameters{
    loess_fraction_parameter,
    loess_points_parameter,
    loess_order_parameter,
    loess_scale_parameter,
    polynomial_tolerance_parameter("relative change of the baseline at which to stop"),
    loess_iterations_parameter,
    loess_symmetric_parameter,
    loess_threshold_parameter,
    loess_deviations_parameter,
    use_original_parameter,
    spacing_parameter};

double standard_deviation_loess(std::span<const double> y, std::span<const double> z) {
  const auto n = static_cast<double>(y.size());
  double mean = 0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    mean += (y[i] - z[i]) / n;
  }
  double square = 0;
  for (std::size_t i = 0; i < y.size(); ++i) {
    square += (y[i] - z[i] - mean) * (y[i] - z[i] - mean);
  }
  return std::sqrt(square / n);
}

LocalWindows windows_of(const MethodCall& call) {
  const auto& given = call.parameters;
  const auto points = static_cast<double>(call.points());
  const double wanted = given.is_set("total_points") ? given.real("total_points")
                                                     : std::ceil(given.real("fraction") * points);
  const double least = given.real("polynomial_order") + 2;
  return {call.axis.values(),
          static_cast<std::size_t>(std::clamp(wanted, std::min(least, points), points)),
          given.is_set("delta") ? given.real("delta") : 0.02};
}

class LoessRun {
 public:
  explicit LoessRun(const MethodCall& call)
      : given_(call.parameters),
        local_(call.axis.values(), windows_of(call), given_.integer("polynomial_order")),
        cut_(static_cast<std::size_t>(call.points())),
        weights_(cut_.size()),
        baseline_(cut_.size()),
        before_(cut_.size()),
        sizes_(cut_.size()),
        moved_(cut_.size()) {}

  MethodStatus run_one(std::span<const double> y) {
    std::copy(y.begin(), y.end(), cut_.begin());
    std::copy(y.begin(), y.end(), before_.begin());
    std::fill(weights_.begin(), weights_.end(), 1.0);
    for (Index k = 0; k <= given_.integer("max_iterations"); ++k) {
      local_.fit(cut_, weights_, baseline_);
      if (relative_change(before_, baseline_) < given_.real("tolerance")) {
        return MethodStatus::converged;
      }
      if (given_.flag("use_threshold")) {
        cut(y);
      } else {
        reweigh(y);
      }
      std::copy(baseline_.begin(), baseline_.end(), before_.begin());
    }
    return MethodStatus::iteration_limit;
  }
  [[nodiscard]] std::span<const double> baseline() const { return baseline_; }

 private:
  void cut(std::span<const double> y) {
    const double more = given_.real("num_std") * standard_deviation_loess(cut_, baseline_);
    for (std::size_t i = 0; i < y.size(); ++i) {
      cut_[i] = std::min(given_.flag("use_original") ? y[i] : cut_[i], baseline_[i] + more);
    }
  }

  // Tukey's biweight of the residuals over their robust standard deviation.
  void reweigh(std::span<const double> y) {
    for (std::size_t i = 0; i < y.size(); ++i) {
      sizes_[i] = std::abs(y[i] - baseline_[i]);
    }
    const double deviation =
        std::max(median_of_sizes() / 0.6744897501960817, std::numeric_limits<double>::min());
    const double limit = deviation * given_.real("scale");
    const bool is_symmetric = given_.flag("symmetric_weights");
    for (std::size_t i = 0; i < y.size(); ++i) {
      const double r = y[i] - baseline_[i];
      const double t = (is_symmetric ? r : std::max(r, 0.0)) / limit;
      const double root = std::max(0.0, 1 - t * t);
      weights_[i] = root * root;
    }
  }

  // Of an even number the mean of the two in the middle: the lower one is the largest below the
  // upper one, if so many lie below that.
  double median_of_sizes() {
    std::copy(sizes_.begin(), sizes_.end(), moved_.begin());
    const double upper = upper_median(moved_);
    if (sizes_.size() % 2 == 1) {
      return upper;
    }
    std::size_t below = 0;
    double lower = 0;
    for (const double size : sizes_) {
      below += size < upper ? 1U : 0U;
      lower = std::max(lower, size < upper ? size : 0.0);
    }
    return 0.5 * (upper + (2 * below == sizes_.size() ? lower : upper));
  }

  const ParameterSet& given_;
  LocalPolynomial local_;
  std::vector<double> cut_;
  std::vector<double> weights_;
  std::vector<double> baseline_;
  std::vector<double> before_;
  std::vector<double> sizes_;
  std::vector<double> moved_;
};

/// Model      at each point the value of a polynomial through its neighbours, weighted by the
///            tricube of the distance and Tukey's biweight of the residual if that is above 0
/// Status     converged | iteration_limit
/// Cost       O(fits x points a fit sees) per reweighting
/// Source     Ruckstuhl et al., J. Quant. Spectrosc. Radiat. Transf. 68 (2001) 179; Komsta,
///            Chromatographia 73 (2011) 721 (with use_threshold)
void run_loess(const MethodCall& call) {
  LoessRun one(call);
  for (Index r = 0; r < call.count(); ++r) {
    call.status[static_cast<std::size_t>(r)] = one.run_one(call.row(r));
    call.give(r, one.baseline());
  }
}

}  // namespace

CoreMethod baseline_loess() {
  return {
      {"baseline",
       "loess", "local polynomials, robust to what stands above them",
       "Ruckstuhl et al., J. Quant. Spectrosc. Radiat. Transf. 68 (2001) 179", loess_parameters},
      3,
      run_loess
  };
}

}  // namespace calcispec
