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
  own.is_free = band.center_sd > 0 || band.log_fwhm_sd > 0;
  return own;
}

// A band of unit height, or one of its slopes.
VectorXd values_of(const OwnColumn& column, const Eigen::ArrayXd& x) {
  const auto& band = column.band;
  BandColumns made({x.data(), static_cast<std::size_t>(x.size())});
  made.resize(1);
  made.evaluate(0, {band.center, band.fwhm, band.lorentz_share, band.skew});
  if (column.slope == 0) {
    return made.values().col(0);
  }
  made.derive(0);
  const auto slope = column.slope == 1 ? made.by_center(0, 1) : made.by_log_width(0, 1);
  VectorXd out = VectorXd::Zero(made.points());
  const Index start = slope.first * block_points;
  const Index length = (slope.end - slope.first) * block_points;
  out.segment(start, length) = Map<const VectorXd>(slope.data + start, length);
  return out;
}

// With its slopes behind it.
ColumnId own_column(const MixtureBand& band, SharedMixture::Spectrum::Parts& spectrum) {
  const auto is_same = [&](const auto& known) {
    return known->slope == 0 && known->band.center == band.center &&
           known->band.fwhm == band.fwhm && known->band.lorentz_share == band.lorentz_share &&
           known->band.skew == band.skew;
  };
  const auto found = std::find_if(spectrum.own.begin(), spectrum.own.end(), is_same);
  const auto at = found - spectrum.own.begin();
  if (found == spectrum.own.end()) {
    for (int slope = 0; slope < 3; ++slope) {
      auto column = std::make_unique<OwnColumn>();
      column->band = band;
      column->slope = slope;
      spectrum.own.push_back(std::move(column));
    }
  }
  return -1 - static_cast<Index>(at);
}

}  // namespace

SharedColumns::SharedColumns(const SharedMixture::Parts& shared,
                             SharedMixture::Spectrum::Parts& spectrum,
                             std::span<const SharedBand> bands) {
  for (const auto& band : bands) {
    const auto at = static_cast<std::size_t>(std::max<Index>(band.shape, 0));
    shapes_.push_back(band.shape >= 0 ? shared.shapes[at] : tabulated(band.band));
    bands_.push_back(band.shape >= 0 ? shared.first[at] : own_column(band.band, spectrum));
  }
}

void ColumnProducts::load(std::size_t row) {
  row_ = row;
  class_ = &shared_.classes[row];
  const Projector made(shared_, spectrum_, row);  // products with the background
}

OwnColumn& ColumnProducts::own(ColumnId id) const {
  auto& column = *spectrum_.own[static_cast<std::size_t>(-1 - id)];
  if (column.values.size() == 0) {
    column.values = values_of(column, shared_.bands.x());
  }
  return column;
}

OwnColumn& ColumnProducts::own_with_products(ColumnId id) const {
  auto& column = own(id);
  if (column.row != row_) {
    const auto& projection = spectrum_.projections[row_];
    column.row = row_;
    column.with_shared.clear();
    column.with_own.clear();
    column.weighted = column.values.cwiseProduct(class_->weight.matrix());
    column.half = class_->factor.solve_lower(shared_.basis.transpose() * column.weighted);
    column.right =
        column.values.dot(projection.weighted.matrix()) - column.half.dot(projection.half);
  }
  return column;
}

// At least one of the two is not shared: made once.
double ColumnProducts::own_product(ColumnId i, ColumnId j) const {
  if (i >= 0 || (j < 0 && j < i)) {
    std::swap(i, j);
  }
  auto& mine = own_with_products(i);
  auto& known = j >= 0 ? mine.with_shared : mine.with_own;
  const auto at = static_cast<std::size_t>(j >= 0 ? j : -1 - j);
  constexpr double unknown = std::numeric_limits<double>::quiet_NaN();
  if (at >= known.size()) {
    known.resize(j >= 0 ? static_cast<std::size_t>(shared_.columns.cols()) : spectrum_.own.size(),
                 unknown);
  }
  if (std::isnan(known[at])) {
    const auto [first, points] = support(j);
    known[at] = column(j).segment(first, points).dot(mine.weighted.segment(first, points)) -
                half(j).dot(mine.half);
  }
  return known[at];
}

void ColumnProducts::products(ColumnId id,
                              std::span<const ColumnId> with,
                              std::span<double> out) const {
  const double* shared = id >= 0 ? class_->schur.col(id).data() : nullptr;
  for (std::size_t i = 0; i < with.size(); ++i) {
    const ColumnId other = with[i];
    if (other >= 0 && shared != nullptr) {
      out[i] = shared[other];
    } else {
      out[i] = other == no_column ? 0 : own_product(other, id);
    }
  }
}

double ColumnProducts::product(ColumnId own,
                               const Map<const VectorXd>& curve,
                               const Map<const VectorXd>& half) const {
  const auto& column = own_with_products(own);
  return curve.dot(column.weighted) - half.dot(column.half);
}

double ColumnProducts::right(ColumnId id) const {
  return id >= 0 ? Projector(shared_, spectrum_, row_).column(id) : own_with_products(id).right;
}

Map<const VectorXd> ColumnProducts::column(ColumnId id) const {
  return {id >= 0 ? shared_.columns.col(id).data() : own(id).values.data(), shared_.bands.points()};
}

std::pair<Index, Index> ColumnProducts::support(ColumnId id) const {
  return id >= 0 ? shared_.support[static_cast<std::size_t>(id)]
                 : std::pair<Index, Index>(0, shared_.bands.points());
}

Map<const VectorXd> ColumnProducts::half(ColumnId id) const {
  return {id >= 0 ? class_->half.col(id).data() : own_with_products(id).half.data(),
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
        class_.factor.solve_lower(shared.basis.transpose() * projection_.weighted.matrix());
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
