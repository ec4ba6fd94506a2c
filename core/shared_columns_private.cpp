#include "core/shared_columns_private.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

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

SharedColumns::SharedColumns(const SharedMixture::Parts& shared,
                             SharedMixture::Spectrum::Parts& spectrum,
                             std::span<const SharedBand> bands)
    : shared_(shared), spectrum_(spectrum) {
  for (const auto& band : bands) {
    const auto at = static_cast<std::size_t>(std::max<Index>(band.shape, 0));
    shapes_.push_back(band.shape >= 0 ? shared.shapes[at] : tabulated(band.band));
    columns_.push_back(band.shape >= 0 ? shared.first[at] : own_column(band.band));
  }
  for (std::size_t b = 0; b < bands.size(); ++b) {
    slopes_.push_back(shapes_[b].is_free ? count() : -1);
    if (shapes_[b].is_free) {
      const Index first = columns_[b];
      columns_.push_back(first + 1);
      columns_.push_back(first + 2);
    }
  }
}

Index SharedColumns::own_column(const MixtureBand& band) {
  const auto is_same = [&](const auto& known) {
    return known->band.center == band.center && known->band.fwhm == band.fwhm &&
           known->band.lorentz_share == band.lorentz_share && known->band.skew == band.skew;
  };
  const auto found = std::find_if(spectrum_.own.begin(), spectrum_.own.end(), is_same);
  if (found != spectrum_.own.end()) {
    return -1 - static_cast<Index>(found - spectrum_.own.begin());
  }
  auto column = std::make_unique<OwnColumn>();
  column->band = band;
  const auto& x = shared_.bands.x();
  BandColumns made({x.data(), static_cast<std::size_t>(x.size())});
  made.resize(1);
  made.evaluate(0, {band.center, band.fwhm, band.lorentz_share, band.skew});
  column->values = made.values().col(0);
  spectrum_.own.push_back(std::move(column));
  return -static_cast<Index>(spectrum_.own.size());
}

void SharedColumns::load(std::size_t row) {
  row_ = row;
  class_ = &shared_.classes[row];
  const Projector projector(shared_, spectrum_, row);
  for (Index b = 0; b < static_cast<Index>(shapes_.size()); ++b) {
    if (id(b) >= 0 || own(id(b)).row == row) {
      continue;
    }
    auto& column = *spectrum_.own[static_cast<std::size_t>(-1 - id(b))];
    const auto& projection = projector.projection();
    column.row = row;
    column.with_shared.clear();
    column.with_own.clear();
    column.weighted = column.values.cwiseProduct(class_->weight.matrix());
    column.half = class_->factor.matrixL().solve(shared_.basis.transpose() * column.weighted);
    column.right =
        column.values.dot(projection.weighted.matrix()) - column.half.dot(projection.half);
  }
}

// At least one of the two is not shared: made once.
double SharedColumns::own_product(Index i, Index j) const {
  if (id(i) >= 0 || (id(j) < 0 && id(j) < id(i))) {
    std::swap(i, j);
  }
  auto& mine = *spectrum_.own[static_cast<std::size_t>(-1 - id(i))];
  auto& known = id(j) >= 0 ? mine.with_shared : mine.with_own;
  const auto at = static_cast<std::size_t>(id(j) >= 0 ? id(j) : -1 - id(j));
  constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
  if (at >= known.size()) {
    known.resize(
        id(j) >= 0 ? static_cast<std::size_t>(shared_.columns.cols()) : spectrum_.own.size(),
        unknown);
  }
  if (std::isnan(known[at])) {
    const auto [first, points] = support(j);
    known[at] = column(j).segment(first, points).dot(mine.weighted.segment(first, points)) -
                half(j).dot(mine.half);
  }
  return known[at];
}

double SharedColumns::right(Index j) const {
  return id(j) >= 0 ? Projector(shared_, spectrum_, row_).column(id(j)) : own(id(j)).right;
}

Map<const VectorXd> SharedColumns::column(Index j) const {
  return {id(j) >= 0 ? shared_.columns.col(id(j)).data() : own(id(j)).values.data(),
          shared_.bands.points()};
}

std::pair<Index, Index> SharedColumns::support(Index j) const {
  return id(j) >= 0 ? shared_.support[static_cast<std::size_t>(id(j))]
                    : std::pair<Index, Index>(0, shared_.bands.points());
}

Map<const VectorXd> SharedColumns::half(Index j) const {
  return {id(j) >= 0 ? class_->half.col(id(j)).data() : own(id(j)).half.data(),
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
    const auto [first, points] = shared_.support[static_cast<std::size_t>(index)];
    product = shared_.columns.col(index)
                  .segment(first, points)
                  .dot(projection_.weighted.matrix().segment(first, points)) -
              class_.half.col(index).dot(projection_.half);
  }
  return product;
}

}  // namespace calcispec::detail
