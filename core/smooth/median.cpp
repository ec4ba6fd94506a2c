// Smoothing by the median of a moving window.
#include "core/kernels/moving_sum.hpp"
#include "core/kernels/running_median.hpp"
#include "core/method_failure.hpp"
#include "core/smooth/strength.hpp"

#include <array>
#include <limits>

namespace calcispec {
namespace {

constexpr std::array smooth_median_parameters{
    ParameterInfo{.name = "window",
                  .aliases = "size",
                  .type = ParameterType::integer,
                  .minimum = 1,
                  .maximum = 10001,
                  .standard = std::numeric_limits<double>::quiet_NaN(),
                  .unit = "points",
                  .help = "width of the window, odd; automatic from the noise if not given"}
};

class MedianSmoother {
 public:
  void smooth(std::span<const double> y, std::size_t window, std::span<double> out) {
    kernels::extend_reflected(y, window / 2, extended_);
    kernels::running_median(extended_, window, out.data(), sorted_);
  }

  // A median moves with the one sample it is: its divergence is the number of samples that are the
  // median of their own window.
  void smooth_best(std::span<double> row) {
    constexpr std::array<std::size_t, 12> windows{1, 3, 5, 7, 9, 11, 13, 15, 19, 23, 31, 41};
    const double sigma = estimate_noise(row);
    const RiskEstimate risk(sigma * sigma, row.size());
    source_.assign(row.begin(), row.end());
    smoothed_.resize(row.size());
    double least = std::numeric_limits<double>::infinity();
    for (const auto window : windows) {
      smooth(source_, window, smoothed_);
      Index own = 0;
      for (std::size_t i = 0; i < source_.size(); ++i) {
        own += smoothed_[i] == source_[i] ? 1 : 0;
      }
      const double now =
          risk(sum_of_squared_differences(source_, smoothed_), static_cast<double>(own));
      if (now < least) {
        least = now;
        std::copy(smoothed_.begin(), smoothed_.end(), row.begin());
      }
    }
  }

 private:
  std::vector<double> source_;
  std::vector<double> smoothed_;
  std::vector<double> extended_;
  std::vector<double> sorted_;
};

/// Model      median of y(i - h) ... y(i + h), window = 2h + 1
/// Edges      reflected, the last sample once more
/// Status     failed: even window
/// Cost       see kernels/running_median.hpp; automatic: twelve windows
void run_smooth_median(const MethodCall& call) {
  MedianSmoother smoother;
  std::vector<double> source;
  const bool is_given = call.parameters.is_set("window");
  const auto window =
      is_given ? static_cast<std::size_t>(call.parameters.integer("window")) : std::size_t{1};
  if (window % 2 == 0) {
    fail_all(call);
    return;
  }
  for (Index r = 0; r < call.count(); ++r) {
    const auto row = call.row(r);
    if (is_given) {
      source.assign(row.begin(), row.end());
      smoother.smooth(source, window, row);
    } else {
      smoother.smooth_best(row);
    }
  }
}

}  // namespace

CoreMethod smooth_median() {
  return {
      {"smooth",
       "median", "median of a moving window; automatic width",
       "width by Stein, Ann. Statist. 9 (1981) 1135", smooth_median_parameters},
      1,
      run_smooth_median
  };
}

}  // namespace calcispec
