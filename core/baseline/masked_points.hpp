// MaskedPoints: points that a baseline must not look at, bridged before a method and put back
// after.
#pragma once

#include "core/axis.hpp"
#include "core/parameter.hpp"

#include <span>
#include <vector>

namespace calcispec {

/// Belongs to every method of the family baseline.
inline constexpr ParameterInfo mask_parameter{
    .name = "mask",
    .aliases = "mask_regions",
    .type = ParameterType::pairs,
    .minimum = -1e12,
    .maximum = 1e12,
    .standard = 0,
    .unit = "axis",
    .help = "regions from:to that the baseline does not look at, such as 900:1120,1580:1720"};

/// The method with the parameter `mask` behind its own. For the registry alone, which is made once.
MethodInfo with_mask(const MethodInfo& info);

/// The same for the baselines among the rows of a table.
template <class Rows>
void give_masks(Rows& rows) {
  for (auto& row : rows) {
    if (row.info.family == "baseline") {
      row.info = with_mask(row.info);
    }
  }
}

/// Points of one axis inside the regions of `mask`, and points of a spectrum that are NaN.
///
/// Model      hidden points lie on a line from the mean of up to five points before to that of as
///            many behind; at an end on the mean of the side that there is. Nothing of what stood
///            there enters a result.
/// Source     the mean of a few points as in Golotvin & Williams, J. Magn. Reson. 146 (2000) 122
class MaskedPoints {
 public:
  MaskedPoints(const Axis& axis, std::span<const NumberPair> regions);

  [[nodiscard]] bool has_regions() const { return has_regions_; }
  /// Bridges the row. False, and nothing done, where fewer than `least` points would be left.
  bool hide(std::span<double> row, Index least);
  /// `row` holds the bridged spectrum less its baseline; hidden points become what stood there less
  /// the same baseline.
  void show(std::span<double> row) const;

 private:
  struct Hidden {
    std::size_t at;
    double value;
    double bridge;
  };

  void bridge(std::span<double> row, std::size_t first, std::size_t end);

  std::span<const double> x_;
  std::vector<char> in_region_;
  std::vector<char> is_hidden_;
  std::vector<Hidden> hidden_;
  bool has_regions_ = false;
};

}  // namespace calcispec
