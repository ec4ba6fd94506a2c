#include "core/shared_columns_private.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace calcispec::detail {
namespace {

using Eigen::Map;
using Eigen::VectorXd;

SharedShape tabulated(const MixtureBand& band) {
  SharedShape own;
  own.center = band.center;
  own.fwhm = band.fwhm;
  own.lorentz_share = band.lorentz_share;
  own.skew = band.skew;
  return own;
}

}  // namespace

SharedColumns::SharedColumns(const SharedMixture::Parts& shared, std::span<const SharedBand> bands)
    : shared_(shared) {
  for (const auto& band : bands) {
    const auto at = static_cast<std::size_t>(std::max<Index>(band.shape, 0));
    shapes_.push_back(band.shape >= 0 ? shared.shapes[at] : tabulated(band.band));
  }
  add_own(bands);
  for (std::size_t b = 0; b < bands.size(); ++b) {
    slopes_.push_back(shapes_[b].is_free ? count() : -1);
    if (shapes_[b].is_free) {
      const Index first = columns_[b];
      columns_.push_back(first + 1);
      columns_.push_back(first + 2);
    }
  }
}

void SharedColumns::add_own(std::span<const SharedBand> bands) {
  const auto count =
      std::count_if(bands.begin(), bands.end(), [](const auto& band) { return band.shape < 0; });
  own_.resize(shared_.bands.points(), count);
  if (count == 0) {
    for (const auto& band : bands) {
      columns_.push_back(shared_.first[static_cast<std::size_t>(band.shape)]);
    }
    return;
  }
  const auto& x = shared_.bands.x();
  BandColumns made({x.data(), static_cast<std::size_t>(x.size())});
  made.resize(1);
  Index own = 0;
  for (std::size_t b = 0; b < bands.size(); ++b) {
    if (bands[b].shape >= 0) {
      columns_.push_back(shared_.first[static_cast<std::size_t>(bands[b].shape)]);
      continue;
    }
    const auto& shape = shapes_[b];
    made.evaluate(0, {shape.center, shape.fwhm, shape.lorentz_share, shape.skew});
    own_.col(own) = made.values().col(0);
    columns_.push_back(-1 - own);
    ++own;
  }
}

void SharedColumns::load(SharedMixture::Spectrum::Parts& spectrum, std::size_t row) {
  class_ = &shared_.classes[row];
  Projector projector(shared_, spectrum, row);
  schur_.resize(count(), count());
  right_.resize(count());
  for (Index j = 0; j < count(); ++j) {
    const Index column = columns_[static_cast<std::size_t>(j)];
    if (column < 0) {
      continue;
    }
    right_[j] = projector.column(column);
    const double* products = class_->schur.col(column).data();
    for (Index i = j; i < count(); ++i) {
      const Index other = columns_[static_cast<std::size_t>(i)];
      schur_(i, j) = other >= 0 ? products[other] : 0;
    }
  }
  load_own(projector.projection());
}

// Columns that are not shared: their products are made for this spectrum alone.
void SharedColumns::load_own(const Projection& projection) {
  own_half_.resize(class_->half.rows(), own_.cols());
  for (Index j = 0; j < count(); ++j) {
    const Index own = -1 - columns_[static_cast<std::size_t>(j)];
    if (own < 0) {
      continue;
    }
    const VectorXd weighted = own_.col(own).cwiseProduct(class_->weight.matrix());
    own_half_.col(own) = class_->factor.matrixL().solve(shared_.basis.transpose() * weighted);
    right_[j] =
        own_.col(own).dot(projection.weighted.matrix()) - own_half_.col(own).dot(projection.half);
    for (Index i = 0; i < count(); ++i) {
      if (columns_[static_cast<std::size_t>(i)] < 0 && i > j) {
        continue;  // its half is not made yet
      }
      schur_(std::max(i, j), std::min(i, j)) = column(i).dot(weighted) - half(i).dot(half(j));
    }
  }
}

Map<const VectorXd> SharedColumns::column(Index j) const {
  const Index at = columns_[static_cast<std::size_t>(j)];
  return {at >= 0 ? shared_.columns.col(at).data() : own_.col(-1 - at).data(),
          shared_.bands.points()};
}

Map<const VectorXd> SharedColumns::half(Index j) const {
  const Index at = columns_[static_cast<std::size_t>(j)];
  return {at >= 0 ? class_->half.col(at).data() : own_half_.col(-1 - at).data(),
          class_->half.rows()};
}

double misfit_ratio(std::size_t row) {
  return row == 0 ? 0 : 0.5 * std::pow(2.0, static_cast<double>(row) - 1);
}

std::size_t class_of(double ratio) {
  std::size_t best = 0;
  const double wanted = std::log(std::max(ratio, 0.25));
  double least = std::numeric_limits<double>::infinity();
  for (std::size_t row = 0; row < misfit_classes; ++row) {
    const double distance = std::abs(std::log(std::max(misfit_ratio(row), 0.25)) - wanted);
    if (distance < least) {
      least = distance;
      best = row;
    }
  }
  return best;
}

Projector::Projector(const SharedMixture::Parts& shared,
                     SharedMixture::Spectrum::Parts& spectrum,
                     std::size_t row)
    : shared_(shared), class_(shared.classes[row]), projection_(spectrum.projections[row]) {
  if (projection_.half.size() == 0) {
    projection_.weighted = class_.weight * spectrum.y;
    projection_.half =
        class_.factor.matrixL().solve(shared.basis.transpose() * projection_.weighted.matrix());
    projection_.columns.setConstant(shared.columns.cols(),
                                    std::numeric_limits<double>::quiet_NaN());
  }
}

double Projector::column(Index index) {
  double& product = projection_.columns[index];
  if (std::isnan(product)) {
    product = shared_.columns.col(index).dot(projection_.weighted.matrix()) -
              class_.half.col(index).dot(projection_.half);
  }
  return product;
}

}  // namespace calcispec::detail
