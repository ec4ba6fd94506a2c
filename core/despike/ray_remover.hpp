// RayRemover: cosmic rays of one spectrum, found by its own moving median and shapes.
#pragma once

#include "core/parameter.hpp"

#include <span>
#include <vector>

namespace calcispec {

/// Height in units of the noise, and the narrowest line of a sample, in points.
struct RayRule {
  Index window = 7;
  double threshold = 6;
  double least_width = 1.6;
};

/// Replaces rays by the line between the good samples beside them, in place. Memory is kept from
/// one spectrum to the next; belongs to a thread.
class RayRemover {
 public:
  explicit RayRemover(const RayRule& rule);

  /// Up to three passes: what stood beside a ray may be seen only after it is gone.
  void remove(std::span<double> y) {
    for (int round = 0; round < 3 && pass(y); ++round) {
    }
  }

 private:
  class Profile;

  bool pass(std::span<double> y);
  [[nodiscard]] bool has_candidates(double step);
  [[nodiscard]] bool is_top(std::size_t i) const;
  void start_blocks(std::span<const double> y);
  double median_of_medians();
  double own_noise(std::span<const double> y, std::size_t block);
  double noise_at(std::span<const double> y, std::size_t i);
  double quiet(std::span<const double> y);
  [[nodiscard]] bool is_line(std::span<const double> y, std::size_t top);
  void mark(std::span<const double> y, std::size_t top, double least);
  void bridge(std::span<double> y) const;

  Index half_;
  double threshold_;
  double least_ratio_;  // of the neighbours' product to the square of a line's top
  std::vector<double> median_;
  std::vector<double> rest_;
  std::vector<double> size_;
  std::vector<double> window_;
  std::vector<double> medians_;
  double overall_ = 0;          // noise of the whole spectrum
  std::vector<double> own_;     // noise of each block; NaN: not asked for yet
  std::vector<double> curved_;  // the same from second differences
  double quiet_ = 0;            // of the block with the least; NaN: not asked for yet
  std::vector<bool> is_spike_;
};

}  // namespace calcispec
