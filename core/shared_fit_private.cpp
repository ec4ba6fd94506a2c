// One spectrum fitted with a shared mixture: heights, slopes of shapes, background, uncertainty.
#include "core/band_ratio_private.hpp"
#include "core/kernels/sweep.hpp"
#include "core/order_statistic.hpp"
#include "core/shared_columns_private.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <utility>

namespace calcispec::detail {
namespace {

using Eigen::ArrayXd;
using Eigen::Map;
using Eigen::MatrixXd;
using Eigen::VectorXd;

// Largest change of a profile of unit height with its place, per width, and with its log width.
constexpr double center_effect = 1.4;
constexpr double width_effect = 0.6;
constexpr double largest_widening = 0.5;  // of the logarithm: beyond, first order says nothing
constexpr double least_misfit = 5e-4;     // of the highest band: far wings and ghosts
constexpr double most_misfit = 0.3;
constexpr double largest_drift = 0.25;  // of the noise found over that assumed
constexpr double settled_sigmas = 0.3;  // of a height between two rounds

// Height times the change of a band's place or width.
struct Slope {
  Index active = -1;  // column of the present solve, -1: held
  double value = 0;
};

class SharedFit {
 public:
  SharedFit(const SharedMixture::Parts& shared,
            SharedMixture::Spectrum::Parts& spectrum,
            std::span<const SharedBand> bands,
            Index groups,
            Index rounds)
      : shared_(shared),
        spectrum_(spectrum),
        bands_(bands),
        groups_(groups),
        rounds_(rounds),
        columns_(shared, bands) {
    highest_ = spectrum.y.abs().maxCoeff();
    noise_ = spectrum.level * spectrum.excess;
    height_.setZero(count());
    amount_.setZero(groups);
    expected_ = amount_;
  }

  BandMixtureResult run() {
    if (!spectrum_.y.isFinite().all()) {
      return empty(MixtureStatus::not_finite);
    }
    load(spectrum_.row);
    recall();
    if (!solve_shapes()) {
      return empty(MixtureStatus::singular);
    }
    find_residual();
    if (settle_noise() && !solve_shapes()) {
      return empty(MixtureStatus::singular);
    }
    find_residual();
    auto result = summarise();
    remember();
    return result;
  }

 private:
  [[nodiscard]] Index count() const { return static_cast<Index>(bands_.size()); }
  [[nodiscard]] const MisfitClass& row() const { return shared_.classes[row_]; }
  [[nodiscard]] const MixtureBand& band(Index b) const {
    return bands_[static_cast<std::size_t>(b)].band;
  }
  void load(std::size_t row) {
    row_ = row;
    columns_.load(spectrum_, row);
  }

  // Starts from what an earlier fit of the spectrum gave.
  void recall() {
    variance_.setZero(count());
    is_free_.assign(static_cast<std::size_t>(count() + groups_), 1);
    for (Index b = 0; b < count(); ++b) {
      const Index at = bands_[static_cast<std::size_t>(b)].shape;
      if (at < 0 || spectrum_.known[static_cast<std::size_t>(at)].variance <= 0) {
        continue;
      }
      const auto& known = spectrum_.known[static_cast<std::size_t>(at)];
      height_[b] = known.height;
      variance_[b] = known.variance;
      is_free_[static_cast<std::size_t>(b)] = known.is_free;
      if (band(b).group >= 0) {
        expected_[band(b).group] = known.amount;
      }
    }
  }

  void remember() {
    for (Index b = 0; b < count(); ++b) {
      const Index at = bands_[static_cast<std::size_t>(b)].shape;
      if (at >= 0) {
        auto& known = spectrum_.known[static_cast<std::size_t>(at)];
        known.height = height_[b];
        known.variance = variance_[b];
        known.is_free = is_free_[static_cast<std::size_t>(b)];
        known.amount = band(b).group >= 0 ? expected_[band(b).group] : 0;
      }
    }
  }

  // Ratios, spreads and the bands with slopes depend on the heights and the other way round.
  bool solve_shapes() {
    if (count() == 0) {
      solver_.reset(0);
      return true;
    }
    for (Index round = 0; round < rounds_; ++round) {
      const VectorXd before = height_;
      if (!solve()) {
        return false;
      }
      const double change =
          ((height_ - before).array() / variance_.array().max(1e-300).sqrt()).abs().maxCoeff();
      if (round > 0 && change < settled_sigmas) {
        break;
      }
    }
    return true;
  }

  // Heights, amounts and the slopes of the bands that are seen.
  bool solve() {
    list_active();
    const auto active = static_cast<Index>(active_.size());
    const double gain = 1 / (noise_ * noise_);
    solver_.reset(active + groups_);
    for (Index j = 0; j < active; ++j) {
      const Index from = active_[static_cast<std::size_t>(j)];
      solver_.g(place(j)) = gain * columns_.right(from);
      for (Index i = j; i < active; ++i) {
        solver_.h(place(i), place(j)) =
            gain * columns_.product(active_[static_cast<std::size_t>(i)], from);
      }
    }
    add_ratios();
    add_slope_priors();
    for (Index i = 0; i < solver_.count(); ++i) {
      double& own = solver_.h(i, i);
      own = own < 1e-30 ? 1 : own * (1 + 1e-10);
    }
    const auto bounded = static_cast<std::size_t>(count() + groups_);
    is_bounded_.assign(bounded, 1);
    is_bounded_.resize(static_cast<std::size_t>(solver_.count()), 0);
    is_free_.resize(static_cast<std::size_t>(solver_.count()), 1);
    if (!solver_.solve(is_bounded_, is_free_)) {
      return false;
    }
    take_solution();
    return true;
  }

  // Amounts stand between heights and slopes.
  [[nodiscard]] Index place(Index active) const {
    return active < count() ? active : active + groups_;
  }

  void list_active() {
    active_.clear();
    for (Index b = 0; b < count(); ++b) {
      active_.push_back(b);
    }
    by_center_.assign(bands_.size(), {});
    by_width_.assign(bands_.size(), {});
    for (Index b = 0; b < count(); ++b) {
      const Index first = columns_.slopes(b);
      if (first < 0 || !(height_[b] > 0)) {
        continue;
      }
      const double clear = height_[b] / std::sqrt(variance_[b]);
      const auto& own = band(b);
      activate(clear * center_effect * own.center_sd / columns_.shape(b).fwhm,
               first,
               by_center_[static_cast<std::size_t>(b)]);
      activate(clear * width_effect * own.log_fwhm_sd,
               first + 1,
               by_width_[static_cast<std::size_t>(b)]);
    }
  }

  // A slope whose prior says more than the data is left out.
  void activate(double told_sigmas, Index column, Slope& slope) {
    if (told_sigmas > 1) {
      slope.active = static_cast<Index>(active_.size());
      active_.push_back(column);
    }
  }

  [[nodiscard]] double precision_of(Index b) const {
    const auto& own = band(b);
    const double spread = std::sqrt(variance_[b]);
    return ratio_precision(own, height_[b], expected_[own.group], spread, highest_);
  }

  void add_ratios() {
    for (Index b = 0; b < count(); ++b) {
      const auto& own = band(b);
      if (own.group < 0) {
        continue;
      }
      const double precision = precision_of(b);
      const Index amount = count() + own.group;
      solver_.h(b, b) += precision;
      solver_.h(amount, b) -= precision * own.relative_height;
      solver_.h(amount, amount) += precision * own.relative_height * own.relative_height;
    }
  }

  // A slope is height times change, so its prior grows with the height.
  void add_slope_priors() {
    for (Index b = 0; b < count(); ++b) {
      const auto hold = [&](const Slope& slope, double sd) {
        if (slope.active >= 0) {
          solver_.h(place(slope.active), place(slope.active)) += 1 / std::pow(sd * height_[b], 2);
        }
      };
      hold(by_center_[static_cast<std::size_t>(b)], band(b).center_sd);
      hold(by_width_[static_cast<std::size_t>(b)], band(b).log_fwhm_sd);
    }
  }

  void take_solution() {
    for (Index g = 0; g < groups_; ++g) {
      const double now = solver_.x(count() + g);
      expected_[g] = expected_[g] > 0 && now > 0 ? 0.5 * (expected_[g] + now) : now;
      amount_[g] = now;
    }
    for (Index b = 0; b < count(); ++b) {
      height_[b] = solver_.x(b);
      variance_[b] = solver_.variance(b);
      for (auto* slope :
           {&by_center_[static_cast<std::size_t>(b)], &by_width_[static_cast<std::size_t>(b)]}) {
        slope->value = slope->active >= 0 ? solver_.x(place(slope->active)) : 0;
      }
    }
  }

  void find_residual() {
    VectorXd x = VectorXd::Zero(columns_.count());
    for (std::size_t j = 0; j < active_.size(); ++j) {
      x[active_[j]] = solver_.x(place(static_cast<Index>(j)));
    }
    VectorXd half = spectrum_.projections[row_].half;
    fitted_.setZero(shared_.bands.points());
    for (Index j = 0; j < x.size(); ++j) {
      if (x[j] != 0) {
        fitted_ += x[j] * columns_.column(j).array();
        half -= x[j] * columns_.half(j);
      }
    }
    const VectorXd answer = row().factor.matrixL().transpose().solve(half);
    smooth_ = (shared_.basis * answer).array();
    residual_ = spectrum_.y - fitted_ - smooth_;
  }

  // Noise and misfit as the residual shows them; true where they have changed.
  bool settle_noise() {
    const auto& noise = shared_.setting.noise;
    const auto& envelope = shared_.setting.envelope;
    const double top = std::max(fitted_.head(shared_.points).maxCoeff(), 0.0);
    const double excess = std::max(1.0, median_size([&](Index i) {
                                     return spectrum_.level * noise[static_cast<std::size_t>(i)];
                                   }));
    double power = 0;
    double signal = 0;
    for (Index i = 0; i < shared_.points; ++i) {
      const auto at = static_cast<std::size_t>(i);
      if (noise[at] > 0) {
        const double own = excess * spectrum_.level * noise[at];
        const double weight = std::pow(top * envelope[at], 2);
        power += weight * (residual_[i] * residual_[i] - own * own);
        signal += weight * weight;
      }
    }
    const double relative =
        signal > 0 ? std::min(most_misfit, std::sqrt(std::max(0.0, power / signal))) : 0;
    const double level = std::hypot(excess * spectrum_.level, least_misfit * top);
    const double before = noise_;
    noise_ = level;
    spectrum_.excess = level / spectrum_.level;
    const std::size_t row = class_of(relative * top / level);
    const bool is_other = row != row_;
    if (is_other) {
      spectrum_.row = row;
      load(row);
    }
    return is_other || std::abs(before / level - 1) > largest_drift;
  }

  template <class Sigma>
  [[nodiscard]] double median_size(const Sigma& sigma) const {
    std::vector<double> size;
    size.reserve(static_cast<std::size_t>(shared_.points));
    for (Index i = 0; i < shared_.points; ++i) {
      if (shared_.setting.noise[static_cast<std::size_t>(i)] > 0) {
        size.push_back(std::abs(residual_[i]) / sigma(i));
      }
    }
    return upper_median(size) / 0.6745;  // of a normal distribution
  }

  [[nodiscard]] BandMixtureResult empty(MixtureStatus status) const {
    BandMixtureResult result;
    const auto points = static_cast<std::size_t>(shared_.points);
    result.status = status;
    result.bands.resize(bands_.size());
    for (std::size_t b = 0; b < bands_.size(); ++b) {
      const auto& own = columns_.shape(static_cast<Index>(b));
      result.bands[b].center = own.center;
      result.bands[b].fwhm = own.fwhm;
      result.bands[b].lorentz_share = own.lorentz_share;
      result.bands[b].skew = own.skew;
      result.bands[b].center_u = bands_[b].band.center_sd;
      result.bands[b].fwhm_u = bands_[b].band.log_fwhm_sd * own.fwhm;
    }
    result.amounts.assign(static_cast<std::size_t>(groups_), 0.0);
    result.area_covariance.assign(bands_.size() * bands_.size(), 0.0);
    result.background.assign(points, 0.0);
    result.fitted.assign(points, 0.0);
    result.sigma.assign(points, 0.0);
    result.shift = shared_.setting.shift;
    result.shift_u = shared_.setting.shift_u;
    result.stretch = shared_.setting.stretch;
    return result;
  }

  BandMixtureResult summarise() {
    auto result =
        empty(solver_.is_converged() ? MixtureStatus::converged : MixtureStatus::iteration_limit);
    result.amounts.assign(amount_.data(), amount_.data() + groups_);
    for (Index i = 0; i < shared_.points; ++i) {
      const auto at = static_cast<std::size_t>(i);
      result.background[at] = smooth_[i];
      result.fitted[at] = fitted_[i];
      result.sigma[at] = noise_ * row().sigma[i];
    }
    result.chi_square = (residual_.square() * row().weight).sum() / (noise_ * noise_);
    result.effective_parameters = static_cast<double>(solver_.free_count()) + row().spline_freedom;
    result.condition_number = solver_.condition_number();
    const double used =
        std::min(result.effective_parameters, 0.5 * static_cast<double>(shared_.points));
    const double scale = median_size([&](Index i) { return noise_ * row().sigma[i]; });
    inflation_ =
        std::max(1.0, scale * scale / (1 - used / static_cast<double>(shared_.used_points)));
    for (Index b = 0; b < count(); ++b) {
      fill_band(b, result.bands[static_cast<std::size_t>(b)]);
    }
    fill_areas(result);
    return result;
  }

  void fill_band(Index b, FittedMixtureBand& out) const {
    const auto& own = band(b);
    out.height = height_[b];
    out.height_u = std::sqrt(inflation_ * variance_[b]);
    out.own_height = out.height;
    out.own_height_u = out.height_u;
    fill_shape(b, out);
    if (own.group < 0) {
      return;
    }
    const double ratio = precision_of(b);
    const double precision = 1 / variance_[b] - ratio;
    if (precision * variance_[b] < 1e-3) {
      return fill_from_residual(b, out);
    }
    out.own_height_u = std::sqrt(inflation_ / precision);
    if (is_free_[static_cast<std::size_t>(b)] != 0) {
      const double expected = amount_[own.group] * own.relative_height;
      out.own_height = (out.height / variance_[b] - expected * ratio) / precision;
    }
  }

  void fill_shape(Index b, FittedMixtureBand& out) const {
    const auto& center = by_center_[static_cast<std::size_t>(b)];
    const auto& width = by_width_[static_cast<std::size_t>(b)];
    const auto deviation = [&](const Slope& slope) {
      return std::sqrt(inflation_ * solver_.variance(place(slope.active))) / height_[b];
    };
    if (center.active >= 0 && height_[b] > 0) {
      const double limit = 3 * band(b).center_sd;
      out.center += std::clamp(center.value / height_[b], -limit, limit);
      out.center_u = deviation(center);
    }
    if (width.active >= 0 && height_[b] > 0) {
      out.fwhm *=
          std::exp(std::clamp(width.value / height_[b], -largest_widening, largest_widening));
      out.fwhm_u = deviation(width) * out.fwhm;
    }
  }

  // Height that the data at the band alone ask for, all else as fitted.
  void fill_from_residual(Index b, FittedMixtureBand& out) const {
    const ArrayXd profile = columns_.column(b).array();
    const double power = (profile.square() * row().weight).sum();
    if (!(power > 0)) {
      out.own_height_u = std::numeric_limits<double>::infinity();
      return;
    }
    const double asked = (profile * residual_ * row().weight).sum();
    out.own_height = std::max(0.0, out.height + asked / power);
    out.own_height_u = noise_ * std::sqrt(inflation_ / power);
  }

  // Area = height * fwhm * constant(share), to first order in height and slope.
  void fill_areas(BandMixtureResult& result) const {
    const auto total = static_cast<std::size_t>(count());
    std::vector<double> unit(total);
    for (std::size_t b = 0; b < total; ++b) {
      auto& own = result.bands[b];
      unit[b] = pseudo_voigt_area(own.fwhm, own.lorentz_share);
      own.area = own.height * unit[b];
    }
    const auto slope = [&](Index b) {
      const Index active = by_width_[static_cast<std::size_t>(b)].active;
      return active >= 0 ? place(active) : -1;
    };
    const auto sum = [&](Index i, Index b) {
      return solver_.covariance(i, b) + (slope(b) >= 0 ? solver_.covariance(i, slope(b)) : 0);
    };
    for (Index a = 0; a < count(); ++a) {
      for (Index b = 0; b < count(); ++b) {
        const double both = sum(a, b) + (slope(a) >= 0 ? sum(slope(a), b) : 0);
        result.area_covariance[static_cast<std::size_t>(a) * total + static_cast<std::size_t>(b)] =
            inflation_ * both * unit[static_cast<std::size_t>(a)] *
            unit[static_cast<std::size_t>(b)];
      }
    }
    for (std::size_t b = 0; b < total; ++b) {
      auto& own = result.bands[b];
      const double variance = result.area_covariance[b * total + b];
      own.area_u = variance > 0 ? std::sqrt(variance) : own.height_u * unit[b];
    }
  }

  const SharedMixture::Parts& shared_;
  SharedMixture::Spectrum::Parts& spectrum_;
  std::span<const SharedBand> bands_;
  Index groups_;
  Index rounds_;
  SharedColumns columns_;
  double highest_ = 0;
  double noise_ = 1;
  std::size_t row_ = 0;
  std::vector<Index> active_;  // columns of the present solve
  std::vector<char> is_free_;
  std::vector<char> is_bounded_;
  kernels::SweepSolver solver_;
  VectorXd variance_;  // of the heights
  VectorXd height_;
  std::vector<Slope> by_center_;  // per band
  std::vector<Slope> by_width_;
  VectorXd amount_;
  VectorXd expected_;
  ArrayXd fitted_;
  ArrayXd smooth_;
  ArrayXd residual_;
  double inflation_ = 1;
};

}  // namespace

BandMixtureResult fit_shared(const SharedMixture::Parts& shared,
                             SharedMixture::Spectrum::Parts& spectrum,
                             std::span<const SharedBand> bands,
                             Index groups,
                             Index rounds) {
  return SharedFit(shared, spectrum, bands, groups, rounds).run();
}

}  // namespace calcispec::detail
