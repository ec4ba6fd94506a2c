// Rows on an axis of points or of even steps through a method of core, for short tests.
#pragma once

#include "core/chain.hpp"
#include "core/set_methods.hpp"

#include <algorithm>
#include <cmath>
#include <random>
#include <string>
#include <vector>

namespace calcispec::test {

inline SpectraMatrix rows_of(const std::vector<std::vector<double>>& rows, double step = 1) {
  std::vector<double> x;
  for (std::size_t i = 0; i < rows.front().size(); ++i) {
    x.push_back(400 + step * static_cast<double>(i));
  }
  auto out = SpectraMatrix::make(Axis::make(std::move(x), AxisKind::raman_shift, "1/cm"),
                                 static_cast<Index>(rows.size()));
  for (std::size_t r = 0; r < rows.size(); ++r) {
    std::copy(rows[r].begin(), rows[r].end(), out.row(static_cast<Index>(r)).begin());
  }
  return out;
}

struct Named {
  std::string name;
  std::string value;
};

/// "smooth.gaussian" with parameters as text.
inline SpectraMatrix run_step(SpectraMatrix spectra,
                              const std::string& name,
                              const std::vector<Named>& given = {},
                              const std::optional<MapGrid>& grid = {}) {
  const auto family = name.substr(0, name.find('.'));
  const auto method = name.substr(name.find('.') + 1);
  std::vector<GivenParameter> parameters;
  parameters.reserve(given.size());
  for (const auto& one : given) {
    parameters.push_back({one.name, one.value, ""});
  }
  if (const auto* info = find_set_method(family, method)) {
    const auto set = ParameterSet::checked(info->parameters, parameters, name);
    run_set_method({family, method, set}, spectra, grid, 1);
    return spectra;
  }
  const auto* info = find_core_method(family, method);
  const ChainStep step{family, method, ParameterSet::checked(info->parameters, parameters, name)};
  return run_chain(std::move(spectra), std::span(&step, 1), 1).spectra;
}

inline std::vector<double> run_row(const std::vector<double>& y,
                                   const std::string& name,
                                   const std::vector<Named>& given = {},
                                   double step = 1) {
  return run_step(rows_of({y}, step), name, given).values;
}

/// Bands of `width` points under noise, the same each time.
struct NoisyRow {
  std::vector<double> truth;
  std::vector<double> y;
};

inline NoisyRow noisy_row(std::size_t points, double width, double snr, unsigned seed) {
  NoisyRow out;
  std::mt19937_64 random(seed);
  std::normal_distribution<double> normal;
  for (std::size_t i = 0; i < points; ++i) {
    double y = 0.2;
    for (const double part : {0.2, 0.43, 0.47, 0.8}) {
      const double u = (static_cast<double>(i) - part * static_cast<double>(points)) / width;
      y += std::exp(-2.7726 * u * u);
    }
    out.truth.push_back(y);
    out.y.push_back(y + normal(random) / snr);
  }
  return out;
}

inline double rms_difference(std::span<const double> a, std::span<const double> b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    sum += (a[i] - b[i]) * (a[i] - b[i]);
  }
  return std::sqrt(sum / static_cast<double>(a.size()));
}

}  // namespace calcispec::test
