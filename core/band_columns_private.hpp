// Columns of pseudo-Voigt bands and their derivatives, and products of columns that are local.
#pragma once

#include "core/export.hpp"

#include <Eigen/Core>

#include <numbers>
#include <span>
#include <vector>

namespace calcispec::detail {

/// Points are taken in blocks; the axis is padded to whole ones with points of weight 0.
constexpr Index block_points = 32;

inline constexpr double four_ln2 = 4 * std::numbers::ln2;

/// `factor * data` on the points of blocks first..end-1; read as 0 elsewhere.
struct LocalColumn {
  const double* data = nullptr;
  double factor = 1;
  Index first = 0;
  Index end = 0;
};

/// Columns' products with themselves, points weighted by root_weight squared; symmetric, full.
/// Cost: per block the square of the number of columns that are not 0 there.
Eigen::MatrixXd local_gram(std::span<const LocalColumn> columns, const Eigen::ArrayXd& root_weight);

/// The lower half is 1 + skew times as wide, the upper half 1 - skew.
struct BandShape {
  double center = 0;
  double fwhm = 0;
  double lorentz_share = 0;
  double skew = 0;
};

/// Profiles on the whole axis, derivatives near the band.
class BandColumns {
 public:
  explicit BandColumns(std::span<const double> x);

  void resize(Index bands);
  void evaluate(Index band, const BandShape& shape);
  /// Derivatives of the last evaluated shape, within `reach` of it.
  void derive(Index band);

  [[nodiscard]] Index points() const { return x_.size(); }  // padded
  [[nodiscard]] Index blocks() const { return x_.size() / block_points; }
  [[nodiscard]] const Eigen::ArrayXd& x() const { return x_; }
  /// First point of the upper half of a band.
  [[nodiscard]] Index middle(Index band) const { return middle_[static_cast<std::size_t>(band)]; }
  [[nodiscard]] const Eigen::MatrixXd& values() const { return value_; }
  [[nodiscard]] LocalColumn value(Index band) const { return local(value_, band, 1); }
  [[nodiscard]] LocalColumn by_center(Index band, double height) const {
    return local(by_center_, band, height);
  }
  [[nodiscard]] LocalColumn by_log_width(Index band, double height) const {
    return local(by_log_width_, band, height);
  }
  [[nodiscard]] LocalColumn by_share(Index band, double height) const {
    return local(by_share_, band, height);
  }

 private:
  struct Range {
    Index first = 0;  // points, whole blocks
    Index end = 0;
  };

  [[nodiscard]] LocalColumn local(const Eigen::MatrixXd& from, Index band, double factor) const {
    const auto& range = support_[static_cast<std::size_t>(band)];
    return {from.col(band).data(), factor, range.first / block_points, range.end / block_points};
  }
  [[nodiscard]] Range range_of(const BandShape& shape, double widths) const;
  void evaluate_half(Index band, Range half, double fwhm);
  void derive_half(Index band, Range half, double fwhm);

  Eigen::ArrayXd x_;
  std::vector<double> block_start_;
  std::vector<BandShape> shape_;
  std::vector<Range> support_;
  std::vector<Index> middle_;
  Eigen::MatrixXd lorentz_;
  Eigen::MatrixXd gauss_;  // on the support
  Eigen::MatrixXd value_;
  Eigen::MatrixXd by_center_;
  Eigen::MatrixXd by_log_width_;
  Eigen::MatrixXd by_share_;
};

}  // namespace calcispec::detail
