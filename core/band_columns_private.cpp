#include "core/band_columns_private.hpp"

#include <algorithm>
#include <numbers>

namespace calcispec::detail {
namespace {

constexpr double four_ln2 = 4 * std::numbers::ln2;
constexpr double gauss_widths = 3;    // the Gaussian part is below 1e-11 beyond
constexpr double support_widths = 8;  // a Lorentzian is below 0.4 % of its height beyond

}  // namespace

Eigen::MatrixXd local_gram(std::span<const LocalColumn> columns,
                           const Eigen::ArrayXd& root_weight) {
  const auto count = static_cast<Index>(columns.size());
  Eigen::MatrixXd gram = Eigen::MatrixXd::Zero(count, count);
  Eigen::MatrixXd panel(block_points, count);
  Eigen::MatrixXd product(count, count);
  std::vector<Index> active;
  active.reserve(columns.size());
  for (Index block = 0; block * block_points < root_weight.size(); ++block) {
    const Index start = block * block_points;
    active.clear();
    for (Index i = 0; i < count; ++i) {
      const auto& column = columns[static_cast<std::size_t>(i)];
      if (block < column.first || block >= column.end) {
        continue;
      }
      panel.col(static_cast<Index>(active.size())).array() =
          column.factor * Eigen::Map<const Eigen::ArrayXd>(column.data + start, block_points) *
          root_weight.segment(start, block_points);
      active.push_back(i);
    }
    const auto here = static_cast<Index>(active.size());
    const auto part = panel.leftCols(here);
    auto own = product.topLeftCorner(here, here);
    own.noalias() = part.transpose() * part;
    for (Index j = 0; j < here; ++j) {
      for (Index i = j; i < here; ++i) {
        gram(active[static_cast<std::size_t>(i)], active[static_cast<std::size_t>(j)]) += own(i, j);
      }
    }
  }
  gram.triangularView<Eigen::StrictlyUpper>() = gram.transpose();
  return gram;
}

BandColumns::BandColumns(std::span<const double> x) : used_points_(static_cast<Index>(x.size())) {
  const Index padded = (used_points_ + block_points - 1) / block_points * block_points;
  x_.setConstant(padded, x.back());
  std::copy(x.begin(), x.end(), x_.data());
}

void BandColumns::resize(Index bands) {
  shape_.resize(static_cast<std::size_t>(bands));
  support_.resize(static_cast<std::size_t>(bands));
  for (auto* matrix : {&lorentz_, &gauss_, &value_, &by_center_, &by_log_width_, &by_share_}) {
    matrix->resize(x_.size(), bands);
  }
}

BandColumns::Range BandColumns::range_of(const BandShape& shape, double widths) const {
  const double* end = x_.data() + used_points_;
  const auto first = std::lower_bound(x_.data(), end, shape.center - widths * shape.fwhm);
  const auto last = std::lower_bound(first, end, shape.center + widths * shape.fwhm);
  const Index from = (first - x_.data()) / block_points * block_points;
  const Index to = (last - x_.data() + block_points - 1) / block_points * block_points;
  return {from, std::max(to, from)};
}

void BandColumns::evaluate(Index band, const BandShape& shape) {
  const auto at = static_cast<std::size_t>(band);
  const double scale = 1 / shape.fwhm;
  shape_[at] = shape;
  support_[at] = range_of(shape, support_widths);
  auto lorentz = lorentz_.col(band).array();
  auto value = value_.col(band).array();
  lorentz = 1 / (1 + ((x_ - shape.center) * (2 * scale)).square());
  value = shape.lorentz_share * lorentz;
  gauss_.col(band).segment(support_[at].first, support_[at].end - support_[at].first).setZero();
  const Range near = range_of(shape, gauss_widths);
  const Index count = near.end - near.first;
  auto gauss = gauss_.col(band).segment(near.first, count).array();
  gauss = (-four_ln2 * ((x_.segment(near.first, count) - shape.center) * scale).square()).exp();
  value.segment(near.first, count) += (1 - shape.lorentz_share) * gauss;
}

void BandColumns::derive(Index band) {
  const auto& shape = shape_[static_cast<std::size_t>(band)];
  const auto& range = support_[static_cast<std::size_t>(band)];
  const Index count = range.end - range.first;
  const double scale = 1 / shape.fwhm;
  const auto x = x_.segment(range.first, count);
  const auto lorentz = lorentz_.col(band).segment(range.first, count).array();
  const auto gauss = gauss_.col(band).segment(range.first, count).array();
  auto by_center = by_center_.col(band).segment(range.first, count).array();
  auto by_log_width = by_log_width_.col(band).segment(range.first, count).array();
  by_center = (8 * scale * scale) * (x - shape.center) *
              (shape.lorentz_share * lorentz.square() +
               (std::numbers::ln2 * (1 - shape.lorentz_share)) * gauss);
  by_log_width = (x - shape.center) * by_center;
  by_share_.col(band).segment(range.first, count).array() = lorentz - gauss;
}

}  // namespace calcispec::detail
