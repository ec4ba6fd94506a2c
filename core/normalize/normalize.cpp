// Normalisation: area, maximum or vector length becomes 1.
#include "core/method_table.hpp"

#include <algorithm>
#include <cmath>

namespace calcispec {
namespace {

// A row whose measure is 0 cannot be normalised; it comes back NaN and failed.
template <typename Measure>
void scale_rows(const MethodCall& call, const Measure& measure) {
  for (Index r = 0; r < call.count(); ++r) {
    const auto row = call.row(r);
    const double size = measure(row);
    for (double& y : row) {
      y /= size;
    }
  }
}

void run_area(const MethodCall& call) {
  const auto x = call.axis.values();
  scale_rows(call, [&](std::span<const double> y) {
    double area = 0;
    for (std::size_t i = 1; i < y.size(); ++i) {
      area += 0.5 * (y[i] + y[i - 1]) * (x[i] - x[i - 1]);
    }
    return area;
  });
}

void run_maximum(const MethodCall& call) {
  scale_rows(call, [](std::span<const double> y) { return *std::max_element(y.begin(), y.end()); });
}

void run_vector(const MethodCall& call) {
  scale_rows(call, [](std::span<const double> y) {
    double sum = 0;
    for (const double value : y) {
      sum += value * value;
    }
    return std::sqrt(sum);
  });
}

}  // namespace

CoreMethod normalize_area() {
  return {
      {"normalize", "area", "area under the spectrum becomes 1", "trapezoid rule", {}},
      2,
      run_area
  };
}

CoreMethod normalize_maximum() {
  return {
      {"normalize", "maximum", "highest ordinate becomes 1", "-", {}},
      1, run_maximum
  };
}

CoreMethod normalize_vector() {
  return {
      {"normalize", "vector", "root of the sum of squares becomes 1", "-", {}},
      1, run_vector
  };
}

}  // namespace calcispec
