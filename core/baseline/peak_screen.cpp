#include "core/baseline/peak_screen.hpp"

#include "core/baseline/bells.hpp"
#include "core/baseline/edges.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace calcispec {
namespace {

// Half the difference of the neighbours; at the ends of the one there is.
void derivative(std::span<const double> y, std::vector<double>& out) {
  const std::size_t n = y.size();
  out.resize(n);
  out[0] = y[1] - y[0];
  out[n - 1] = y[n - 1] - y[n - 2];
  for (std::size_t i = 1; i + 1 < n; ++i) {
    out[i] = 0.5 * (y[i + 1] - y[i - 1]);
  }
}

void multiply_by_screen(std::span<const double> derivative, std::span<double> out) {
  double square = 0;
  for (const double d : derivative) {
    square += d * d;
  }
  const double mean =
      std::max(square / static_cast<double>(derivative.size()), std::numeric_limits<double>::min());
  for (std::size_t i = 0; i < out.size(); ++i) {
    out[i] *= std::exp(-0.5 * derivative[i] * derivative[i] / mean);
  }
}

}  // namespace

PeakScreen::PeakScreen(Index points, double half_window, Index smoothings)
    : half_(static_cast<std::size_t>(
          half_window >= 0 ? half_window : std::floor(static_cast<double>(points) / 200))),
      smoothings_(smoothings) {
  if (half_ > 0) {
    kernel_ = mollifier(half_);
  }
}

void PeakScreen::factors(std::span<const double> y, std::span<double> out) const {
  std::vector<double> smooth;
  extend_by_lines(y, half_, smooth);
  if (!kernel_.empty()) {
    BellFilter filter(kernel_);
    for (Index k = 0; k < smoothings_; ++k) {
      filter.run(smooth, smooth);
    }
  }
  std::vector<double> first;
  std::vector<double> second;
  derivative(std::span(smooth).subspan(half_, y.size()), first);
  derivative(first, second);
  std::fill(out.begin(), out.end(), 1.0);
  multiply_by_screen(first, out);
  multiply_by_screen(second, out);
}

}  // namespace calcispec
