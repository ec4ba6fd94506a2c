#include "core/band_mixture.hpp"

#include "core/band_model_private.hpp"
#include "core/band_summary_private.hpp"
#include "core/error.hpp"
#include "core/ripple_private.hpp"

#include <algorithm>
#include <cmath>
#include <limits>
#include <numbers>

namespace calcispec {
namespace {

using detail::BandState;

constexpr Index prune_at = 2;       // iterations by which shapes are near
constexpr int most_halvings = 5;    // of a step that does not descend
constexpr double converged = 1e-3;  // relative change of shapes
constexpr double still = 0.02;      // of the objective: a seventh of a standard deviation

class Fit {
 public:
  Fit(std::span<const double> x,
      std::span<const double> y,
      std::span<const double> noise,
      std::span<const MixtureBand> bands,
      Index groups,
      const BandMixtureOptions& options)
      : noise_(noise),
        options_(options),
        model_(x, y, bands, groups, options),
        sigma_(noise.begin(), noise.end()),
        has_groups_(groups > 0) {
    const auto [low, high] = std::minmax_element(y.begin(), y.end());
    looseness_ = options.misfit == 0 ? 0 : 0.01 * (*high - *low);
    for (std::size_t b = 0; b < bands.size(); ++b) {
      kept_.push_back(b);
    }
    for (std::size_t i = 0; i < y.size(); ++i) {
      is_finite_ = is_finite_ && (!(noise[i] > 0) || std::isfinite(y[i]));
    }
  }

  BandMixtureResult run(std::span<const MixtureBand> bands) {
    if (!is_finite_) {
      return failed(bands, MixtureStatus::not_finite);
    }
    loosen_sigma();
    is_solved_ = find_start();
    seek_ripple();
    if (is_solved_) {
      model_.update_seen();
    }
    scale_looseness();
    for (Index iteration = 0; is_solved_ && iteration < options_.iterations; ++iteration) {
      if (iterate(iteration)) {
        return finish(bands);
      }
    }
    is_solved_ = is_solved_ && model_.solve(true);
    if (!is_solved_) {
      return failed(bands, MixtureStatus::singular);
    }
    return finish(bands);
  }

 private:
  BandMixtureResult finish(std::span<const MixtureBand> bands) {
    model_.update_uncertainty();
    return detail::summarise(model_, bands, kept_, dropped_variance_, sigma_);
  }

  [[nodiscard]] BandMixtureResult failed(std::span<const MixtureBand> bands,
                                         MixtureStatus status) const {
    auto result = detail::empty_summary(bands, sigma_, status);
    result.amounts.assign(model_.state.amount.size(), 0.0);
    return result;
  }

  // One descent and, while the noise is still being learned, its update; true when converged.
  bool iterate(Index iteration) {
    const bool is_learning = looseness_ > least_looseness_ || iteration < 4;
    if (is_learning || iteration == prune_at + 3) {
      model_.stiffness = options_.background.stiffness;  // chosen with the shapes as they are now
    }
    model_.frees_shares = iteration > prune_at;  // wings are told from a background last
    is_solved_ = model_.solve(true);
    if (!is_solved_) {
      return false;
    }
    // Ratios need the uncertainty of every step, the choice of bands only that of some.
    if (has_groups_ || iteration == prune_at) {
      model_.update_uncertainty();
    }
    const double change = descend();
    if (!is_learning) {
      return change < converged;
    }
    if (iteration == prune_at) {
      prune();
      seek_ripple();
    }
    model_.update_seen();
    update_sigma(iteration);
    return false;
  }

  // Shortens the step until the objective does not rise; returns the change of the shapes.
  double descend() {
    const BandState from = model_.state;
    const double before = model_.objective();
    double part = 1;
    for (int k = 0; k <= most_halvings; ++k) {
      const double change = model_.step_from(from, part);
      model_.evaluate();
      const double now = model_.objective();
      if (now <= before * (1 + 1e-9)) {
        return before - now < still ? 0 : change;
      }
      part *= 0.5;
    }
    model_.state = from;
    model_.evaluate();
    return 0;
  }

  // Heights for fixed shapes at several shifts of the axis; the best objective is the start.
  bool find_start() {
    std::vector<double> starts{options_.start_shift};
    if (options_.scans_shift && options_.shift_limit > 0) {
      const double step = std::min(1.0, options_.shift_limit);
      const int count = static_cast<int>(std::floor(options_.shift_limit / step + 1e-9));
      for (int k = 1; k <= count; ++k) {
        starts.push_back(options_.start_shift + k * step);
        starts.push_back(options_.start_shift - k * step);
      }
    }
    const BandState fresh = model_.state;
    double best = std::numeric_limits<double>::infinity();
    double best_shift = starts.front();
    for (const double start : starts) {
      model_.state = fresh;
      model_.state.shift = start;
      if (!solve_heights()) {
        continue;
      }
      const double prior = start / std::max(options_.shift_sd, 1e-9);
      const double objective = model_.objective() + prior * prior;
      if (objective < best) {
        best = objective;
        best_shift = start;
      }
    }
    if (starts.size() > 1) {
      model_.state = fresh;
      model_.state.shift = best_shift;
      return solve_heights();
    }
    return std::isfinite(best);
  }

  // Twice: products of columns leave out the far wings, and ratios follow the amounts.
  bool solve_heights() {
    for (int pass = 0; pass < 2; ++pass) {
      model_.evaluate();
      if (!model_.solve(false)) {
        return false;
      }
      model_.update_uncertainty();
      model_.step_from(BandState(model_.state), 1);
    }
    model_.evaluate();
    return true;
  }

  void seek_ripple() {
    if (!is_solved_ || !options_.seeks_ripple || model_.state.turn > 0) {
      return;
    }
    const Eigen::ArrayXd& smooth = model_.smooth();
    const double highest = smooth.abs().maxCoeff();
    if (!(highest > 0)) {
      return;
    }
    const Eigen::ArrayXd envelope = smooth / highest;
    const double turn =
        detail::find_ripple(model_.columns().x(), model_.residual(), model_.weight(), envelope, {});
    if (turn > 0) {
      model_.add_ripple(turn, envelope);
      model_.stiffness = options_.background.stiffness;
      is_solved_ = solve_heights();
    }
  }

  // Bands the data do not ask for leave; each would take up noise with the one sign it may have.
  void prune() {
    if (!(options_.prune_sigmas > 0)) {
      return;
    }
    const std::vector<std::size_t> seen = model_.needed_bands(options_.prune_sigmas);
    std::vector<std::size_t> left;
    left.reserve(seen.size());
    for (const std::size_t b : seen) {
      left.push_back(kept_[b]);
    }
    dropped_variance_ = model_.uncertainty().variance;
    dropped_variance_.resize(kept_.size());
    model_.keep(seen);
    kept_ = std::move(left);
    model_.evaluate();
  }

  // Shapes that are not fitted yet miss strong bands by far more than the noise: until they are
  // near, every point may be off by a part of the highest signal, less with every iteration.
  void loosen_sigma() { set_sigma(1, Eigen::ArrayXd::Zero(model_.columns().points())); }

  void set_sigma(double everywhere, const Eigen::ArrayXd& misfit) {
    for (std::size_t i = 0; i < sigma_.size(); ++i) {
      const double noise = everywhere * noise_[i];
      const double shape = misfit[static_cast<Index>(i)];
      const double sum = noise * noise + shape * shape + looseness_ * looseness_;
      sigma_[i] = noise_[i] > 0 ? std::sqrt(sum) : 0;
    }
    model_.set_sigma(sigma_);
  }

  void scale_looseness() {
    if (options_.misfit == 0 || !is_solved_) {
      return;
    }
    const double highest = model_.fitted().maxCoeff();
    looseness_ = 0.01 * highest;
    // Far wings and the instrument's own ghosts: no shape is known better than this.
    least_looseness_ = 5e-4 * highest;
    loosen_sigma();
  }

  // What the fit misses beyond the noise: everywhere (in units of the noise, from the median
  // residual) and in proportion to the bands.
  void update_sigma(Index iteration) {
    if (options_.misfit == 0) {
      return;
    }
    looseness_ = iteration >= 1 ? std::max(0.25 * looseness_, least_looseness_) : looseness_;
    const double everywhere = std::max(1.0, detail::median_size(model_, noise_));
    const Eigen::ArrayXd envelope = model_.misfit_envelope();
    const double relative =
        options_.misfit > 0 ? options_.misfit : relative_misfit(everywhere, envelope);
    set_sigma(everywhere, relative * envelope);
  }

  [[nodiscard]] double relative_misfit(double everywhere, const Eigen::ArrayXd& envelope) const {
    double excess = 0;
    double signal = 0;
    for (std::size_t i = 0; i < noise_.size(); ++i) {
      if (noise_[i] > 0) {
        const double r = model_.residual()[static_cast<Index>(i)];
        const double own = everywhere * noise_[i];
        const double power = std::pow(envelope[static_cast<Index>(i)], 2);
        excess += power * (r * r - own * own);
        signal += power * power;
      }
    }
    return signal > 0 ? std::min(0.3, std::sqrt(std::max(0.0, excess / signal))) : 0;
  }

  std::span<const double> noise_;
  BandMixtureOptions options_;
  detail::BandModel model_;
  std::vector<double> sigma_;
  std::vector<std::size_t> kept_;
  std::vector<double> dropped_variance_;
  double looseness_ = 0;
  double least_looseness_ = 0;
  bool has_groups_ = false;
  bool is_finite_ = true;
  bool is_solved_ = false;
};

void check_band_mixture(std::span<const double> x,
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
  check_band_mixture(x, y, sigma, bands, groups);
  return Fit(x, y, sigma, bands, groups, options).run(bands);
}

double pseudo_voigt(double x, double center, double fwhm, double lorentz_share) {
  const double u = (x - center) / fwhm;
  return lorentz_share / (1 + 4 * u * u) +
         (1 - lorentz_share) * std::exp(-detail::four_ln2 * u * u);
}

void add_pseudo_voigt(std::span<const double> x,
                      const MixtureBand& band,
                      double height,
                      std::span<double> out) {
  const auto first_above = [&](double limit) {
    return static_cast<std::size_t>(std::upper_bound(x.begin(), x.end(), limit) - x.begin());
  };
  const double lorentz = height * band.lorentz_share;
  const double gauss = height * (1 - band.lorentz_share);
  const auto add_half = [&](double fwhm, std::size_t begin, std::size_t end) {
    const double scale = 1 / fwhm;
    for (std::size_t i = begin; i < end; ++i) {
      const double u = (x[i] - band.center) * scale;
      out[i] += lorentz / (1 + 4 * u * u);
    }
    const auto first = std::max(begin, first_above(band.center - 3 * fwhm));
    const auto last = std::min(end, first_above(band.center + 3 * fwhm));
    for (std::size_t i = first; i < last; ++i) {
      const double u = (x[i] - band.center) * scale;
      out[i] += gauss * std::exp(-detail::four_ln2 * u * u);
    }
  };
  const auto middle = first_above(band.center);
  add_half(band.fwhm * (1 + band.skew), 0, middle);
  add_half(band.fwhm * (1 - band.skew), middle, x.size());
}

double pseudo_voigt_area(double fwhm, double lorentz_share) {
  const double lorentz = std::numbers::pi / 2;
  const double gauss = std::sqrt(std::numbers::pi / detail::four_ln2);
  return fwhm * (lorentz_share * lorentz + (1 - lorentz_share) * gauss);
}

}  // namespace calcispec
