// Polynomials through spectra of one axis, for the polynomial baselines.
#pragma once

#include "core/method_table.hpp"

#include <span>
#include <vector>

namespace calcispec {

inline constexpr ParameterInfo polynomial_order_parameter{.name = "polynomial_order",
                                                          .aliases = "poly_order",
                                                          .type = ParameterType::integer,
                                                          .minimum = 0,
                                                          .maximum = 30,
                                                          .standard = 2,
                                                          .help = "degree of the polynomial"};
inline constexpr ParameterInfo polynomial_iterations_parameter{.name = "max_iterations",
                                                               .aliases = "max_iter",
                                                               .type = ParameterType::integer,
                                                               .minimum = 0,
                                                               .maximum = 100000,
                                                               .standard = 250,
                                                               .help = "most fits"};
inline constexpr ParameterInfo use_original_parameter{
    .name = "use_original",
    .type = ParameterType::flag,
    .minimum = 0,
    .maximum = 1,
    .standard = 0,
    .help = "cut the spectrum itself at each fit, not what is left of it"};
constexpr ParameterInfo initial_mask_parameter(bool standard) {
  return {.name = "mask_initial_peaks",
          .type = ParameterType::flag,
          .minimum = 0,
          .maximum = 1,
          .standard = standard ? 1.0 : 0.0,
          .help = "leave out what stands above the first fit by a standard deviation"};
}
constexpr ParameterInfo polynomial_tolerance_parameter(std::string_view help) {
  return {.name = "tolerance",
          .aliases = "tol",
          .minimum = -1,
          .maximum = 1,
          .standard = 1e-3,
          .help = help};
}

/// Orthonormal polynomials on the points of an axis that count; least squares is a projection.
class PolynomialBasis {
 public:
  /// `counts`: 1 for points that take part, empty for all. The axis may be uneven.
  PolynomialBasis(std::span<const double> x, Index order, std::span<const char> counts);

  /// The best polynomial through y, on all points.
  void fit(std::span<const double> y, std::span<double> out) const;

  /// The same; `powers` becomes its coefficients in powers of the axis scaled to -1 ... 1.
  void fit(std::span<const double> y, std::span<double> out, std::vector<double>& powers) const;

  /// Polynomials that the points determine: at most the order + 1.
  [[nodiscard]] Index size() const { return static_cast<Index>(on_all_.size()); }
  /// One of them on all points.
  [[nodiscard]] std::span<const double> polynomial(Index k) const {
    return on_all_[static_cast<std::size_t>(k)];
  }

 private:
  std::size_t points_;
  std::vector<std::vector<double>> on_counted_;  // orthonormal, 0 on points that do not count
  std::vector<std::vector<double>> on_all_;      // the same polynomials on all points
  std::vector<std::vector<double>> powers_;      // their coefficients, constant first
};

/// |b - a| / |a| in the Euclidean norm; a of 0 counts as the smallest number.
double relative_change(std::span<const double> a, std::span<const double> b);

}  // namespace calcispec
