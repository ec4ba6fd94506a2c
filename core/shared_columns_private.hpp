// The columns of one fit with a shared mixture, and a spectrum's products with them.
#pragma once

#include "core/shared_mixture_private.hpp"

#include <span>
#include <vector>

namespace calcispec::detail {

/// Values of all bands, then two slopes (place, log width) of each band that has them.
class SharedColumns {
 public:
  SharedColumns(const SharedMixture::Parts& shared, std::span<const SharedBand> bands);

  /// Products for the weights of a class.
  void load(SharedMixture::Spectrum::Parts& spectrum, std::size_t row);

  [[nodiscard]] Index count() const { return static_cast<Index>(columns_.size()); }
  /// First of a band's slopes, -1: it has none.
  [[nodiscard]] Index slopes(Index band) const { return slopes_[static_cast<std::size_t>(band)]; }
  [[nodiscard]] const SharedShape& shape(Index band) const {
    return shapes_[static_cast<std::size_t>(band)];
  }
  [[nodiscard]] Eigen::Map<const Eigen::VectorXd> column(Index j) const;
  /// With the background, behind its factor.
  [[nodiscard]] Eigen::Map<const Eigen::VectorXd> half(Index j) const;
  /// Background eliminated; i >= j.
  [[nodiscard]] double product(Index i, Index j) const { return schur_(i, j); }
  [[nodiscard]] double right(Index j) const { return right_[j]; }

 private:
  void add_own(std::span<const SharedBand> bands);
  void load_own(const Projection& projection);

  const SharedMixture::Parts& shared_;
  const MisfitClass* class_ = nullptr;
  std::vector<SharedShape> shapes_;  // per band
  std::vector<Index> columns_;       // of the shared ones; -1 - k: own column k
  std::vector<Index> slopes_;
  Eigen::MatrixXd own_;  // columns that are not shared
  Eigen::MatrixXd own_half_;
  Eigen::MatrixXd schur_;  // lower half
  Eigen::VectorXd right_;
};

}  // namespace calcispec::detail
