// Moving medians.
#pragma once

#include <span>
#include <vector>

namespace calcispec {

/// Median over 2 * half + 1 points, the end values repeated beyond the ends. Cost: one insertion
/// and one removal in a sorted window a point.
class MovingMedian {
 public:
  void run(std::span<const double> y, std::size_t half, std::span<double> out);

 private:
  std::vector<double> window_;  // sorted
};

}  // namespace calcispec
