// Normalisation of offset and scale: by the range, by the standard deviation, or by quantiles.
#include "core/method_table.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <limits>
#include <vector>

namespace calcispec {
namespace {

// A row without spread cannot be normalised; it comes back NaN and failed.
void scale_row(std::span<double> row, double offset, double scale) {
  for (double& y : row) {
    y = (y - offset) / scale;
  }
}

// Quantile q of the values, between the order statistics beside it (type 7 of Hyndman & Fan, Am.
// Stat. 50 (1996) 361). The values change their order.
double quantile_of(std::vector<double>& values, double q) {
  const double place = q * static_cast<double>(values.size() - 1);
  const auto below = static_cast<Index>(place);
  const auto at = values.begin() + below;
  std::nth_element(values.begin(), at, values.end());
  const double part = place - static_cast<double>(below);
  return part > 0 ? *at + part * (*std::min_element(at + 1, values.end()) - *at) : *at;
}

void run_min_max(const MethodCall& call) {
  for (Index r = 0; r < call.count(); ++r) {
    const auto row = call.row(r);
    const auto [low, high] = std::minmax_element(row.begin(), row.end());
    const double offset = *low;
    scale_row(row, offset, *high - offset);
  }
}

/// Model      (y - mean) / standard deviation, points - 1 degrees of freedom
/// Source     Barnes et al., Appl. Spectrosc. 43 (1989) 772
void run_snv(const MethodCall& call) {
  const auto points = static_cast<double>(call.points());
  for (Index r = 0; r < call.count(); ++r) {
    const auto row = call.row(r);
    double sum = 0;
    for (const double y : row) {
      sum += y;
    }
    const double mean = sum / points;
    double square = 0;
    for (const double y : row) {
      square += (y - mean) * (y - mean);
    }
    scale_row(row, mean, std::sqrt(square / (points - 1)));
  }
}

constexpr std::array<ParameterInfo, 1> robust_parameters{
    {
     {.name = "quantile",
         .aliases = "q",
         .minimum = 0.01,
         .maximum = 1,
         .standard = 0.25,
         .help = "the part of the lowest points that offset and scale are taken from"},
     }
};

/// Model      SNV with the mean and the standard deviation of the points up to a quantile: bands
///            that come and go above it do not change the scale
/// Source     Guo et al., Anal. Chim. Acta 382 (1999) 87
void run_robust_snv(const MethodCall& call) {
  std::vector<double> values;
  const double quantile = call.parameters.real("quantile");
  for (Index r = 0; r < call.count(); ++r) {
    const auto row = call.row(r);
    values.assign(row.begin(), row.end());
    const double limit = quantile_of(values, quantile);
    double count = 0;
    double sum = 0;
    for (const double y : row) {
      count += y <= limit ? 1 : 0;
      sum += y <= limit ? y : 0;
    }
    const double mean = sum / count;
    double square = 0;
    for (const double y : row) {
      square += y <= limit ? (y - mean) * (y - mean) : 0;
    }
    scale_row(row, mean, std::sqrt(square / (count - 1)));
  }
}

constexpr std::array<ParameterInfo, 2> quantile_parameters{
    {
     {.name = "high",
         .aliases = "quantile q",
         .minimum = 0,
         .maximum = 1,
         .standard = 0.95,
         .help = "the quantile of the ordinate that becomes 1"},
     {.name = "low",
         .minimum = 0,
         .maximum = 1,
         .standard = std::numeric_limits<double>::quiet_NaN(),
         .help = "the quantile that becomes 0; the zero stays where it is if not given"},
     }
};

void run_quantile(const MethodCall& call) {
  std::vector<double> values;
  const auto& set = call.parameters;
  for (Index r = 0; r < call.count(); ++r) {
    const auto row = call.row(r);
    values.assign(row.begin(), row.end());
    const double high = quantile_of(values, set.real("high"));
    const double low = set.is_set("low") ? quantile_of(values, set.real("low")) : 0;
    scale_row(row, low, high - low);
  }
}

}  // namespace

CoreMethod normalize_min_max() {
  return {
      {"normalize", "min_max", "lowest ordinate becomes 0, highest 1", "-", {}},
      2, run_min_max
  };
}

CoreMethod normalize_snv() {
  return {
      {"normalize",
       "snv", "mean becomes 0, standard deviation 1 (standard normal variate)",
       "Barnes et al., Appl. Spectrosc. 43 (1989) 772", {}},
      2,
      run_snv
  };
}

CoreMethod normalize_robust_snv() {
  return {
      {"normalize",
       "robust_snv", "standard normal variate by the lowest points only",
       "Guo et al., Anal. Chim. Acta 382 (1999) 87", robust_parameters},
      4,
      run_robust_snv
  };
}

CoreMethod normalize_quantile() {
  return {
      {"normalize",
       "quantile", "a quantile of the ordinate becomes 1: spikes do not set the scale",
       "-", quantile_parameters},
      2,
      run_quantile
  };
}

}  // namespace calcispec
