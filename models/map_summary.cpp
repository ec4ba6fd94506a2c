#include "models/map_summary.hpp"

#include "core/error.hpp"

#include <algorithm>
#include <cmath>
#include <vector>

namespace calcispec::models {
namespace {

// Between the sorted values, linear.
double map_quantile(const std::vector<double>& sorted, double part) {
  const double at = part * static_cast<double>(sorted.size() - 1);
  const auto low = static_cast<std::size_t>(at);
  const auto high = std::min(low + 1, sorted.size() - 1);
  return sorted[low] + (at - static_cast<double>(low)) * (sorted[high] - sorted[low]);
}

// Sums over pairs of neighbours, each pair counted both ways.
struct Neighbours {
  double weight = 0;          // S0
  double squared_degree = 0;  // sum of (2 * neighbours)^2, S2
  double product = 0;         // of deviations from the mean
};

Neighbours sum_neighbours(std::span<const double> values, const MapGrid& grid, double mean) {
  Neighbours out;
  const auto value = [&](Index x, Index y) {
    const bool is_inside = x >= 0 && y >= 0 && x < grid.nx && y < grid.ny;
    return is_inside ? values[static_cast<std::size_t>(y * grid.nx + x)] : std::nan("");
  };
  for (Index y = 0; y < grid.ny; ++y) {
    for (Index x = 0; x < grid.nx; ++x) {
      const double own = value(x, y);
      if (!std::isfinite(own)) {
        continue;
      }
      double degree = 0;
      for (const double other :
           {value(x - 1, y), value(x + 1, y), value(x, y - 1), value(x, y + 1)}) {
        if (std::isfinite(other)) {
          degree += 1;
          out.product += (own - mean) * (other - mean);
        }
      }
      out.weight += degree;
      out.squared_degree += 4 * degree * degree;
    }
  }
  return out;
}

void add_moran(std::span<const double> values,
               const MapGrid& grid,
               std::span<const double> known,
               double mean,
               MapSummary& out) {
  double second = 0;
  double fourth = 0;
  for (const double value : known) {
    const double square = (value - mean) * (value - mean);
    second += square;
    fourth += square * square;
  }
  const auto sums = sum_neighbours(values, grid, mean);
  const auto n = static_cast<double>(known.size());
  if (known.size() < 4 || !(second > 0) || !(sums.weight > 0)) {
    return;
  }
  out.moran_i = n / sums.weight * sums.product / second;
  const double expected = -1 / (n - 1);
  const double s0 = sums.weight * sums.weight;
  const double s1 = 2 * sums.weight;  // 1/2 sum (w_ij + w_ji)^2 of weights 1
  const double s2 = sums.squared_degree;
  const double kurtosis = n * fourth / (second * second);
  const double mean_square = (n * ((n * n - 3 * n + 3) * s1 - n * s2 + 3 * s0) -
                              kurtosis * ((n * n - n) * s1 - 2 * n * s2 + 6 * s0)) /
                             ((n - 1) * (n - 2) * (n - 3) * s0);
  const double variance = mean_square - expected * expected;
  if (variance > 0) {
    out.moran_z = (out.moran_i - expected) / std::sqrt(variance);
  }
}

}  // namespace

MapSummary summarise_map(std::span<const double> values,
                         std::span<const double> u,
                         const MapGrid& grid) {
  require(static_cast<Index>(values.size()) == grid.nx * grid.ny,
          "a map has as many values as pixels");
  require(u.empty() || u.size() == values.size(), "a map has as many uncertainties as values");
  MapSummary out;
  std::vector<double> known;
  double sum = 0;
  double noise = 0;
  Index with_noise = 0;
  for (std::size_t i = 0; i < values.size(); ++i) {
    if (!std::isfinite(values[i])) {
      continue;
    }
    known.push_back(values[i]);
    sum += values[i];
    if (!u.empty() && std::isfinite(u[i])) {
      noise += u[i] * u[i];
      ++with_noise;
    }
  }
  out.count = static_cast<Index>(known.size());
  if (known.empty()) {
    return out;
  }
  const double mean = sum / static_cast<double>(known.size());
  add_moran(values, grid, known, mean, out);
  if (known.size() > 1) {
    double square = 0;
    for (const double value : known) {
      square += (value - mean) * (value - mean);
    }
    const double variance = square / static_cast<double>(known.size() - 1);
    const double of_noise = with_noise > 0 ? noise / static_cast<double>(with_noise) : 0;
    out.spread = std::sqrt(std::max(0.0, variance - of_noise));
  }
  std::sort(known.begin(), known.end());
  out.median = map_quantile(known, 0.5);
  out.iqr = map_quantile(known, 0.75) - map_quantile(known, 0.25);
  return out;
}

}  // namespace calcispec::models
