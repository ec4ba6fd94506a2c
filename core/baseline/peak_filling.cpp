// Baseline by suppressing the means of local minima in shrinking windows (4S peak filling).
#include "core/baseline/moving_extremes.hpp"
#include "core/baseline/penalized_solve.hpp"
#include "core/method_table.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>

namespace calcispec {
namespace {

constexpr ParameterInfo peak_filling_window_parameter{
    .name = "half_window",
    .minimum = 1,
    .maximum = 1e6,
    .standard = std::numeric_limits<double>::quiet_NaN(),
    .unit = "sections",
    .help = "sections on either side; automatic: twice where the opened minima stop changing"};
constexpr ParameterInfo peak_filling_sections_parameter{
    .name = "sections",
    .minimum = 3,
    .maximum = 1e9,
    .standard = std::numeric_limits<double>::quiet_NaN(),
    .help = "parts of the spectrum whose minima are kept; automatic: a tenth of the points"};
constexpr ParameterInfo peak_filling_iterations_parameter{
    .name = "max_iterations",
    .aliases = "max_iter",
    .type = ParameterType::integer,
    .minimum = 1,
    .maximum = 10000,
    .standard = 5,
    .help = "windows, shrinking to 1 in equal ratios"};
constexpr ParameterInfo peak_filling_smooth_parameter{
    .name = "smoothing_lambda",
    .aliases = "lam_smooth",
    .minimum = 1e-6,
    .maximum = 1e15,
    .standard = std::numeric_limits<double>::quiet_NaN(),
    .help = "stiffness of a Whittaker smoother before; automatic: none"};
constexpr std::array peak_filling_parameters{peak_filling_window_parameter,
                                             peak_filling_sections_parameter,
                                             peak_filling_iterations_parameter,
                                             peak_filling_smooth_parameter};

class PeakFillingRun {
 public:
  explicit PeakFillingRun(const MethodCall& call) : call_(call), given_(call.parameters) {
    const auto points = static_cast<std::size_t>(call.points());
    sections_ = points / 10;
    if (given_.is_set("sections")) {
      sections_ = static_cast<std::size_t>(given_.real("sections"));
    }
    sections_ = std::clamp<std::size_t>(sections_, 3, points);
    smoothed_.resize(points);
    baseline_.resize(points);
    places_.resize(sections_ + 2);
    values_.resize(sections_ + 2);
  }

  std::span<const double> run_one(std::span<const double> y) {
    if (given_.is_set("smoothing_lambda")) {
      smooth_penalized(y, given_.real("smoothing_lambda"), 2, smoothed_);
      y = smoothed_;
    }
    find_minima(y);
    const std::size_t half = std::clamp<std::size_t>(half_window(), 1, (sections_ + 1) / 2 - 1);
    const auto count = given_.integer("max_iterations");
    for (Index k = 0; k < count; ++k) {
      const double part =
          count > 1 ? 1 - static_cast<double>(k) / static_cast<double>(count - 1) : 0;
      // A power that is whole but for rounding does not go up to the next number.
      const double window = std::ceil(std::pow(static_cast<double>(half), part) - 1e-9);
      suppress(static_cast<std::size_t>(window));
    }
    stretch();
    return baseline_;
  }

 private:
  // Twice that which suits the minima, so that the means reach beyond every band.
  std::size_t half_window() {
    return given_.is_set("half_window") ? static_cast<std::size_t>(given_.real("half_window"))
                                        : 2 * automatic_half_window(values_, extremes_);
  }

  // The end points stand beside the minima of the sections.
  void find_minima(std::span<const double> y) {
    const auto x = call_.axis.values();
    places_.front() = x.front();
    places_.back() = x.back();
    values_.front() = y.front();
    values_.back() = y.back();
    for (std::size_t s = 0; s < sections_; ++s) {
      const std::size_t first = y.size() * s / sections_;
      const std::size_t end = y.size() * (s + 1) / sections_;
      values_[s + 1] = *std::min_element(y.begin() + static_cast<std::ptrdiff_t>(first),
                                         y.begin() + static_cast<std::ptrdiff_t>(end));
      places_[s + 1] = 0;
      for (std::size_t i = first; i < end; ++i) {
        places_[s + 1] += x[i] / static_cast<double>(end - first);
      }
    }
  }

  // Each inner minimum is cut down to the mean about it, there and back. The window ends two places
  // before the end that the sweep goes to.
  void suppress(std::size_t window) {
    const std::size_t last = values_.size() - 1;
    const auto cut = [&](std::size_t s, std::size_t behind, std::size_t ahead) {
      const std::size_t reach = std::min({window, behind, ahead > 2 ? ahead - 2 : 0});
      double sum = 0;
      for (std::size_t k = s - reach; k <= s + reach; ++k) {
        sum += values_[k];
      }
      values_[s] = std::min(values_[s], sum / static_cast<double>(2 * reach + 1));
    };
    for (std::size_t s = 1; s < last; ++s) {
      cut(s, s, last - s);
    }
    for (std::size_t s = last; s-- > 1;) {
      cut(s, last - s, s);
    }
  }

  void stretch() {
    const auto x = call_.axis.values();
    std::size_t s = 0;
    for (std::size_t i = 0; i < x.size(); ++i) {
      while (s + 2 < values_.size() && places_[s + 1] <= x[i]) {
        ++s;
      }
      const double gap = places_[s + 1] - places_[s];
      const double part = gap > 0 ? (x[i] - places_[s]) / gap : 0;
      baseline_[i] = values_[s] + part * (values_[s + 1] - values_[s]);
    }
  }

  const MethodCall& call_;
  const ParameterSet& given_;
  std::size_t sections_ = 1;
  MovingExtremes extremes_;
  std::vector<double> smoothed_;
  std::vector<double> places_;
  std::vector<double> values_;
  std::vector<double> baseline_;
};

/// Model      the ends and the minima of sections, each cut down to the mean about it over windows
///            that shrink from half_window (in sections) to 1, joined by lines in x
/// Status     converged
/// Cost       O(points + sections x half_window), with the automatic half window times the windows
///            tried on the minima
/// Source     Liland, MethodsX 2 (2015) 135; how windows shrink near the ends is not in the article
void run_peak_filling(const MethodCall& call) {
  PeakFillingRun one(call);
  for (Index r = 0; r < call.count(); ++r) {
    call.give(r, one.run_one(call.row(r)));
    call.status[static_cast<std::size_t>(r)] = MethodStatus::converged;
  }
}

}  // namespace

CoreMethod baseline_peak_filling() {
  return {
      {"baseline",
       "peak_filling", "means of local minima, suppressed in shrinking windows",
       "Liland, MethodsX 2 (2015) 135", peak_filling_parameters},
      6,
      run_peak_filling
  };
}

}  // namespace calcispec
