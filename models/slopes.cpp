#include "core/chain.hpp"
#include "models/slopes_private.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <string>
#include <utility>

namespace calcispec::models::detail {
namespace {

constexpr double slope_window_cm1 = 12;
constexpr double background_stiffness_cm1 = 1e6;  // for points 1 1/cm apart

// What a step of core makes of one curve, and the baseline if it makes one.
ChainResult run_step(const AxisPtr& axis,
                     std::pair<std::string_view, std::string_view> method,
                     std::initializer_list<std::pair<const char*, double>> values,
                     const std::vector<double>& y) {
  const auto* info = find_core_method(method.first, method.second);
  std::vector<GivenParameter> given;
  for (const auto& [name, value] : values) {
    given.push_back({name, std::to_string(value), ""});
  }
  const std::array steps{
      ChainStep{std::string(method.first),
                std::string(method.second),
                ParameterSet::checked(info->parameters, given, info->name)}
  };
  auto spectra = SpectraMatrix::make(axis, 1);
  spectra.values = y;
  return run_chain(std::move(spectra), steps, 1, method.first == "baseline");
}

}  // namespace

Index slope_window(const Axis& axis) {
  const double points = slope_window_cm1 / axis.mean_step();
  return 2 * static_cast<Index>(std::clamp(0.5 * points, 2.0, 50.0)) + 1;
}

std::vector<double> slopes_of(const AxisPtr& axis, const std::vector<double>& y, Index window) {
  const auto points = static_cast<double>(window);
  return run_step(axis,
                  {
                      "smooth", "savgol"
  },
                  {{"window", points}, {"polynomial_order", 2}, {"derivative", 1}},
                  y)
      .spectra.values;
}

std::vector<double> background_of(const AxisPtr& axis,
                                  const std::vector<double>& y,
                                  double asymmetry) {
  const double stiffness = background_stiffness_cm1 / std::pow(axis->mean_step(), 4);
  auto result = run_step(axis,
                         {
                             "baseline", "asls"
  },
                         {{"lambda", std::clamp(stiffness, 1.0, 1e14)}, {"asymmetry", asymmetry}},
                         y);
  return result.baseline ? std::move(result.baseline->values) : std::vector<double>(y.size(), 0.0);
}

}  // namespace calcispec::models::detail
