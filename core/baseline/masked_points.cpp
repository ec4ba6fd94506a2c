#include "core/baseline/masked_points.hpp"

#include "core/baseline/axis_regions.hpp"

#include <algorithm>
#include <cmath>
#include <deque>
#include <limits>

namespace calcispec {
namespace {

constexpr std::size_t most_neighbours = 5;

}  // namespace

MethodInfo with_mask(const MethodInfo& info) {
  // Tables live as long as the program; they are made once per method, when the registry is.
  static std::deque<std::vector<ParameterInfo>> tables;
  auto& table = tables.emplace_back(info.parameters.begin(), info.parameters.end());
  table.push_back(mask_parameter);
  auto out = info;
  out.parameters = table;
  return out;
}

MaskedPoints::MaskedPoints(const Axis& axis, std::span<const NumberPair> regions)
    : x_(axis.values()), in_region_(points_within(regions, x_)), is_hidden_(x_.size(), 0) {
  has_regions_ = std::find(in_region_.begin(), in_region_.end(), 1) != in_region_.end();
}

bool MaskedPoints::hide(std::span<double> row, Index least) {
  Index left = 0;
  for (std::size_t i = 0; i < row.size(); ++i) {
    is_hidden_[i] = in_region_[i] != 0 || std::isnan(row[i]) ? char{1} : char{0};
    left += is_hidden_[i] == 0 ? 1 : 0;
  }
  if (left < least) {
    return false;
  }
  hidden_.clear();
  for (std::size_t i = 0; i < row.size();) {
    std::size_t end = i;
    while (end < row.size() && is_hidden_[end] != 0) {
      ++end;
    }
    if (end > i) {
      bridge(row, i, end);
    }
    i = std::max(end, i + 1);
  }
  return true;
}

void MaskedPoints::bridge(std::span<double> row, std::size_t first, std::size_t end) {
  struct Side {
    double x = 0;
    double y = 0;
    double count = 0;
  };
  const auto add = [&](Side& side, std::size_t i) {
    side.x += x_[i];
    side.y += row[i];
    side.count += 1;
  };
  Side before;
  Side behind;
  for (std::size_t k = 0; k < most_neighbours; ++k) {
    if (first > k && is_hidden_[first - 1 - k] == 0 && before.count == static_cast<double>(k)) {
      add(before, first - 1 - k);
    }
    if (end + k < row.size() && is_hidden_[end + k] == 0 &&
        behind.count == static_cast<double>(k)) {
      add(behind, end + k);
    }
  }
  const double left = before.count > 0 ? before.y / before.count : behind.y / behind.count;
  const double right = behind.count > 0 ? behind.y / behind.count : left;
  const double left_x = before.count > 0 ? before.x / before.count : x_.front();
  const double right_x = behind.count > 0 ? behind.x / behind.count : x_.back();
  const double slope = right_x > left_x ? (right - left) / (right_x - left_x) : 0;
  for (std::size_t i = first; i < end; ++i) {
    const double line = left + slope * (x_[i] - left_x);
    hidden_.push_back({i, row[i], line});
    row[i] = line;
  }
}

void MaskedPoints::show(std::span<double> row) const {
  for (const auto& point : hidden_) {
    row[point.at] = point.value - (point.bridge - row[point.at]);
  }
}

}  // namespace calcispec
