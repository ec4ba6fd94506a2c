#include "core/band_mixture.hpp"

#include "core/error.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>
#include <utility>

namespace calcispec {
namespace {

constexpr double four_ln2 = 4 * std::numbers::ln2;
constexpr double t_freedom = 4;  // of the Student-t prior on band ratios

enum class ShapeKind { center, width, shift, stretch };

struct ShapeColumn {
  ShapeKind kind = ShapeKind::center;
  Index band = -1;
};

// Value and derivatives of one band on the whole axis.
struct Profile {
  std::vector<double> value;
  std::vector<double> by_center;
  std::vector<double> by_log_width;

  void resize(std::size_t points) {
    value.resize(points);
    by_center.resize(points);
    by_log_width.resize(points);
  }
};

void evaluate_profile(
    std::span<const double> x, double center, double fwhm, double share, Profile& out) {
  const double scale = 1 / fwhm;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double u = (x[i] - center) * scale;
    const double lorentz = 1 / (1 + 4 * u * u);
    const double slope = 8 * share * u * lorentz * lorentz;
    out.value[i] = share * lorentz;
    out.by_center[i] = slope * scale;
    out.by_log_width[i] = slope * u;
  }
  // The Gaussian part is below 1e-11 beyond three widths.
  const auto first = std::lower_bound(x.begin(), x.end(), center - 3 * fwhm) - x.begin();
  const auto last = std::upper_bound(x.begin(), x.end(), center + 3 * fwhm) - x.begin();
  for (auto i = static_cast<std::size_t>(first); i < static_cast<std::size_t>(last); ++i) {
    const double u = (x[i] - center) * scale;
    const double gauss = (1 - share) * std::exp(-four_ln2 * u * u);
    const double slope = 2 * four_ln2 * u * gauss;
    out.value[i] += gauss;
    out.by_center[i] += slope * scale;
    out.by_log_width[i] += slope * u;
  }
}

class Fit {
 public:
  Fit(std::span<const double> x,
      std::span<const double> y,
      std::span<const double> noise,
      std::span<const MixtureBand> bands)
      : x_(x), y_(y), noise_(noise), bands_(bands), sigma_(noise.begin(), noise.end()) {
    middle_ = 0.5 * (x.front() + x.back());
    profiles_.resize(bands.size());
    for (auto& profile : profiles_) {
      profile.resize(x.size());
    }
    offset_.assign(bands.size(), 0.0);
    log_width_.assign(bands.size(), 0.0);
    height_.assign(bands.size(), 0.0);
  }

  BandMixtureResult run(Index groups, const BandMixtureOptions& options) {
    options_ = options;
    amounts_.assign(static_cast<std::size_t>(groups), 0.0);
    loosen_sigma();
    find_start();
    for (Index iteration = 0; iteration < options.iterations; ++iteration) {
      if (iteration == 2) {
        stiffness_ = options_.background.stiffness;  // choose again with fitted shapes
      }
      solve(true);
      if (!is_solved() || (apply_shapes() < 1e-3 && iteration > 3)) {
        break;
      }
      update_sigma(iteration);
    }
    solve(true);
    return finish();
  }

 private:
  [[nodiscard]] bool is_solved() const {
    return solution_.status == MixtureStatus::converged ||
           solution_.status == MixtureStatus::iteration_limit;
  }

  [[nodiscard]] double center_of(std::size_t band) const {
    const double table = bands_[band].center;
    return table + shift_ + stretch_ * (table - middle_) + offset_[band];
  }

  [[nodiscard]] double width_of(std::size_t band) const {
    return bands_[band].fwhm * std::exp(log_width_[band]);
  }

  // Heights for fixed shapes at several shifts of the axis; the best objective is the start.
  void find_start() {
    std::vector<double> starts{options_.start_shift};
    if (options_.scans_shift) {
      const double step = std::min(1.0, options_.shift_limit);
      for (double s = step; s <= options_.shift_limit + 1e-9; s += step) {
        starts.push_back(options_.start_shift + s);
        starts.push_back(options_.start_shift - s);
      }
    }
    stiffness_ = options_.background.stiffness;
    double best = std::numeric_limits<double>::infinity();
    double best_shift = starts.front();
    for (const double start : starts) {
      shift_ = start;
      amounts_.assign(amounts_.size(), 0.0);
      solve(false);
      if (has_ratio_prior()) {
        solve(false);
      }
      const double prior = shift_ / std::max(options_.shift_sd, 1e-9);
      const double objective = solution_.chi_square + prior_cost() + prior * prior;
      if (is_solved() && objective < best) {
        best = objective;
        best_shift = start;
      }
    }
    shift_ = best_shift;
    amounts_.assign(amounts_.size(), 0.0);
    solve(false);
  }

  [[nodiscard]] bool has_ratio_prior() const { return !amounts_.empty(); }

  [[nodiscard]] double prior_cost() const {
    double cost = 0;
    for (const auto& row : prior_) {
      double value = -row.target;
      for (const auto& [column, coefficient] : row.terms) {
        value += coefficient * solution_.amounts[static_cast<std::size_t>(column)];
      }
      cost += row.precision * value * value;
    }
    return cost;
  }

  void solve(bool with_shapes) {
    const auto count = bands_.size();
    for (std::size_t b = 0; b < count; ++b) {
      evaluate_profile(x_, center_of(b), width_of(b), bands_[b].lorentz_share, profiles_[b]);
    }
    list_shapes(with_shapes);
    fill_columns();
    fill_prior();
    MixtureProblem problem;
    problem.x = x_;
    problem.y = y_;
    problem.sigma = sigma_;
    problem.columns = &columns_;
    problem.lower.assign(count + amounts_.size(), 0.0);
    problem.lower.resize(count + amounts_.size() + shapes_.size(),
                         -std::numeric_limits<double>::infinity());
    problem.prior = prior_;
    problem.background = options_.background;
    problem.background.stiffness = stiffness_;
    solution_ = solve_mixture(problem);
    if (!is_solved()) {
      return;
    }
    stiffness_ = solution_.stiffness;
    height_.assign(solution_.amounts.begin(),
                   solution_.amounts.begin() + static_cast<Index>(count));
    // Half the way: expected heights and the spread about them follow the amount, and a full step
    // lets them swing.
    for (std::size_t g = 0; g < amounts_.size(); ++g) {
      const double now = solution_.amounts[count + g];
      amounts_[g] = amounts_[g] > 0 && now > 0 ? 0.5 * (amounts_[g] + now) : now;
    }
  }

  [[nodiscard]] double height_u(std::size_t band) const {
    return std::sqrt(solution_.variance[band]);
  }

  // Only bands that are seen get shape freedom; the others keep the table's.
  void list_shapes(bool with_shapes) {
    shapes_.clear();
    if (!with_shapes || bands_.empty()) {
      return;
    }
    if (options_.shift_sd > 0) {
      shapes_.push_back({ShapeKind::shift, -1});
    }
    if (options_.stretch_sd > 0) {
      shapes_.push_back({ShapeKind::stretch, -1});
    }
    for (std::size_t b = 0; b < bands_.size(); ++b) {
      if (height_[b] <= 3 * height_u(b)) {
        continue;
      }
      if (bands_[b].center_sd > 0) {
        shapes_.push_back({ShapeKind::center, static_cast<Index>(b)});
      }
      if (bands_[b].log_fwhm_sd > 0) {
        shapes_.push_back({ShapeKind::width, static_cast<Index>(b)});
      }
    }
  }

  void fill_columns() {
    columns_.points = static_cast<Index>(x_.size());
    const std::size_t count = bands_.size() + amounts_.size() + shapes_.size();
    columns_.values.assign(count * x_.size(), 0.0);
    for (std::size_t b = 0; b < bands_.size(); ++b) {
      std::copy(profiles_[b].value.begin(),
                profiles_[b].value.end(),
                columns_.column(static_cast<Index>(b)).begin());
    }
    for (std::size_t s = 0; s < shapes_.size(); ++s) {
      fill_shape(shapes_[s],
                 columns_.column(static_cast<Index>(bands_.size() + amounts_.size() + s)));
    }
  }

  void fill_shape(const ShapeColumn& shape, std::span<double> out) const {
    if (shape.band >= 0) {
      const auto b = static_cast<std::size_t>(shape.band);
      const auto& from =
          shape.kind == ShapeKind::center ? profiles_[b].by_center : profiles_[b].by_log_width;
      for (std::size_t i = 0; i < out.size(); ++i) {
        out[i] = height_[b] * from[i];
      }
      return;
    }
    for (std::size_t b = 0; b < bands_.size(); ++b) {
      const double lever = shape.kind == ShapeKind::shift ? 1.0 : (bands_[b].center - middle_);
      const double factor = height_[b] * lever;
      for (std::size_t i = 0; factor != 0 && i < out.size(); ++i) {
        out[i] += factor * profiles_[b].by_center[i];
      }
    }
  }

  // sd of a grouped band's height about its expected value.
  [[nodiscard]] double ratio_scale(std::size_t band) const {
    const auto& row = bands_[band];
    const double expected = amounts_[static_cast<std::size_t>(row.group)] * row.relative_height;
    const double own = solution_.variance.empty() ? 0 : height_u(band);
    return std::max({row.log_height_sd * expected, 0.3 * own, 1e-9 * row.relative_height});
  }

  [[nodiscard]] double ratio_precision(std::size_t band) const {
    const auto& row = bands_[band];
    const double expected = amounts_[static_cast<std::size_t>(row.group)] * row.relative_height;
    if (expected <= 0) {
      // Nothing known of the amount yet: the ratio is all but free.
      double top = 0;
      for (const double y : y_) {
        top = std::isfinite(y) ? std::max(top, std::abs(y)) : top;
      }
      const double scale = std::max(top * row.relative_height, 1e-300);
      return 1 / (scale * scale);
    }
    const double scale = ratio_scale(band);
    const double z = (height_[band] - expected) / scale;
    return (t_freedom + 1) / (t_freedom + z * z) / (scale * scale);
  }

  void fill_prior() {
    prior_.clear();
    const auto count = static_cast<Index>(bands_.size());
    for (std::size_t b = 0; b < bands_.size(); ++b) {
      if (bands_[b].group >= 0) {
        prior_.push_back({
            {{static_cast<Index>(b), 1.0}, {count + bands_[b].group, -bands_[b].relative_height}},
            0,
            ratio_precision(b)
        });
      }
    }
    for (std::size_t s = 0; s < shapes_.size(); ++s) {
      const Index column = count + static_cast<Index>(amounts_.size() + s);
      const auto [target, sd] = shape_prior(shapes_[s]);
      prior_.push_back({{{column, 1.0}}, target, 1 / (sd * sd)});
    }
  }

  // The unknown is the change, so the prior pulls it towards minus the present value.
  [[nodiscard]] std::pair<double, double> shape_prior(const ShapeColumn& shape) const {
    const auto b = static_cast<std::size_t>(std::max<Index>(shape.band, 0));
    switch (shape.kind) {
      case ShapeKind::center:
        return {-offset_[b], bands_[b].center_sd};
      case ShapeKind::width:
        return {-log_width_[b], bands_[b].log_fwhm_sd};
      case ShapeKind::shift:
        return {-shift_, options_.shift_sd};
      case ShapeKind::stretch:
        break;
    }
    return {-stretch_, options_.stretch_sd};
  }

  // Takes the steps of the shape columns, cut to where the linearisation holds; returns the largest
  // relative step.
  double apply_shapes() {
    double largest = 0;
    const std::size_t first = bands_.size() + amounts_.size();
    for (std::size_t s = 0; s < shapes_.size(); ++s) {
      const double step = solution_.amounts[first + s];
      const auto b = static_cast<std::size_t>(std::max<Index>(shapes_[s].band, 0));
      const double width = width_of(b);
      switch (shapes_[s].kind) {
        case ShapeKind::center:
          move(offset_[b], step, 0.3 * width, 3 * bands_[b].center_sd);
          largest = std::max(largest, std::abs(step) / width);
          break;
        case ShapeKind::width:
          move(log_width_[b], step, 0.3, 3 * bands_[b].log_fwhm_sd);
          largest = std::max(largest, std::abs(step));
          break;
        case ShapeKind::shift:
          move(shift_, step, 1, options_.shift_limit);
          break;
        case ShapeKind::stretch:
          move(stretch_, step, options_.stretch_sd, 3 * options_.stretch_sd);
          break;
      }
    }
    return largest;
  }

  static void move(double& value, double step, double step_limit, double limit) {
    value = std::clamp(value + std::clamp(step, -step_limit, step_limit), -limit, limit);
  }

  // Shapes that are not fitted yet miss strong bands by far more than the noise: until they are
  // near, every point may be off by a part of the highest signal, less with every iteration.
  void loosen_sigma() {
    if (options_.misfit == 0) {
      return;
    }
    const auto [low, high] = std::minmax_element(y_.begin(), y_.end());
    looseness_ = 0.01 * (*high - *low);
    // Far wings and the instrument's own ghosts: no shape is known better than this.
    least_looseness_ = 5e-4 * (*high - *low);
    for (std::size_t i = 0; i < sigma_.size(); ++i) {
      sigma_[i] = noise_[i] > 0 ? std::hypot(noise_[i], looseness_) : 0;
    }
  }

  [[nodiscard]] double residual(std::size_t i) const {
    return y_[i] - solution_.fitted[i] - solution_.background[i];
  }

  // What the fit misses beyond the noise: everywhere (in units of the noise, from the median
  // residual) and in proportion to the bands.
  void update_sigma(Index iteration) {
    if (options_.misfit == 0) {
      return;
    }
    looseness_ = iteration >= 2 ? std::max(0.4 * looseness_, least_looseness_) : looseness_;
    const double everywhere = std::max(1.0, median_size(noise_));
    const double relative = options_.misfit > 0 ? options_.misfit : relative_misfit(everywhere);
    for (std::size_t i = 0; i < x_.size(); ++i) {
      const double part = std::hypot(relative * solution_.fitted[i], looseness_);
      sigma_[i] = noise_[i] > 0 ? std::hypot(everywhere * noise_[i], part) : 0;
    }
  }

  [[nodiscard]] double relative_misfit(double everywhere) const {
    double excess = 0;
    double signal = 0;
    for (std::size_t i = 0; i < x_.size(); ++i) {
      if (noise_[i] > 0) {
        const double r = residual(i);
        const double own = everywhere * noise_[i];
        const double power = solution_.fitted[i] * solution_.fitted[i];
        excess += power * (r * r - own * own);
        signal += power * power;
      }
    }
    return signal > 0 ? std::min(0.3, std::sqrt(std::max(0.0, excess / signal))) : 0;
  }

  // Robust size of the residual in units of the given sigma.
  [[nodiscard]] double median_size(std::span<const double> sigma) const {
    std::vector<double> size;
    size.reserve(x_.size());
    for (std::size_t i = 0; i < x_.size(); ++i) {
      if (sigma[i] > 0) {
        size.push_back(std::abs(residual(i)) / sigma[i]);
      }
    }
    if (size.empty()) {
      return 1;
    }
    const auto middle = size.begin() + static_cast<Index>(size.size() / 2);
    std::nth_element(size.begin(), middle, size.end());
    return *middle / 0.6745;  // of a normal distribution
  }

  BandMixtureResult finish() {
    BandMixtureResult result;
    result.status = solution_.status;
    result.bands.resize(bands_.size());
    result.area_covariance.assign(bands_.size() * bands_.size(), 0.0);
    result.amounts = amounts_;
    result.shift = shift_;
    result.stretch = stretch_;
    result.sigma = sigma_;
    if (!is_solved()) {
      result.background.assign(x_.size(), 0.0);
      result.fitted.assign(x_.size(), 0.0);
      return result;
    }
    result.background = solution_.background;
    result.fitted = solution_.fitted;
    result.chi_square = solution_.chi_square;
    result.effective_parameters = solution_.effective_parameters;
    result.condition_number = solution_.condition_number;
    inflation_ = inflation();
    for (std::size_t b = 0; b < bands_.size(); ++b) {
      fill_band(b, result.bands[b]);
    }
    fill_shape_uncertainties(result);
    fill_areas(result);
    return result;
  }

  // Reduced chi-square from the median residual: a band that nothing explains raises its own
  // neighbourhood, not the uncertainty of everything else.
  [[nodiscard]] double inflation() const {
    const auto points = static_cast<double>(x_.size());
    const double used = std::min(solution_.effective_parameters, 0.5 * points);
    const double scale = median_size(sigma_);
    return std::max(1.0, scale * scale / (1 - used / points));
  }

  void fill_band(std::size_t b, FittedMixtureBand& band) const {
    const double variance = solution_.variance[b];
    band.height = height_[b];
    band.height_u = std::sqrt(inflation_ * variance);
    band.center = center_of(b);
    band.fwhm = width_of(b);
    band.center_u = bands_[b].center_sd;
    band.fwhm_u = bands_[b].log_fwhm_sd * band.fwhm;
    band.own_height = band.height;
    band.own_height_u = band.height_u;
    if (bands_[b].group < 0) {
      return;
    }
    const double expected =
        amounts_[static_cast<std::size_t>(bands_[b].group)] * bands_[b].relative_height;
    const double precision = 1 / variance - ratio_precision(b);
    if (precision * variance < 1e-3) {
      // The prior holds the height so tightly that taking it out again leaves no digits.
      return fill_from_residual(b, band);
    }
    band.own_height_u = std::sqrt(inflation_ / precision);
    if (!solution_.is_at_bound[b]) {
      band.own_height = (height_[b] / variance - expected * ratio_precision(b)) / precision;
    }
  }

  // Height that the data at the band alone ask for, all else as fitted.
  void fill_from_residual(std::size_t b, FittedMixtureBand& band) const {
    double power = 0;
    double asked = 0;
    for (std::size_t i = 0; i < x_.size(); ++i) {
      if (sigma_[i] > 0) {
        const double weighted = profiles_[b].value[i] / (sigma_[i] * sigma_[i]);
        power += weighted * profiles_[b].value[i];
        asked += weighted * residual(i);
      }
    }
    if (!(power > 0)) {
      band.own_height_u = std::numeric_limits<double>::infinity();
      return;
    }
    band.own_height = std::max(0.0, band.height + asked / power);
    band.own_height_u = std::sqrt(inflation_ / power);
  }

  void fill_shape_uncertainties(BandMixtureResult& result) const {
    const std::size_t first = bands_.size() + amounts_.size();
    for (std::size_t s = 0; s < shapes_.size(); ++s) {
      const double u = std::sqrt(inflation_ * solution_.variance[first + s]);
      const auto b = static_cast<std::size_t>(std::max<Index>(shapes_[s].band, 0));
      switch (shapes_[s].kind) {
        case ShapeKind::center:
          result.bands[b].center_u = u;
          break;
        case ShapeKind::width:
          result.bands[b].fwhm_u = u * result.bands[b].fwhm;
          break;
        case ShapeKind::shift:
          result.shift_u = u;
          break;
        case ShapeKind::stretch:
          break;
      }
    }
  }

  // Area = height * fwhm * constant, so it moves with the height and with the width.
  void fill_areas(BandMixtureResult& result) const {
    const std::size_t count = bands_.size();
    const std::size_t columns = solution_.amounts.size();
    std::vector<Index> width_column(count, -1);
    for (std::size_t s = 0; s < shapes_.size(); ++s) {
      if (shapes_[s].kind == ShapeKind::width) {
        width_column[static_cast<std::size_t>(shapes_[s].band)] =
            static_cast<Index>(count + amounts_.size() + s);
      }
    }
    const auto covariance = [&](Index i, Index j) {
      return i < 0 || j < 0 ? 0.0
                            : solution_.covariance[static_cast<std::size_t>(i) * columns +
                                                   static_cast<std::size_t>(j)];
    };
    for (std::size_t i = 0; i < count; ++i) {
      const double unit_i = pseudo_voigt_area(width_of(i), bands_[i].lorentz_share);
      const auto row_i = static_cast<Index>(i);
      result.bands[i].area = unit_i * height_[i];
      for (std::size_t j = 0; j < count; ++j) {
        const double unit_j = pseudo_voigt_area(width_of(j), bands_[j].lorentz_share);
        const auto row_j = static_cast<Index>(j);
        const double sum = covariance(row_i, row_j) +
                           height_[i] * covariance(width_column[i], row_j) +
                           height_[j] * covariance(row_i, width_column[j]) +
                           height_[i] * height_[j] * covariance(width_column[i], width_column[j]);
        result.area_covariance[i * count + j] = inflation_ * unit_i * unit_j * sum;
      }
      const double own = result.area_covariance[i * count + i];
      result.bands[i].area_u =
          own > 0 ? std::sqrt(own) : unit_i * std::sqrt(inflation_ * solution_.variance[i]);
    }
  }

  std::span<const double> x_;
  std::span<const double> y_;
  std::span<const double> noise_;
  std::span<const MixtureBand> bands_;
  BandMixtureOptions options_;
  double middle_ = 0;
  double shift_ = 0;
  double stretch_ = 0;
  double stiffness_ = 0;
  double inflation_ = 1;
  double looseness_ = 0;
  double least_looseness_ = 0;
  std::vector<double> sigma_;
  std::vector<double> offset_;
  std::vector<double> log_width_;
  std::vector<double> height_;
  std::vector<double> amounts_;
  std::vector<Profile> profiles_;
  std::vector<ShapeColumn> shapes_;
  std::vector<PriorRow> prior_;
  Columns columns_;
  MixtureSolution solution_;
};

void check(std::span<const double> x,
           std::span<const double> y,
           std::span<const double> sigma,
           std::span<const MixtureBand> bands,
           Index groups) {
  require(x.size() >= 8, "a band mixture needs at least 8 points");
  require(x.size() == y.size() && x.size() == sigma.size(),
          "axis, ordinate and sigma of a band mixture differ in length");
  for (const auto& band : bands) {
    require(band.fwhm > 0, "a band needs a width above 0");
    require(band.group < groups, "a band names a group that does not exist");
  }
}

}  // namespace

BandMixtureResult fit_band_mixture(std::span<const double> x,
                                   std::span<const double> y,
                                   std::span<const double> sigma,
                                   std::span<const MixtureBand> bands,
                                   Index groups,
                                   const BandMixtureOptions& options) {
  check(x, y, sigma, bands, groups);
  return Fit(x, y, sigma, bands).run(groups, options);
}

double pseudo_voigt(double x, double center, double fwhm, double lorentz_share) {
  const double u = (x - center) / fwhm;
  return lorentz_share / (1 + 4 * u * u) + (1 - lorentz_share) * std::exp(-four_ln2 * u * u);
}

void add_pseudo_voigt(std::span<const double> x,
                      const MixtureBand& band,
                      double height,
                      std::span<double> out) {
  const double scale = 1 / band.fwhm;
  const double lorentz = height * band.lorentz_share;
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double u = (x[i] - band.center) * scale;
    out[i] += lorentz / (1 + 4 * u * u);
  }
  const double gauss = height * (1 - band.lorentz_share);
  const auto first = std::lower_bound(x.begin(), x.end(), band.center - 3 * band.fwhm) - x.begin();
  const auto last = std::upper_bound(x.begin(), x.end(), band.center + 3 * band.fwhm) - x.begin();
  for (auto i = static_cast<std::size_t>(first); i < static_cast<std::size_t>(last); ++i) {
    const double u = (x[i] - band.center) * scale;
    out[i] += gauss * std::exp(-four_ln2 * u * u);
  }
}

double pseudo_voigt_area(double fwhm, double lorentz_share) {
  const double lorentz = std::numbers::pi / 2;
  const double gauss = std::sqrt(std::numbers::pi / four_ln2);
  return fwhm * (lorentz_share * lorentz + (1 - lorentz_share) * gauss);
}

}  // namespace calcispec
