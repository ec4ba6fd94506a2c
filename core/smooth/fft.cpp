// Smoothing by a Fourier filter with explicit ends and an automatic cut-off.
#include "core/fft.hpp"

#include "core/method_table.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <numbers>
#include <vector>

namespace calcispec {
namespace {

constexpr std::array<ParameterInfo, 5> parameters{
    {
     {.name = "shape",
         .type = ParameterType::choice,
         .standard = 1,
         .choices = "brick gauss butter cosine",
         .help = "how the filter falls"},
     {.name = "edge",
         .type = ParameterType::choice,
         .standard = 1,
         .choices = "ramp mirror",
         .help = "ends: a straight line taken off and put back, or the mirrored signal"},
     {.name = "cutoff",
         .aliases = "fc",
         .minimum = 1e-4,
         .maximum = 0.5,
         .standard = std::numeric_limits<double>::quiet_NaN(),
         .unit = "cycles per point",
         .help = "frequency at which the filter falls; automatic from the noise if not given"},
     {.name = "order",
         .aliases = "m",
         .type = ParameterType::integer,
         .minimum = 1,
         .maximum = 20,
         .standard = 4,
         .help = "steepness of butter"},
     {.name = "stop",
         .aliases = "fs",
         .minimum = 1e-4,
         .maximum = 0.5,
         .standard = std::numeric_limits<double>::quiet_NaN(),
         .unit = "cycles per point",
         .help = "where cosine reaches 0; twice the cut-off if not given"},
     }
};

enum class Shape { brick, gauss, butter, cosine };

struct Filter {
  Shape shape = Shape::gauss;
  double cutoff = 0;
  double stop = 0;
  int order = 4;

  [[nodiscard]] double at(double frequency) const {
    const double ratio = frequency / cutoff;
    switch (shape) {
      case Shape::brick:
        return frequency <= cutoff ? 1 : 0;
      case Shape::gauss:
        return std::exp(-0.5 * std::numbers::ln2 * ratio * ratio);
      case Shape::butter:
        return 1 / std::sqrt(1 + std::pow(ratio, 2 * order));
      case Shape::cosine:
        break;
    }
    if (frequency <= cutoff) {
      return 1;
    }
    if (frequency >= stop) {
      return 0;
    }
    return 0.5 * (1 + std::cos(std::numbers::pi * (frequency - cutoff) / (stop - cutoff)));
  }
};

Filter filter_of(const ParameterSet& set) {
  constexpr std::array names{"brick", "gauss", "butter", "cosine"};
  Filter filter;
  const auto chosen = set.choice("shape");
  for (std::size_t i = 0; i < names.size(); ++i) {
    if (chosen == names[i]) {
      filter.shape = static_cast<Shape>(i);
    }
  }
  filter.order = static_cast<int>(set.integer("order"));
  filter.cutoff = set.is_set("cutoff") ? set.real("cutoff") : 0;
  filter.stop = set.is_set("stop") ? set.real("stop") : std::min(0.5, 2 * filter.cutoff);
  return filter;
}

// Cut-off of least expected error: what the filter takes from the signal plus what it lets through
// of the noise, from the power of each coefficient. The noise is the median power of the upper half
// of the frequencies, where a squared coefficient has one degree of freedom.
double automatic_cutoff(std::span<const double> coefficients, const Filter& shape) {
  const std::size_t n = coefficients.size();
  std::vector<double> power(n);
  for (std::size_t k = 0; k < n; ++k) {
    power[k] = coefficients[k] * coefficients[k];
  }
  std::vector<double> upper(power.begin() + static_cast<Index>(n / 2), power.end());
  const auto middle = upper.begin() + static_cast<Index>(upper.size() / 2);
  std::nth_element(upper.begin(), middle, upper.end());
  const double noise = *middle / 0.4549;  // median of chi-square with one degree of freedom
  double best = std::numeric_limits<double>::infinity();
  double best_cutoff = 0.5;
  Filter filter = shape;
  for (int step = 0; step <= 60; ++step) {
    filter.cutoff = 0.5 * std::pow(0.01, step / 60.0);
    filter.stop = std::min(0.5, 2 * filter.cutoff);
    double risk = 0;
    for (std::size_t k = 1; k < n; ++k) {
      const double pass = filter.at(0.5 * static_cast<double>(k) / static_cast<double>(n));
      risk += (1 - pass) * (1 - pass) * (power[k] - noise) + pass * pass * noise;
    }
    if (risk < best) {
      best = risk;
      best_cutoff = filter.cutoff;
    }
  }
  return best_cutoff;
}

void choose_cutoff(std::span<const double> row, bool is_automatic, Filter& filter) {
  if (!is_automatic) {
    return;
  }
  thread_local std::vector<double> spectrum;
  spectrum.assign(row.begin(), row.end());
  cosine_forward(spectrum);
  filter.cutoff = automatic_cutoff(spectrum, filter);
  filter.stop = std::min(0.5, 2 * filter.cutoff);
}

// Filter values of one length, made once for all rows that share the filter.
struct Response {
  std::vector<double> values;

  void make(const Filter& filter, std::size_t count, double frequency_step) {
    values.resize(count);
    for (std::size_t k = 0; k < count; ++k) {
      values[k] = filter.at(static_cast<double>(k) * frequency_step);
    }
  }
};

void filter_mirror(std::span<double> row, const Response& response) {
  cosine_forward(row);
  for (std::size_t k = 0; k < row.size(); ++k) {
    row[k] *= response.values[k];
  }
  cosine_inverse(row);
}

void filter_ramp(std::span<double> row, const Response& response) {
  thread_local std::vector<std::complex<double>> coefficients;
  const double first = row.front();
  const double slope = (row.back() - first) / static_cast<double>(row.size() - 1);
  for (std::size_t i = 0; i < row.size(); ++i) {
    row[i] -= first + slope * static_cast<double>(i);
  }
  fft_forward(row, coefficients);
  for (std::size_t k = 0; k < coefficients.size(); ++k) {
    coefficients[k] *= response.values[k];
  }
  fft_inverse(coefficients, row);
  for (std::size_t i = 0; i < row.size(); ++i) {
    row[i] += first + slope * static_cast<double>(i);
  }
}

/// Model      y filtered by H(f), f in cycles per point, 0 to 0.5; H as named by shape:
///            brick 1 up to the cut-off; gauss exp(-ln2/2 (f/fc)^2); butter 1/sqrt(1 + (f/fc)^2m);
///            cosine 1 up to the cut-off, 0 from stop, half a cosine between
/// Edges      ramp: line through both ends; mirror: half-sample symmetric, by cosine transform
/// Cost       two transforms; automatic cut-off: one more and 61 sums over the coefficients
/// Source     risk estimate: Stein, Ann. Statist. 9 (1981) 1135
void run(const MethodCall& call) {
  const bool is_mirror = call.parameters.choice("edge") == "mirror";
  const bool is_automatic = !call.parameters.is_set("cutoff");
  auto filter = filter_of(call.parameters);
  thread_local Response response;
  const auto points = static_cast<std::size_t>(call.points());
  const std::size_t count = is_mirror ? points : points / 2 + 1;
  const double step = (is_mirror ? 0.5 : 1.0) / static_cast<double>(points);
  for (Index r = 0; r < call.count(); ++r) {
    choose_cutoff(call.row(r), is_automatic, filter);
    if (r == 0 || is_automatic) {
      response.make(filter, count, step);
    }
    if (is_mirror) {
      filter_mirror(call.row(r), response);
    } else {
      filter_ramp(call.row(r), response);
    }
  }
}

}  // namespace

CoreMethod smooth_fft() {
  return {
      {"smooth",
       "fft", "Fourier filter with explicit ends; automatic cut-off from the noise",
       "definitions in the manual; cut-off by Stein's unbiased risk estimate", parameters},
      4,
      run
  };
}

}  // namespace calcispec
