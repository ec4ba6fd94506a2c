// The columns of one fit with a shared mixture, and a spectrum's products with them.
#pragma once

#include "core/shared_mixture_private.hpp"

#include <span>
#include <vector>

namespace calcispec::detail {

/// Values of all bands, then two slopes (place, log width) of each band that has them.
class SharedColumns {
 public:
  SharedColumns(const SharedMixture::Parts& shared,
                SharedMixture::Spectrum::Parts& spectrum,
                std::span<const SharedBand> bands);

  /// Products for the weights of a class.
  void load(std::size_t row);

  [[nodiscard]] Index count() const { return static_cast<Index>(columns_.size()); }
  [[nodiscard]] Index band_count() const { return static_cast<Index>(shapes_.size()); }
  /// The same for the same column in every fit of the spectrum.
  [[nodiscard]] Index id(Index j) const { return columns_[static_cast<std::size_t>(j)]; }
  /// First of a band's slopes, -1: it has none.
  [[nodiscard]] Index slopes(Index band) const { return slopes_[static_cast<std::size_t>(band)]; }
  [[nodiscard]] const SharedShape& shape(Index band) const {
    return shapes_[static_cast<std::size_t>(band)];
  }
  [[nodiscard]] Eigen::Map<const Eigen::VectorXd> column(Index j) const;
  /// Points outside which the column is 0: the first, and how many.
  [[nodiscard]] std::pair<Index, Index> support(Index j) const;
  /// With the background, behind its factor.
  [[nodiscard]] Eigen::Map<const Eigen::VectorXd> half(Index j) const;
  /// Background eliminated.
  [[nodiscard]] double product(Index i, Index j) const {
    return id(i) >= 0 && id(j) >= 0 ? class_->schur(id(i), id(j)) : own_product(i, j);
  }
  /// Of one column with many; 0 with those that are -1.
  void products(Index j, std::span<const Index> with, std::span<double> out) const;
  [[nodiscard]] double right(Index j) const;

 private:
  [[nodiscard]] double own_product(Index i, Index j) const;
  [[nodiscard]] Index own_column(const MixtureBand& band);
  // Made when they are first asked for.
  [[nodiscard]] OwnColumn& own(Index id) const;
  [[nodiscard]] OwnColumn& own_with_products(Index id) const;

  const SharedMixture::Parts& shared_;
  SharedMixture::Spectrum::Parts& spectrum_;
  const MisfitClass* class_ = nullptr;
  std::size_t row_ = 0;
  std::vector<SharedShape> shapes_;  // per band
  std::vector<Index> columns_;       // of the shared ones; -1 - k: the spectrum's own k
  std::vector<Index> slopes_;
};

}  // namespace calcispec::detail
