// Broadener: band profiles as an instrument of known resolution records them. Private to core.
#pragma once

#include "core/broadening.hpp"
#include "core/kernels/profile.hpp"

#include <memory>
#include <span>
#include <vector>

namespace calcispec::band_fit {

using kernels::AlignedDoubles;

/// Profiles and derivatives are evaluated on a grid much finer than the kernel and summed with it.
///
/// Needs      x rising, its padding equal to the last value; bands no narrower than least_width()
/// Accuracy   1e-6 of the height for Gaussian kernels and bands of least_width() or wider (shapes
///            with a kink 1e-5); sinc kernels 1e-4, of tails beyond the grid
/// Cost       points x 240 (gauss) or points x grid (sinc) products per column
class Broadener {
 public:
  /// Throws Error{invalid_argument} for a kernel that the points cannot show or that asks for too
  /// fine a grid.
  Broadener(const Broadening& broadening, std::span<const double> x);

  [[nodiscard]] bool is_for(const Broadening& broadening, std::span<const double> x) const;
  /// Columns of `call` at the points, times its weight; columns equal to `unused` are left alone.
  void evaluate(const kernels::ShapeRow& row,
                const kernels::ProfileCall& call,
                Index parameters,
                const double* unused,
                AlignedDoubles& scratch) const;

 private:
  void fill_rows();

  Broadening broadening_;
  std::vector<double> x_;
  double step_ = 0;
  Index taps_ = 0;  // of a row, padded
  AlignedDoubles grid_;
  AlignedDoubles ones_;
  std::vector<Index> first_;  // of each row, on the grid
  AlignedDoubles rows_;       // points x taps: kernel times step
};

/// Bands narrower than this cannot be told from a line.
double least_width(const Broadening& broadening);
/// The last one made in this thread where it fits.
std::shared_ptr<const Broadener> broadener_for(const Broadening& broadening,
                                               std::span<const double> x);

}  // namespace calcispec::band_fit
