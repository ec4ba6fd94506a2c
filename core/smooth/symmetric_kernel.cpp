#include "core/smooth/symmetric_kernel.hpp"

#include "core/kernels/moving_sum.hpp"
#include "core/smooth/strength.hpp"

#include <algorithm>

namespace calcispec {
namespace {

// Trace of the smoother's matrix: a sample has the middle weight on itself, and near the ends the
// weight of its image as well, which stands 1, 3, 5, ... samples away.
double trace_of(const SymmetricKernel& kernel, Index points) {
  const std::size_t half = kernel.size() / 2;
  double trace = static_cast<double>(points) * kernel[half];
  for (std::size_t distance = 1; distance <= half; distance += 2) {
    trace += 2 * kernel[half + distance];
  }
  return trace;
}

class KernelSmoother {
 public:
  void smooth(std::span<const double> y, const SymmetricKernel& kernel, std::span<double> out) {
    kernels::extend_reflected(y, kernel.size() / 2, extended_);
    kernels::moving_sums(extended_, kernel, out.data());
  }

  void smooth_best(std::span<double> row,
                   std::span<const SymmetricKernel> candidates,
                   const RiskEstimate& risk) {
    smoothed_.resize(row.size());
    best_.resize(row.size());
    double least = std::numeric_limits<double>::infinity();
    best_strength(static_cast<Index>(candidates.size()), [&](Index index) {
      const auto& kernel = candidates[static_cast<std::size_t>(index)];
      smooth(row, kernel, smoothed_);
      const double own = risk(sum_of_squared_differences(row, smoothed_),
                              trace_of(kernel, static_cast<Index>(row.size())));
      if (own < least) {
        least = own;
        best_.swap(smoothed_);
      }
      return own;
    });
    std::copy(best_.begin(), best_.end(), row.begin());
  }

 private:
  std::vector<double> extended_;
  std::vector<double> smoothed_;
  std::vector<double> best_;
};

}  // namespace

void smooth_by_kernel(const MethodCall& call,
                      const SymmetricKernel& given,
                      std::span<const SymmetricKernel> candidates) {
  KernelSmoother smoother;
  std::vector<double> source;
  for (Index r = 0; r < call.count(); ++r) {
    const auto row = call.row(r);
    if (given.empty()) {
      smoother.smooth_best(row, candidates, RiskEstimate(call.parameters.choice("rule"), row));
    } else {
      source.assign(row.begin(), row.end());
      smoother.smooth(source, given, row);
    }
  }
}

}  // namespace calcispec
