// One spectrum fitted with a shared mixture: heights, slopes of shapes, background, uncertainty.
#include "core/band_ratio_private.hpp"
#include "core/order_statistic.hpp"
#include "core/shared_columns_private.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <optional>
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
constexpr double kept_sigmas = 0.7;     // that the data tell of a slope
constexpr Index first_rounds = 2;
constexpr double settled_sigmas = 0.5;  // of a height between two rounds

class SharedFit {
 public:
  SharedFit(const SharedMixture::Parts& shared,
            SharedMixture::Spectrum::Parts& spectrum,
            std::span<const SharedBand> bands,
            Index groups,
            const SharedFitOptions& options)
      : shared_(shared),
        spectrum_(spectrum),
        bands_(bands),
        groups_(groups),
        options_(options),
        columns_(shared, spectrum, bands),
        products_(shared, spectrum) {
    highest_ = spectrum.y.abs().maxCoeff();
    noise_ = spectrum.level * spectrum.last.excess;
    height_.setZero(count());
    amount_.setZero(groups);
    expected_ = amount_;
  }

  BandMixtureResult run() {
    if (!spectrum_.y.isFinite().all()) {
      return empty(MixtureStatus::not_finite);
    }
    load(spectrum_.last.row);
    recall();
    start_from_last();
    // A first look, where noise and misfit are not known from an earlier fit.
    const bool is_first = !spectrum_.last.equations.is_solved();
    if (!solve_shapes(is_first ? std::min(first_rounds, options_.rounds) : options_.rounds)) {
      return empty(MixtureStatus::singular);
    }
    if (options_.is_sketch) {
      auto result = empty(MixtureStatus::converged);
      for (Index b = 0; b < count(); ++b) {
        fill_height(b, result.bands[static_cast<std::size_t>(b)]);
      }
      remember();
      return result;
    }
    find_residual();
    if (settle_noise() || is_first) {
      if (!solve_shapes(options_.rounds)) {
        return empty(MixtureStatus::singular);
      }
      find_residual();
    }
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
    products_.load(row);
  }

  // The equations of the last fit, with what its noise was taken for.
  void start_from_last() {
    const auto& last = spectrum_.last.equations;
    if (spectrum_.last.equations_row != row_) {
      return;
    }
    list_terms();
    if (equations_.adopt(last, columns_, products_, terms_, groups_, is_free_)) {
      noise_ = last.noise();
    }
  }

  // Starts from what an earlier fit of the spectrum gave.
  void recall() {
    variance_.setZero(count());
    is_free_.assign(static_cast<std::size_t>(count() + groups_), 1);
    for (Index b = 0; b < count(); ++b) {
      const Index at = bands_[static_cast<std::size_t>(b)].shape;
      if (at < 0 || spectrum_.last.known[shared_.known_at(at)].variance <= 0) {
        continue;
      }
      const auto& known = spectrum_.last.known[shared_.known_at(at)];
      height_[b] = known.height;
      variance_[b] = known.variance;
      is_free_[static_cast<std::size_t>(b)] = known.is_free;
      if (band(b).group >= 0) {
        expected_[band(b).group] = known.amount;
      }
    }
  }

  void remember() {
    if (options_.is_trial) {
      spectrum_.trial.known = spectrum_.last.known;
    }
    auto& kept = options_.is_trial ? spectrum_.trial : spectrum_.last;
    for (Index b = 0; b < count(); ++b) {
      const Index at = bands_[static_cast<std::size_t>(b)].shape;
      if (at >= 0) {
        auto& known = kept.known[shared_.known_at(at)];
        known.height = height_[b];
        known.variance = variance_[b];
        known.is_free = is_free_[static_cast<std::size_t>(b)];
        known.amount = band(b).group >= 0 ? expected_[band(b).group] : 0;
      }
    }
    kept.row = row_;
    kept.excess = noise_ / spectrum_.level;
    kept.equations_row = row_;
    kept.equations = std::move(equations_);
    if (!options_.is_trial) {
      kept.equations.close_gaps();
    }
  }

  // Ratios, spreads and the bands with slopes depend on the heights and the other way round.
  bool solve_shapes(Index rounds) {
    const bool goes_on = equations_.is_solved();
    for (Index round = 0; round < rounds && count() > 0; ++round) {
      const VectorXd before = height_;
      if (!solve()) {
        return false;
      }
      const double change =
          ((height_ - before).array() / variance_.array().max(1e-300).sqrt()).abs().maxCoeff();
      if ((goes_on || round > 0) && change < settled_sigmas) {
        break;
      }
    }
    return true;
  }

  // Heights, amounts and the slopes of the bands that are seen.
  bool solve() {
    list_terms();
    const bool is_solved =
        equations_.is_solved() && equations_.noise() == noise_ && !is_other_row_
            ? equations_.amend(columns_, products_, terms_)
            : equations_.solve(columns_, products_, terms_, groups_, noise_, is_free_);
    is_other_row_ = false;
    if (is_solved) {
      take_solution();
    }
    return is_solved;
  }

  void list_terms() {
    terms_.assign(bands_.size(), {});
    for (Index b = 0; b < count(); ++b) {
      const auto& own = band(b);
      auto& terms = terms_[static_cast<std::size_t>(b)];
      if (own.group >= 0) {
        terms.amount = own.group;
        terms.part = own.relative_height;
        terms.priors.ratio = ratio_precision(
            own, height_[b], expected_[own.group], std::sqrt(variance_[b]), highest_);
      }
      if (columns_.has_slopes(b) && height_[b] > 0) {
        const double clear = height_[b] / std::sqrt(variance_[b]);
        const double center = clear * center_effect * own.center_sd / columns_.shape(b).fwhm;
        const double width = clear * width_effect * own.log_fwhm_sd;
        terms.priors.center =
            slope_precision(center, own.center_sd * height_[b], equations_.center(b) >= 0);
        terms.priors.width =
            slope_precision(width, own.log_fwhm_sd * height_[b], equations_.width(b) >= 0);
      }
    }
  }

  // A slope is height times change, so its prior grows with the height. One whose prior says more
  // than the data is left out; one that is fitted stays a little longer.
  [[nodiscard]] static double slope_precision(double told_sigmas, double sd, bool is_fitted) {
    return told_sigmas > (is_fitted ? kept_sigmas : 1) ? 1 / (sd * sd) : 0;
  }

  [[nodiscard]] const kernels::SweepSolver& solver() const { return equations_.solver(); }

  void take_solution() {
    for (Index g = 0; g < groups_; ++g) {
      const Index at = equations_.amount(g);
      const double now = solver().x(at);
      expected_[g] = expected_[g] > 0 && now > 0 ? 0.5 * (expected_[g] + now) : now;
      amount_[g] = now;
      is_free_[static_cast<std::size_t>(count() + g)] = solver().is_free(at) ? 1 : 0;
    }
    for (Index b = 0; b < count(); ++b) {
      const Index at = equations_.height(b);
      height_[b] = solver().x(at);
      variance_[b] = solver().variance(at);
      is_free_[static_cast<std::size_t>(b)] = solver().is_free(at) ? 1 : 0;
    }
  }

  void find_residual() {
    VectorXd half = spectrum_.projections[row_].half;
    fitted_.setZero(shared_.bands.points());
    std::vector<std::pair<double, Index>> heights;  // with their columns
    const auto take = [&](Index variable, Index column) {
      const double x = variable >= 0 ? solver().x(variable) : 0;
      if (x != 0) {
        const auto [first, points] = products_.support(column);
        if (points == fitted_.size()) {
          heights.emplace_back(x, column);
        } else {
          fitted_.segment(first, points) +=
              x * products_.column(column).segment(first, points).array();
        }
        half -= x * products_.half(column);
      }
    };
    for (Index b = 0; b < count(); ++b) {
      take(equations_.height(b), columns_.band(b));
      take(equations_.center(b), columns_.by_center(b));
      take(equations_.width(b), columns_.by_log_width(b));
    }
    add_columns(heights);
    const VectorXd answer = row().factor.solve_upper(half);
    smooth_ = (shared_.basis * answer).array();
    residual_ = spectrum_.y - fitted_ - smooth_;
    noise_median_.reset();
  }

  // Four at a time, so that the sum is passed over less often.
  void add_columns(std::vector<std::pair<double, Index>>& parts) {
    while (parts.size() % 4 != 0) {
      parts.emplace_back(0, parts.front().second);
    }
    for (std::size_t p = 0; p < parts.size(); p += 4) {
      const auto part = [&](std::size_t k) {
        const auto& [x, column] = parts[p + k];
        return x * products_.column(column).array();
      };
      fitted_ += part(0) + part(1) + (part(2) + part(3));
    }
  }

  // Noise and misfit as the residual shows them; true where they are not what was solved with.
  bool settle_noise() {
    const auto& noise = shared_.setting.noise;
    const auto& envelope = shared_.setting.envelope;
    const double top = std::max(fitted_.head(shared_.points).maxCoeff(), 0.0);
    noise_median_ =
        median_size([&](Index i) { return spectrum_.level * noise[static_cast<std::size_t>(i)]; });
    const double excess = std::max(1.0, *noise_median_);
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
    found_noise_ = level;
    const std::size_t row = class_of(relative * top / level);
    is_other_row_ = row != row_;
    if (is_other_row_) {
      load(row);
    }
    const bool is_changed = is_other_row_ || std::abs(noise_ / level - 1) > largest_drift;
    noise_ = is_changed ? level : noise_;
    return is_changed;
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

  // Of the residual in what the equations were solved with. Without misfit that is the noise.
  [[nodiscard]] double median_part() const {
    return row_ == 0 && noise_median_
               ? *noise_median_ * spectrum_.level / noise_
               : median_size([&](Index i) { return noise_ * row().sigma[i]; });
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
    auto result = empty(count() == 0 || solver().is_converged() ? MixtureStatus::converged
                                                                : MixtureStatus::iteration_limit);
    result.amounts.assign(amount_.data(), amount_.data() + groups_);
    for (Index i = 0; i < shared_.points; ++i) {
      const auto at = static_cast<std::size_t>(i);
      result.background[at] = smooth_[i];
      result.fitted[at] = fitted_[i];
      result.sigma[at] = found_noise_ * row().sigma[i];
    }
    result.chi_square = (residual_.square() * row().weight).sum() / (found_noise_ * found_noise_);
    result.effective_parameters = static_cast<double>(solver().free_count()) + row().spline_freedom;
    const double used =
        std::min(result.effective_parameters, 0.5 * static_cast<double>(shared_.points));
    const double scale = median_part();
    inflation_ =
        std::max(1.0, scale * scale / (1 - used / static_cast<double>(shared_.used_points)));
    for (Index b = 0; b < count(); ++b) {
      fill_band(b, result.bands[static_cast<std::size_t>(b)]);
    }
    fill_areas(result);
    return result;
  }

  void fill_height(Index b, FittedMixtureBand& out) const {
    out.height = height_[b];
    out.height_u = std::sqrt(inflation_ * variance_[b]);
    fill_shape(b, out);
  }

  void fill_band(Index b, FittedMixtureBand& out) const {
    const auto& own = band(b);
    fill_height(b, out);
    out.own_height = out.height;
    out.own_height_u = out.height_u;
    if (own.group < 0) {
      return;
    }
    const double ratio = equations_.priors(b).ratio;
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
    const Index center = equations_.center(b);
    const Index width = equations_.width(b);
    if (!(height_[b] > 0)) {
      return;
    }
    const auto change = [&](Index slope) { return solver().x(slope) / height_[b]; };
    const auto deviation = [&](Index slope) {
      return std::sqrt(inflation_ * solver().variance(slope)) / height_[b];
    };
    if (center >= 0) {
      const double limit = 3 * band(b).center_sd;
      out.center += std::clamp(change(center), -limit, limit);
      out.center_u = deviation(center);
    }
    if (width >= 0) {
      out.fwhm *= std::exp(std::clamp(change(width), -largest_widening, largest_widening));
      out.fwhm_u = deviation(width) * out.fwhm;
    }
  }

  // Height that the data at the band alone ask for, all else as fitted.
  void fill_from_residual(Index b, FittedMixtureBand& out) const {
    const ArrayXd profile = products_.column(columns_.band(b)).array();
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
    // A band's area goes with its height and the slope of its width.
    const auto between = [&](Index variable, Index b) {
      const Index slope = equations_.width(b);
      return variable < 0 ? 0
                          : solver().covariance(variable, equations_.height(b)) +
                                (slope >= 0 ? solver().covariance(variable, slope) : 0);
    };
    for (Index a = 0; a < count(); ++a) {
      const auto at = static_cast<std::size_t>(a);
      for (Index b = 0; b <= a; ++b) {
        const auto column = static_cast<std::size_t>(b);
        const double covariance =
            inflation_ * unit[at] * unit[column] *
            (between(equations_.height(a), b) + between(equations_.width(a), b));
        result.area_covariance[at * total + column] = covariance;
        result.area_covariance[column * total + at] = covariance;
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
  SharedFitOptions options_;
  SharedColumns columns_;
  ColumnProducts products_;
  double highest_ = 0;
  double noise_ = 1;        // that the equations are solved with
  double found_noise_ = 1;  // that the residual shows
  std::size_t row_ = 0;
  bool is_other_row_ = false;  // than that of the equations
  std::vector<char> is_free_;  // heights, then amounts
  std::vector<BandTerms> terms_;
  SharedEquations equations_;
  VectorXd variance_;  // of the heights
  VectorXd height_;
  VectorXd amount_;
  VectorXd expected_;
  ArrayXd fitted_;
  ArrayXd smooth_;
  ArrayXd residual_;
  std::optional<double> noise_median_;  // of the residual, in the noise as loaded
  double inflation_ = 1;
};

}  // namespace

BandMixtureResult fit_shared(const SharedMixture::Parts& shared,
                             SharedMixture::Spectrum::Parts& spectrum,
                             std::span<const SharedBand> bands,
                             Index groups,
                             const SharedFitOptions& options) {
  return SharedFit(shared, spectrum, bands, groups, options).run();
}

}  // namespace calcispec::detail
