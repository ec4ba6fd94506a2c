#include "core/fit_intervals.hpp"

#include "core/error.hpp"
#include "core/fit/fit_private.hpp"

#include <cmath>
#include <numbers>

namespace calcispec {
namespace {

// Probability that |T| < t for a whole number of degrees of freedom.
double central_probability(double t, Index freedom) {
  const double angle = std::atan(t / std::sqrt(static_cast<double>(freedom)));
  const double cosine = std::cos(angle);
  const bool is_odd = freedom % 2 == 1;
  double term = is_odd ? cosine : 1;
  double sum = freedom > 1 ? term : 0;
  for (Index k = is_odd ? 3 : 2; k < freedom; k += 2) {
    const auto at = static_cast<double>(k);
    term *= cosine * cosine * (at - 1) / at;
    sum += term;
  }
  return is_odd ? 2 / std::numbers::pi * (angle + std::sin(angle) * sum) : std::sin(angle) * sum;
}

void check_fit_intervals(const IntervalOptions& options) {
  require(options.level > 0 && options.level < 1, "the level of an interval lies between 0 and 1");
  require(options.draws >= 20, "a bootstrap needs 20 draws or more");
}

// Beyond so many degrees of freedom the normal differs by less than 1e-4 of the quantile.
constexpr double nearly_normal = 1e5;

}  // namespace

double student_quantile(double probability, double freedom) {
  require(probability > 0 && probability < 1 && freedom >= 1,
          "a quantile needs a probability between 0 and 1 and one degree of freedom or more");
  if (probability < 0.5) {
    return -student_quantile(1 - probability, freedom);
  }
  const double wanted = 2 * probability - 1;
  const auto probability_at = [&](double t) {
    return freedom > nearly_normal ? std::erf(t / std::numbers::sqrt2)
                                   : central_probability(t, static_cast<Index>(freedom));
  };
  double high = 1;
  while (probability_at(high) < wanted && high < 1e300) {
    high *= 2;
  }
  double low = 0;
  for (int k = 0; k < 80; ++k) {
    const double middle = 0.5 * (low + high);
    (probability_at(middle) < wanted ? low : high) = middle;
  }
  return 0.5 * (low + high);
}

std::string_view interval_kind_name(IntervalKind kind) {
  switch (kind) {
    case IntervalKind::none:
      return "none";
    case IntervalKind::profile:
      return "profile";
    case IntervalKind::bootstrap:
      return "bootstrap";
  }
  return "none";
}

// NOLINTNEXTLINE(readability-function-size): the arguments of fit_bands, what to do, the answer
void fill_intervals(const BandModel& model,
                    std::span<const double> x,
                    std::span<const double> y,
                    std::span<const double> sigma,
                    const FitOptions& fit,
                    const IntervalOptions& options,
                    FitResult& result) {
  check_fit_intervals(options);
  const bool is_profile = options.kind == IntervalKind::profile;
  require(!is_profile || fit.loss == FitLoss::least_squares,
          "profile intervals are made of chi-square; with another loss take the bootstrap");
  if (options.kind == IntervalKind::none || !std::isfinite(result.chi_square)) {
    return;
  }
  if (!is_profile) {
    band_fit::bootstrap_answer({model, x, y, sigma}, fit, options, result);
    return;
  }
  band_fit::Data data;
  band_fit::Compiled compiled;
  band_fit::gather(model, x, y, sigma, data);
  band_fit::compile(model, data, compiled);
  const bool is_scaled = result.standard_errors == StandardErrorKind::scaled;
  const auto freedom = static_cast<double>(result.points - result.n_free);
  if (is_scaled && !(freedom >= 1)) {
    return;
  }
  const double quantile = student_quantile(
      0.5 + 0.5 * options.level, is_scaled ? freedom : std::numeric_limits<double>::infinity());
  const double scale = is_scaled ? result.reduced_chi_square : 1;
  const auto extras = band_extras(model, result);
  band_fit::profile_answer(data, compiled, scale * quantile * quantile, extras, result);
}

void fill_joint_intervals(const JointModel& model,
                          std::span<const JointSpectrum> spectra,
                          const FitOptions& fit,
                          const IntervalOptions& options,
                          Index jobs,
                          JointFitResult& result) {
  check_fit_intervals(options);
  require(options.kind != IntervalKind::profile,
          "profile intervals are made of single fits; of a joint fit take the bootstrap");
  if (options.kind == IntervalKind::bootstrap && result.status != FitStatus::failed &&
      std::isfinite(result.chi_square)) {
    band_fit::bootstrap_joint(model, spectra, fit, options, jobs, result);
  }
}

}  // namespace calcispec
