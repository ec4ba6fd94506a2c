#include "core/band_summary_private.hpp"

#include "core/order_statistic.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace calcispec::detail {
namespace {

// Change of the area of a unit band of unit width with its Lorentz share.
const double area_by_share = pseudo_voigt_area(1, 1) - pseudo_voigt_area(1, 0);

class Summary {
 public:
  Summary(const BandModel& model,
          std::span<const MixtureBand> bands,
          const std::vector<std::size_t>& kept,
          const std::vector<double>& sigma)
      : model_(model), bands_(bands), kept_(kept), sigma_(sigma) {
    is_free_.assign(model.uncertainty().variance.size(), false);
    for (const Index i : model.reduced().solution.free) {
      is_free_[static_cast<std::size_t>(i)] = true;
    }
    // Reduced chi-square from the median residual: a band that nothing explains raises its own
    // neighbourhood, not the uncertainty of everything else.
    const auto points = static_cast<double>(sigma.size());
    const double used = std::min(model.effective_parameters(), 0.5 * points);
    const double scale = median_size(model, sigma);
    inflation_ = std::max(1.0, scale * scale / (1 - used / points));
  }

  BandMixtureResult make(const std::vector<double>& dropped_variance) {
    BandMixtureResult result = empty_summary(bands_, sigma_, MixtureStatus::converged);
    if (!model_.reduced().solution.is_converged) {
      result.status = MixtureStatus::iteration_limit;
    }
    result.amounts = model_.state.amount;
    result.group_log_width = model_.state.group_log_width;
    result.stiffness = model_.stiffness;
    result.shift = model_.state.shift;
    result.stretch = model_.state.stretch;
    result.lorentz_share = model_.state.lorentz_share;
    result.skew = model_.state.skew;
    result.ripple_period = model_.state.turn > 0 ? 2 * std::numbers::pi / model_.state.turn : 0;
    fill_curves(result);
    result.effective_parameters = model_.effective_parameters();
    result.condition_number = condition_number(model_.reduced(), model_.uncertainty());
    for (std::size_t b = 0; b < dropped_variance.size(); ++b) {
      auto& band = result.bands[b];
      band.height_u = std::sqrt(inflation_ * dropped_variance[b]);
      band.own_height_u = band.height_u;
      band.area_u = band.height_u * pseudo_voigt_area(band.fwhm, band.lorentz_share);
    }
    for (std::size_t b = 0; b < kept_.size(); ++b) {
      fill_band(b, result.bands[kept_[b]]);
    }
    fill_shape_uncertainties(result);
    fill_areas(result);
    return result;
  }

 private:
  void fill_curves(BandMixtureResult& result) const {
    for (std::size_t i = 0; i < sigma_.size(); ++i) {
      const auto at = static_cast<Index>(i);
      result.fitted[i] = model_.fitted()[at];
      result.background[i] = model_.smooth()[at] + model_.ripple()[at];
      result.chi_square += model_.residual()[at] * model_.residual()[at] * model_.weight()[at];
    }
  }

  void fill_band(std::size_t b, FittedMixtureBand& band) const {
    const auto& row = model_.bands()[b];
    const double variance = model_.uncertainty().variance[b];
    band.height = model_.state.height[b];
    band.height_u = std::sqrt(inflation_ * variance);
    band.center = model_.center_of(b);
    band.fwhm = model_.width_of(b);
    band.lorentz_share = model_.share_of(b);
    band.skew = model_.skew_of(b);
    band.center_u = row.center_sd;
    band.fwhm_u = row.log_fwhm_sd * band.fwhm;
    band.own_height = band.height;
    band.own_height_u = band.height_u;
    if (row.group < 0) {
      return;
    }
    const double expected =
        model_.state.amount[static_cast<std::size_t>(row.group)] * row.relative_height;
    const double ratio_precision = model_.ratio_precision(b);
    const double precision = 1 / variance - ratio_precision;
    if (precision * variance < 1e-3) {
      // The prior holds the height so tightly that taking it out again leaves no digits.
      return fill_from_residual(b, band);
    }
    band.own_height_u = std::sqrt(inflation_ / precision);
    if (is_free_[b]) {
      band.own_height = (band.height / variance - expected * ratio_precision) / precision;
    }
  }

  // Height that the data at the band alone ask for, all else as fitted.
  void fill_from_residual(std::size_t b, FittedMixtureBand& band) const {
    const auto profile = model_.columns().values().col(static_cast<Index>(b)).array();
    const double power = (profile.square() * model_.weight()).sum();
    if (!(power > 0)) {
      band.own_height_u = std::numeric_limits<double>::infinity();
      return;
    }
    const double asked = (profile * model_.residual() * model_.weight()).sum();
    band.own_height = std::max(0.0, band.height + asked / power);
    band.own_height_u = std::sqrt(inflation_ / power);
  }

  void fill_shape_uncertainties(BandMixtureResult& result) const {
    const auto& shapes = model_.shapes();
    for (std::size_t s = 0; s < shapes.size(); ++s) {
      const double u = std::sqrt(
          inflation_ *
          model_.uncertainty().variance[static_cast<std::size_t>(model_.first_shape()) + s]);
      if (shapes[s].kind == ShapeKind::shift) {
        result.shift_u = u;
      } else if (shapes[s].kind == ShapeKind::center) {
        result.bands[kept_[static_cast<std::size_t>(shapes[s].index)]].center_u = u;
      } else if (shapes[s].kind == ShapeKind::width) {
        auto& band = result.bands[kept_[static_cast<std::size_t>(shapes[s].index)]];
        band.fwhm_u = u * band.fwhm;
      }
    }
  }

  // Area = height * fwhm * constant(share), so it moves with all three.
  void fill_areas(BandMixtureResult& result) const {
    const auto count = static_cast<Index>(kept_.size());
    const Eigen::MatrixXd covariance =
        covariance_beyond_bounds(model_.reduced(), model_.uncertainty(), count);
    Eigen::MatrixXd change = Eigen::MatrixXd::Zero(covariance.rows(), count);
    for (Index b = 0; b < count; ++b) {
      const auto& band = result.bands[kept_[static_cast<std::size_t>(b)]];
      change(b, b) = pseudo_voigt_area(band.fwhm, band.lorentz_share);
    }
    const auto& shapes = model_.shapes();
    for (std::size_t s = 0; s < shapes.size(); ++s) {
      const Index row = model_.first_shape() + static_cast<Index>(s);
      const Index b = shapes[s].index;
      if (shapes[s].kind == ShapeKind::width) {
        change(row, b) = model_.state.height[static_cast<std::size_t>(b)] * change(b, b);
      } else if (shapes[s].kind == ShapeKind::share) {
        change(row, b) = model_.state.height[static_cast<std::size_t>(b)] *
                         model_.width_of(static_cast<std::size_t>(b)) * area_by_share;
      }
    }
    const Eigen::MatrixXd areas = inflation_ * change.transpose() * covariance * change;
    for (Index j = 0; j < count; ++j) {
      const std::size_t column = kept_[static_cast<std::size_t>(j)];
      auto& band = result.bands[column];
      band.area = band.height * change(j, j);
      band.area_u = areas(j, j) > 0 ? std::sqrt(areas(j, j)) : band.height_u * change(j, j);
      for (Index i = 0; i < count; ++i) {
        result.area_covariance[kept_[static_cast<std::size_t>(i)] * bands_.size() + column] =
            areas(i, j);
      }
    }
  }

  const BandModel& model_;
  std::span<const MixtureBand> bands_;
  const std::vector<std::size_t>& kept_;
  const std::vector<double>& sigma_;
  std::vector<bool> is_free_;
  double inflation_ = 1;
};

}  // namespace

double median_size(const BandModel& model, std::span<const double> sigma) {
  std::vector<double> size;
  size.reserve(sigma.size());
  for (std::size_t i = 0; i < sigma.size(); ++i) {
    if (sigma[i] > 0) {
      size.push_back(std::abs(model.residual()[static_cast<Index>(i)]) / sigma[i]);
    }
  }
  if (size.empty()) {
    return 1;
  }
  return upper_median(size) / 0.6745;  // of a normal distribution
}

BandMixtureResult summarise(const BandModel& model,
                            std::span<const MixtureBand> bands,
                            const std::vector<std::size_t>& kept,
                            const std::vector<double>& dropped_variance,
                            const std::vector<double>& sigma) {
  return Summary(model, bands, kept, sigma).make(dropped_variance);
}

BandMixtureResult empty_summary(std::span<const MixtureBand> bands,
                                const std::vector<double>& sigma,
                                MixtureStatus status) {
  BandMixtureResult result;
  result.status = status;
  result.bands.resize(bands.size());
  for (std::size_t b = 0; b < bands.size(); ++b) {
    result.bands[b].center = bands[b].center;
    result.bands[b].fwhm = bands[b].fwhm;
    result.bands[b].lorentz_share = bands[b].lorentz_share;
    result.bands[b].skew = bands[b].skew;
    result.bands[b].center_u = bands[b].center_sd;
    result.bands[b].fwhm_u = bands[b].log_fwhm_sd * bands[b].fwhm;
  }
  result.area_covariance.assign(bands.size() * bands.size(), 0.0);
  result.sigma = sigma;
  result.background.assign(sigma.size(), 0.0);
  result.fitted.assign(sigma.size(), 0.0);
  return result;
}

}  // namespace calcispec::detail
