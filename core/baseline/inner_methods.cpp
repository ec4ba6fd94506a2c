#include "core/baseline/inner_methods.hpp"

#include "core/error.hpp"

#include <algorithm>
#include <limits>

namespace calcispec {

InnerRun::InnerRun(std::size_t count, std::size_t points)
    : y(count, std::vector<double>(points)),
      baselines(count, std::vector<double>(points)),
      status(count) {
  for (std::size_t r = 0; r < count; ++r) {
    rows_.push_back(y[r].data());
    baseline_rows_.push_back(baselines[r].data());
  }
}

void InnerRun::run(const CoreMethod& method, const Axis& axis, const ParameterSet& parameters) {
  if (axis.size() < method.least_points) {
    std::fill(status.begin(), status.end(), MethodStatus::failed);
    for (std::size_t r = 0; r < y.size(); ++r) {
      baselines[r].assign(y[r].size(), std::numeric_limits<double>::quiet_NaN());
    }
    return;
  }
  method.run({axis, parameters, rows_, baseline_rows_, status});
}

const CoreMethod& inner_method(const ParameterSet& parameters) {
  const auto* method = find_core_row("baseline", parameters.choice("method"));
  require(method != nullptr, "an inner method is not in the table of methods");
  return *method;
}

}  // namespace calcispec
