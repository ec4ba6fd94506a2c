#include "core/band_columns_private.hpp"

#include "core/kernels/column_products.hpp"

#include <algorithm>
#include <array>
#include <numbers>

namespace calcispec::detail {
namespace {

constexpr double gauss_widths = 3;    // the Gaussian part is below 1e-11 beyond
constexpr double support_widths = 8;  // a Lorentzian is below 0.4 % of its height beyond

// Columns of like range side by side in tiles; outside their own range they are 0 within the
// tile's.
class GramTiles {
 public:
  GramTiles(std::span<const LocalColumn> columns, const Eigen::ArrayXd& root_weight) {
    order_.reserve(columns.size());
    for (Index block = 0; block * block_points <= root_weight.size(); ++block) {
      for (std::size_t c = 0; c < columns.size(); ++c) {
        if (columns[c].first == block) {
          order_.push_back(c);
        }
      }
    }
    constexpr auto rows = static_cast<std::size_t>(kernels::tile_rows);
    tiles_.resize((columns.size() + rows - 1) / rows);
    panel_.resize(root_weight.size(), static_cast<Index>(tiles_.size() * rows));
    for (std::size_t t = 0; t < tiles_.size(); ++t) {
      Tile& tile = tiles_[t];
      tile.first = root_weight.size();
      for (std::size_t k = t * rows; k < std::min((t + 1) * rows, columns.size()); ++k) {
        tile.first = std::min(tile.first, columns[order_[k]].first * block_points);
        tile.end = std::max(tile.end, columns[order_[k]].end * block_points);
      }
      for (std::size_t k = t * rows; k < (t + 1) * rows; ++k) {
        fill(k < columns.size() ? columns[order_[k]] : LocalColumn{},
             tile,
             root_weight,
             static_cast<Index>(k));
      }
    }
  }

  [[nodiscard]] Eigen::MatrixXd products() const {
    const auto count = static_cast<Index>(order_.size());
    Eigen::MatrixXd gram = Eigen::MatrixXd::Zero(count, count);
    for (std::size_t a = 0; a < tiles_.size(); ++a) {
      for (std::size_t b = a; b < tiles_.size(); ++b) {
        const Index first = std::max(tiles_[a].first, tiles_[b].first);
        const Index end = std::min(tiles_[a].end, tiles_[b].end);
        if (first < end) {
          add(a, b, first, end, gram);
        }
      }
    }
    return gram;
  }

 private:
  struct Tile {
    Index first = 0;  // points
    Index end = 0;
  };

  void fill(const LocalColumn& column, const Tile& tile, const Eigen::ArrayXd& weight, Index at) {
    const Index first = std::max(column.first * block_points, tile.first);
    const Index end = std::max(column.end * block_points, first);
    auto out = panel_.col(at).array();
    out.segment(tile.first, first - tile.first).setZero();
    if (end > first) {
      out.segment(first, end - first) =
          column.factor * Eigen::Map<const Eigen::ArrayXd>(column.data + first, end - first) *
          weight.segment(first, end - first);
    }
    out.segment(end, tile.end - end).setZero();
  }

  void add(std::size_t a, std::size_t b, Index first, Index end, Eigen::MatrixXd& gram) const {
    constexpr Index rows = kernels::tile_rows;
    constexpr Index width = kernels::tile_columns;
    const auto count = static_cast<Index>(order_.size());
    const Index left = static_cast<Index>(a) * rows;
    std::array<double, static_cast<std::size_t>(rows * width)> out;
    for (Index part = 0; part < rows; part += width) {
      const Index right = static_cast<Index>(b) * rows + part;
      kernels::column_products<width>(panel_.col(left).data() + first,
                                      panel_.col(right).data() + first,
                                      panel_.rows(),
                                      end - first,
                                      out);
      for (Index j = 0; j < std::min(width, count - right); ++j) {
        for (Index i = 0; i < std::min(rows, count - left); ++i) {
          const auto row = static_cast<Index>(order_[static_cast<std::size_t>(left + i)]);
          const auto column = static_cast<Index>(order_[static_cast<std::size_t>(right + j)]);
          const double value = out[static_cast<std::size_t>(rows * j + i)];
          gram(row, column) = value;
          gram(column, row) = value;
        }
      }
    }
  }

  std::vector<std::size_t> order_;
  std::vector<Tile> tiles_;
  Eigen::MatrixXd panel_;  // weighted columns in the order of the tiles
};

}  // namespace

Eigen::MatrixXd local_gram(std::span<const LocalColumn> columns,
                           const Eigen::ArrayXd& root_weight) {
  const GramTiles tiles(columns, root_weight);
  return tiles.products();
}

BandColumns::BandColumns(std::span<const double> x) {
  const auto points = static_cast<Index>(x.size());
  const Index padded = (points + block_points - 1) / block_points * block_points;
  x_.setConstant(padded, x.back());
  x_.head(points) = Eigen::Map<const Eigen::ArrayXd>(x.data(), points);
  for (Index i = 0; i < padded; i += block_points) {
    block_start_.push_back(x_[i]);
  }
}

void BandColumns::resize(Index bands) {
  shape_.resize(static_cast<std::size_t>(bands));
  support_.resize(static_cast<std::size_t>(bands));
  middle_.resize(static_cast<std::size_t>(bands));
  for (auto* matrix : {&lorentz_, &gauss_, &value_, &by_center_, &by_log_width_, &by_share_}) {
    matrix->resize(x_.size(), bands);
  }
}

BandColumns::Range BandColumns::range_of(const BandShape& shape, double widths) const {
  // Whole blocks, so their first points are all there is to look at.
  const auto block_of = [&](double position) {
    return std::upper_bound(block_start_.begin(), block_start_.end(), position) -
           block_start_.begin();
  };
  const double reach = widths * shape.fwhm;
  const Index from = std::max<Index>(block_of(shape.center - reach * (1 + shape.skew)) - 1, 0);
  const Index to = block_of(shape.center + reach * (1 - shape.skew));
  return {from * block_points, std::max(from, to) * block_points};
}

void BandColumns::evaluate(Index band, const BandShape& shape) {
  const auto at = static_cast<std::size_t>(band);
  shape_[at] = shape;
  support_[at] = range_of(shape, support_widths);
  const double* start = x_.data();
  middle_[at] = std::upper_bound(start, start + x_.size(), shape.center) - start;
  gauss_.col(band).segment(support_[at].first, support_[at].end - support_[at].first).setZero();
  evaluate_half(band, {0, middle_[at]}, shape.fwhm * (1 + shape.skew));
  evaluate_half(band, {middle_[at], x_.size()}, shape.fwhm * (1 - shape.skew));
}

void BandColumns::evaluate_half(Index band, Range half, double fwhm) {
  const auto& shape = shape_[static_cast<std::size_t>(band)];
  const double scale = 1 / fwhm;
  const Index points = half.end - half.first;
  auto lorentz = lorentz_.col(band).segment(half.first, points).array();
  lorentz = 1 / (1 + ((x_.segment(half.first, points) - shape.center) * (2 * scale)).square());
  value_.col(band).segment(half.first, points) = shape.lorentz_share * lorentz;
  const Range reach = range_of(shape, gauss_widths);
  const Index first = std::max(reach.first, half.first);
  const Index count = std::max<Index>(0, std::min(reach.end, half.end) - first);
  auto gauss = gauss_.col(band).segment(first, count).array();
  gauss = (-four_ln2 * ((x_.segment(first, count) - shape.center) * scale).square()).exp();
  value_.col(band).segment(first, count).array() += (1 - shape.lorentz_share) * gauss;
}

void BandColumns::derive(Index band) {
  const auto at = static_cast<std::size_t>(band);
  const auto& shape = shape_[at];
  const auto& range = support_[at];
  const Index middle = std::clamp(middle_[at], range.first, range.end);
  derive_half(band, {range.first, middle}, shape.fwhm * (1 + shape.skew));
  derive_half(band, {middle, range.end}, shape.fwhm * (1 - shape.skew));
}

void BandColumns::derive_half(Index band, Range half, double fwhm) {
  const auto& shape = shape_[static_cast<std::size_t>(band)];
  const Index count = half.end - half.first;
  const double scale = 1 / fwhm;
  const auto x = x_.segment(half.first, count);
  const auto lorentz = lorentz_.col(band).segment(half.first, count).array();
  const auto gauss = gauss_.col(band).segment(half.first, count).array();
  auto by_center = by_center_.col(band).segment(half.first, count).array();
  auto by_log_width = by_log_width_.col(band).segment(half.first, count).array();
  by_center = (8 * scale * scale) * (x - shape.center) *
              (shape.lorentz_share * lorentz.square() +
               (std::numbers::ln2 * (1 - shape.lorentz_share)) * gauss);
  by_log_width = (x - shape.center) * by_center;
  by_share_.col(band).segment(half.first, count).array() = lorentz - gauss;
}

}  // namespace calcispec::detail
