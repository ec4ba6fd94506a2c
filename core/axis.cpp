#include "core/axis.hpp"

#include "core/error.hpp"
#include "core/monotonic.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace calcispec {
namespace {

void check_monotonic(const std::vector<double>& values) {
  require(!values.empty(), "the axis has no points");
  if (rises_or_falls(values)) {
    return;
  }
  const bool falls = values.size() > 1 && values.back() < values.front();
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i])) {
      require(false, "axis value " + std::to_string(i + 1) + " is not finite");
    }
    const double step = i == 0 ? 1 : falls ? values[i - 1] - values[i] : values[i] - values[i - 1];
    if (!(step > 0)) {
      require(false,
              "axis value " + std::to_string(i + 1) + " (" + std::to_string(values[i]) +
                  ") does not " + (falls ? "fall below" : "rise above") +
                  " its neighbour; sort the axis and remove " + "repeated points");
    }
  }
}

}  // namespace

std::shared_ptr<const Axis> Axis::make(std::vector<double> stored,
                                       AxisKind kind,
                                       std::string unit) {
  check_monotonic(stored);
  const bool falls = stored.size() > 1 && stored.back() < stored.front();
  if (falls) {
    std::reverse(stored.begin(), stored.end());
  }
  return std::shared_ptr<const Axis>(new Axis(std::move(stored), kind, std::move(unit), falls));
}

Axis::Axis(std::vector<double> values, AxisKind kind, std::string unit, bool was_descending)
    : values_(std::move(values)),
      kind_(kind),
      unit_(std::move(unit)),
      was_descending_(was_descending) {
  if (values_.size() < 2) {
    return;
  }
  mean_step_ = (values_.back() - values_.front()) / static_cast<double>(values_.size() - 1);
  const auto is_as_the_mean = [mean = mean_step_](double before, double after) {
    return std::abs(after - before - mean) <= 1e-3 * mean;
  };
  is_uniform_ = wrong_steps(values_, is_as_the_mean) == 0;
}

Index Axis::lower_bound(double x) const {
  return std::lower_bound(values_.begin(), values_.end(), x) - values_.begin();
}

}  // namespace calcispec
