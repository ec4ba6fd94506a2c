// Local polynomials at points of one axis, weighted by distance.
#pragma once

#include "core/export.hpp"

#include <span>
#include <vector>

namespace calcispec {

/// Where the fits stand and which points each sees: the nearest ones, on an axis of -1 to 1.
struct LocalWindows {
  /// Fits at most `delta` apart where the points allow; the last two points always have one.
  /// Source: Cleveland, J. Am. Stat. Assoc. 74 (1979) 829 (nearest neighbours, fits left out)
  LocalWindows(std::span<const double> x, std::size_t seen, double delta);

  std::size_t seen = 0;
  std::vector<std::size_t> fits;   // points with a fit of their own
  std::vector<std::size_t> first;  // first point that the fit sees
};

/// Local least squares with tricube weights (1 - |d|^3)^3, d the distance over the largest one.
/// Orders from 0 to 5.
class LocalPolynomial {
 public:
  LocalPolynomial(std::span<const double> x, LocalWindows windows, Index order);
  /// Values at all points: straight lines between the fits.
  void fit(std::span<const double> y, std::span<const double> weights, std::span<double> out);

 private:
  template <std::size_t terms>
  void fit_all(std::span<double> out) const;
  template <std::size_t terms>
  [[nodiscard]] double value_at(std::size_t fit) const;

  std::span<const double> x_;
  LocalWindows windows_;
  std::size_t terms_;
  std::size_t stride_;            // points seen, filled up to whole registers
  std::vector<double> distance_;  // [fit][point seen], signed, over the largest
  std::vector<double> tricube_;   // the same layout
  std::vector<double> weights_;   // of the points, with a register of zeros behind the last
  std::vector<double> products_;  // weight times ordinate, the same layout
};

/// Median; the values are put in another order.
double median(std::span<double> values);

}  // namespace calcispec
