// The normal equations of a band model: products of local columns, exact residual, priors.
#include "core/band_model_private.hpp"
#include "core/band_ratio_private.hpp"

#include <algorithm>
#include <limits>
#include <utility>

namespace calcispec::detail {
namespace {

using Eigen::ArrayXd;
using Eigen::Map;
using Eigen::MatrixXd;
using Eigen::VectorXd;

}  // namespace

// How the curve of all bands changes with what they have in common.
void BandModel::fill_common_columns() {
  common_columns_.setZero();
  for (Index b = 0; b < band_count(); ++b) {
    const auto at = static_cast<std::size_t>(b);
    const double height = state.height[at];
    if (height <= 0) {
      continue;
    }
    columns_.derive(b);
    const auto column = columns_.by_center(b, height);
    const Index first = column.first * block_points;
    const Index count = (column.end - column.first) * block_points;
    const auto part = [&](const LocalColumn& from, Index start, Index length) {
      return from.factor * Map<const ArrayXd>(from.data + start, length);
    };
    common_columns_.col(0).segment(first, count).array() += part(column, first, count);
    common_columns_.col(1).segment(first, count).array() +=
        (bands_[at].center - middle_) * part(column, first, count);
    if (options_.lorentz_share_sd > 0) {
      common_columns_.col(2).segment(first, count).array() +=
          part(columns_.by_share(b, height), first, count);
    }
    if (options_.skew_sd > 0) {
      const auto by_log_width = columns_.by_log_width(b, height * bands_[at].skew_lever);
      const Index middle = std::clamp(columns_.middle(b), first, first + count);
      const Index upper = first + count - middle;
      common_columns_.col(3).segment(first, middle - first).array() +=
          part(by_log_width, first, middle - first) / (1 + skew_of(at));
      common_columns_.col(3).segment(middle, upper).array() -=
          part(by_log_width, middle, upper) / (1 - skew_of(at));
    }
  }
}

LocalColumn BandModel::whole(const MatrixXd& from, Index column) const {
  return {from.col(column).data(), 1, 0, columns_.blocks()};
}

std::vector<LocalColumn> BandModel::local_columns() const {
  std::vector<LocalColumn> list;
  for (Index b = 0; b < band_count(); ++b) {
    list.push_back(columns_.value(b));
  }
  for (const auto& shape : shapes_) {
    const double height = shape.kind == ShapeKind::center || shape.kind == ShapeKind::width ||
                                  shape.kind == ShapeKind::share
                              ? state.height[static_cast<std::size_t>(shape.index)]
                              : 0;
    switch (shape.kind) {
      case ShapeKind::center:
        list.push_back(columns_.by_center(shape.index, height));
        break;
      case ShapeKind::width:
        list.push_back(columns_.by_log_width(shape.index, height));
        break;
      case ShapeKind::group_width:
        list.push_back({common_columns_.data(), 0, 0, 0});
        break;
      case ShapeKind::share:
        list.push_back(columns_.by_share(shape.index, height));
        break;
      case ShapeKind::shift:
      case ShapeKind::stretch:
      case ShapeKind::common_share:
      case ShapeKind::skew:
        list.push_back(whole(common_columns_, shape.index));
        break;
      case ShapeKind::ripple:
      case ShapeKind::turn:
        list.push_back(whole(ripple_columns_, shape.index));
        break;
    }
  }
  list.insert(list.end(), splines_.begin(), splines_.end());
  return list;
}

// The products of columns are local, the residual is not: the answer about a state that fits is
// exact, and products only decide how fast it is reached.
NormalEquations BandModel::make_normal() {
  const auto columns = local_columns();
  const MatrixXd gram = local_gram(columns, root_weight_);
  const auto splines = static_cast<Index>(splines_.size());
  const Index data = gram.rows() - splines;  // bands and shapes
  const Index groups = group_count();
  const Index count = data + groups;
  VectorXd gradient(gram.rows());
  const ArrayXd weighted = weight_ * residual_;
  gradient.head(band_count()).noalias() = columns_.values().transpose() * weighted.matrix();
  for (Index i = band_count(); i < gram.rows(); ++i) {
    const auto& column = columns[static_cast<std::size_t>(i)];
    const Index first = column.first * block_points;
    const Index length = (column.end - column.first) * block_points;
    gradient[i] =
        column.factor *
        (Map<const ArrayXd>(column.data + first, length) * weighted.segment(first, length)).sum();
  }
  // Heights and background are solved for themselves, not for their change.
  VectorXd present = VectorXd::Zero(gram.rows());
  present.head(band_count()) = Map<const VectorXd>(state.height.data(), band_count());
  present.tail(splines) = state.spline;
  const VectorXd lifted = gram * present;
  NormalEquations normal;
  normal.yy = (weighted * residual_).sum() + 2 * gradient.dot(present) + present.dot(lifted);
  gradient += lifted;
  // Amounts stand between bands and shapes and have no column of their own.
  const Index bands = band_count();
  const Index shapes = data - bands;
  normal.cc = MatrixXd::Zero(count, count);
  normal.cc.topLeftCorner(bands, bands) = gram.topLeftCorner(bands, bands);
  normal.cc.block(bands + groups, 0, shapes, bands) = gram.block(bands, 0, shapes, bands);
  normal.cc.block(0, bands + groups, bands, shapes) = gram.block(0, bands, bands, shapes);
  normal.cc.bottomRightCorner(shapes, shapes) = gram.block(bands, bands, shapes, shapes);
  normal.bc = MatrixXd::Zero(splines, count);
  normal.bc.leftCols(bands) = gram.block(data, 0, splines, bands);
  normal.bc.rightCols(shapes) = gram.block(data, bands, splines, shapes);
  normal.bb = gram.bottomRightCorner(splines, splines);
  normal.c = VectorXd::Zero(count);
  normal.c.head(bands) = gradient.head(bands);
  normal.c.tail(shapes) = gradient.segment(bands, shapes);
  normal.b = gradient.tail(splines);
  normal.used_points = (weight_ > 0).count();
  return normal;
}

double BandModel::ratio_precision(std::size_t band) const {
  const auto& row = bands_[band];
  return detail::ratio_precision(row,
                                 state.height[band],
                                 expected_[static_cast<std::size_t>(row.group)],
                                 uncertainty_.variance.empty() ? 0 : height_u(band),
                                 highest_);
}

void BandModel::add_ratio_rows(NormalEquations& normal) {
  ratio_rows_.clear();
  for (std::size_t b = 0; b < bands_.size(); ++b) {
    if (bands_[b].group >= 0) {
      ratio_rows_.push_back({
          {{static_cast<Index>(b), 1.0},
           {band_count() + bands_[b].group, -bands_[b].relative_height}},
          0,
          ratio_precision(b)
      });
    }
  }
  add_prior(ratio_rows_, normal);
}

// The unknown is the change, so the prior pulls it towards minus the present value.
std::pair<double, double> BandModel::shape_prior(const ShapeColumn& shape) const {
  const auto b = static_cast<std::size_t>(std::max<Index>(shape.index, 0));
  switch (shape.kind) {
    case ShapeKind::center:
      return {-state.offset[b], bands_[b].center_sd};
    case ShapeKind::width:
      return {common_log_width(b) - state.log_width[b], bands_[b].log_fwhm_sd};
    case ShapeKind::group_width:
      return {-state.group_log_width[b], options_.group_log_fwhm_sd};
    case ShapeKind::share:
      return {-state.share_change[b], bands_[b].lorentz_share_sd};
    case ShapeKind::shift:
      return {-state.shift, options_.shift_sd};
    case ShapeKind::stretch:
      return {-state.stretch, options_.stretch_sd};
    case ShapeKind::common_share:
      return {-state.lorentz_share, options_.lorentz_share_sd};
    case ShapeKind::skew:
      return {-state.skew, options_.skew_sd};
    case ShapeKind::ripple:
    case ShapeKind::turn:
      break;
  }
  return {0, std::numeric_limits<double>::infinity()};
}

void BandModel::add_shape_priors(NormalEquations& normal) const {
  for (std::size_t s = 0; s < shapes_.size(); ++s) {
    const Index column = first_shape() + static_cast<Index>(s);
    const auto [target, sd] = shape_prior(shapes_[s]);
    const double precision = 1 / (sd * sd);
    normal.cc(column, column) += precision;
    normal.c[column] += precision * target;
    normal.yy += precision * target * target;
    const bool is_width = shapes_[s].kind == ShapeKind::width;
    if (is_width && has_common_width(static_cast<std::size_t>(shapes_[s].index))) {
      add_common_width(column, static_cast<std::size_t>(shapes_[s].index), target, normal);
    }
  }
}

// The width of a band is held to the common one of its group, which changes in the same step.
void BandModel::add_common_width(Index column,
                                 std::size_t band,
                                 double target,
                                 NormalEquations& normal) const {
  const auto is_common = [&](const ShapeColumn& shape) {
    return shape.kind == ShapeKind::group_width && shape.index == bands_[band].group;
  };
  const auto at = std::find_if(shapes_.begin(), shapes_.end(), is_common);
  const Index common = first_shape() + (at - shapes_.begin());
  const double lever = bands_[band].width_lever;
  const double precision = 1 / (bands_[band].log_fwhm_sd * bands_[band].log_fwhm_sd);
  normal.cc(column, common) -= precision * lever;
  normal.cc(common, column) -= precision * lever;
  normal.cc(common, common) += precision * lever * lever;
  normal.c[common] -= precision * lever * target;
}

}  // namespace calcispec::detail
