// The columns of one fit with a shared mixture, and a spectrum's products with them.
#pragma once

#include "core/shared_mixture_private.hpp"

#include <limits>
#include <span>
#include <vector>

namespace calcispec::detail {

/// A column by its number: those shared by all spectra from 0 on, -1 - k: the spectrum's own k. The
/// same in every fit of the spectrum.
using ColumnId = Index;
inline constexpr ColumnId no_column = std::numeric_limits<ColumnId>::min();

/// Products of a spectrum and of columns with each other, background eliminated, for the weights of
/// a class.
class ColumnProducts {
 public:
  ColumnProducts(const SharedMixture::Parts& shared, SharedMixture::Spectrum::Parts& spectrum)
      : shared_(shared), spectrum_(spectrum) {}

  void load(std::size_t row);

  [[nodiscard]] Eigen::Map<const Eigen::VectorXd> column(ColumnId id) const;
  /// Points outside which the column is 0: the first, and how many.
  [[nodiscard]] std::pair<Index, Index> support(ColumnId id) const;
  /// With the background, behind its factor.
  [[nodiscard]] Eigen::Map<const Eigen::VectorXd> half(ColumnId id) const;
  [[nodiscard]] double product(ColumnId i, ColumnId j) const {
    return i >= 0 && j >= 0 ? class_->schur(i, j) : own_product(i, j);
  }
  /// Of one column with many; 0 with none.
  void products(ColumnId id, std::span<const ColumnId> with, std::span<double> out) const;
  /// Of one that is not shared with any other curve, its half with the background.
  [[nodiscard]] double product(ColumnId own,
                               const Eigen::Map<const Eigen::VectorXd>& curve,
                               const Eigen::Map<const Eigen::VectorXd>& half) const;
  /// With the spectrum.
  [[nodiscard]] double right(ColumnId id) const;

 private:
  [[nodiscard]] double own_product(ColumnId i, ColumnId j) const;
  // Made when they are first asked for.
  [[nodiscard]] OwnColumn& own(ColumnId id) const;
  [[nodiscard]] OwnColumn& own_with_products(ColumnId id) const;

  const SharedMixture::Parts& shared_;
  SharedMixture::Spectrum::Parts& spectrum_;
  const MisfitClass* class_ = nullptr;
  std::size_t row_ = 0;
};

/// Those of the bands of a fit: their values, then two slopes (place, log width) of each band that
/// has them.
class SharedColumns {
 public:
  SharedColumns(const SharedMixture::Parts& shared,
                SharedMixture::Spectrum::Parts& spectrum,
                std::span<const SharedBand> bands);

  [[nodiscard]] ColumnId band(Index b) const { return bands_[static_cast<std::size_t>(b)]; }
  [[nodiscard]] bool has_slopes(Index b) const { return shape(b).is_free; }
  [[nodiscard]] ColumnId by_center(Index b) const { return band(b) + (band(b) >= 0 ? 1 : -1); }
  [[nodiscard]] ColumnId by_log_width(Index b) const { return band(b) + (band(b) >= 0 ? 2 : -2); }
  [[nodiscard]] const SharedShape& shape(Index b) const {
    return shapes_[static_cast<std::size_t>(b)];
  }

 private:
  std::vector<SharedShape> shapes_;
  std::vector<ColumnId> bands_;
};

}  // namespace calcispec::detail
