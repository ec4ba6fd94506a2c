// What a phase's share is: areas within the window, their covariance, and the average over what may
// be there beside what is named.
#include "models/composition_private.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>
#include <tuple>
#include <utility>

namespace calcispec::models::detail {
namespace {

// A misfit of a band's height that reaches over three of its widths is this many times as large a
// part of its area (about 1.2 height times width).
constexpr double misfit_widths = 2.5;
// Relative area per unit of Lorentz share is 0.38; shares differ by 0.15 between tables and
// samples.
constexpr double wing_part = 0.06;
// Index and depth at a band depend on the strong bands beside it: a sample index of 1.55 under
// diamond at 45 degrees changes depth by 4 % per 0.01, and the phosphate bands (k 0.2) change the
// index by 0.01 at 1650 and 0.03 at 1200 1/cm. References made from pure substances lack that.
constexpr double optics_part = 0.1;

double normal_cdf(double z) {
  return 0.5 * std::erfc(-z / std::numbers::sqrt2);
}

// A start (Abramowitz and Stegun, Handbook of Mathematical Functions, 26.2.23; error below 5e-4)
// and two of Halley's steps, each of which triples the digits.
double normal_quantile(double p) {
  constexpr double limit = 40;  // farther than where 1e-300 is left out
  const double tail = std::min(p, 1 - p);
  if (!(tail > 1e-300)) {
    return p < 0.5 ? -limit : limit;
  }
  const double t = std::sqrt(-2 * std::log(tail));
  double z = t - (2.515517 + t * (0.802853 + t * 0.010328)) /
                     (1 + t * (1.432788 + t * (0.189269 + t * 0.001308)));
  for (int step = 0; step < 2; ++step) {
    const double miss = 0.5 * std::erfc(z / std::numbers::sqrt2) - tail;
    const double newton = miss * std::sqrt(2 * std::numbers::pi) * std::exp(0.5 * z * z);
    z += newton / (1 - 0.5 * z * newton);
  }
  return p < 0.5 ? -z : z;
}

// Area of a half band of unit height between its middle and `distance` from it.
double half_area(double distance, double fwhm, double lorentz_share) {
  const double u = 2 * distance / fwhm;
  const double gauss = std::sqrt(std::numbers::pi / std::numbers::ln2) / 4 *
                       std::erf(std::sqrt(std::numbers::ln2) * u);
  return fwhm * (lorentz_share * 0.5 * std::atan(u) + (1 - lorentz_share) * gauss);
}

// Of a band of unit height below `x`, its middle 0.
double area_below(double x, const FittedMixtureBand& band) {
  const double fwhm = band.fwhm * (x < band.center ? 1 + band.skew : 1 - band.skew);
  return half_area(x - band.center, fwhm, band.lorentz_share);
}

// Which part of a band's area lies within the window.
std::vector<double> inside_parts(const Window& window, const JointModel& model) {
  std::vector<double> parts;
  parts.reserve(model.bands.size());
  for (const auto& band : model.fit.bands) {
    const double inside = area_below(window.x.back(), band) - area_below(window.x.front(), band);
    parts.push_back(
        std::clamp(inside / pseudo_voigt_area(band.fwhm, band.lorentz_share), 0.0, 1.0));
  }
  return parts;
}

// A band below five sigma is not looked at: the area that one as wide as the widest of the strong
// bands could hide, taken as anything up to that.
double hidden_area(const Window& window, const JointModel& model) {
  constexpr double seen_sigma = 5;
  double top = 0;
  for (const auto& band : model.fit.bands) {
    top = std::max(top, band.height);
  }
  double width = 0;
  for (const auto& band : model.fit.bands) {
    width = band.height > 0.3 * top ? std::max(width, band.fwhm) : width;
  }
  if (!(width > 0)) {
    return 0;
  }
  const double area = pseudo_voigt_area(width, 0.5);
  const double step =
      (window.x.back() - window.x.front()) / static_cast<double>(window.x.size() - 1);
  // The height of a band is known as from the points under it.
  const double height_u = window.noise * std::sqrt(step / area);
  return seen_sigma / std::sqrt(3.0) * height_u * area;
}

// `factor`: of the fit's own covariance.
Areas phase_areas(const Window& window, const JointModel& model, double factor) {
  const auto parts = inside_parts(window, model);
  const std::size_t count = model.phases.size() + 1;
  const std::size_t bands = model.bands.size();
  Areas areas;
  areas.value.assign(count, 0.0);
  areas.covariance.assign(count * count, 0.0);
  std::vector<std::size_t> owner;
  owner.reserve(bands);
  for (const auto& origin : model.origin) {
    owner.push_back(origin.phase < 0 ? count - 1 : static_cast<std::size_t>(origin.phase));
  }
  const double misfit = area_misfit(model.technique);
  std::vector<double> row(count);  // of one band with each phase
  for (std::size_t b = 0; b < bands; ++b) {
    const double area = parts[b] * model.fit.bands[b].area;
    areas.value[owner[b]] += area;
    areas.covariance[owner[b] * count + owner[b]] += std::pow(misfit * area, 2);
    row.assign(count, 0.0);
    const double* covariance = model.fit.area_covariance.data() + b * bands;
    for (std::size_t c = 0; c < bands; ++c) {
      row[owner[c]] += factor * parts[c] * covariance[c];
    }
    for (std::size_t p = 0; p < count; ++p) {
      areas.covariance[owner[b] * count + p] += parts[b] * row[p];
    }
  }
  // The wings of weak bands are not seen: all bands of a phase may carry more or less area than
  // their profile says.
  for (std::size_t p = 0; p < count; ++p) {
    areas.covariance[p * count + p] +=
        std::pow(common_area_misfit(model.technique) * areas.value[p], 2);
  }
  // A map holds a phase for what its samples showed; what they did not know of it is common to all.
  for (std::size_t p = 0; p < model.pattern_u.size(); ++p) {
    areas.covariance[p * count + p] += std::pow(model.pattern_u[p] * areas.value[p], 2);
  }
  areas.covariance.back() += std::pow(hidden_area(window, model), 2);
  for (const double value : areas.value) {
    areas.total += value;
  }
  return areas;
}

// As the model's entries: what is not named counts with what nothing explains.
Areas phase_areas_with_one_more(const Window& window, const JointModel& trial) {
  const auto areas = phase_areas(window, trial, one_more_variance_factor);
  const std::size_t all = areas.value.size();
  const std::size_t count = all - 1;
  const auto entry = [&](std::size_t i) { return std::min(i, count - 1); };
  Areas out;
  out.total = areas.total;
  out.value.assign(count, 0.0);
  out.covariance.assign(count * count, 0.0);
  for (std::size_t i = 0; i < all; ++i) {
    out.value[entry(i)] += areas.value[i];
    for (std::size_t j = 0; j < all; ++j) {
      out.covariance[entry(i) * count + entry(j)] += areas.between(i, j);
    }
  }
  return out;
}

// Shares of the areas in their sum, first-order propagation.
ShareMoments moments_of(const Areas& areas, double hidden_variance) {
  const std::size_t count = areas.value.size();
  ShareMoments out{std::vector<double>(count), std::vector<double>(count * count)};
  std::vector<double> with_all(count, 0.0);  // covariance of an area with the sum
  double all = 0;
  for (std::size_t i = 0; i < count; ++i) {
    out.value[i] = areas.value[i] / areas.total;
    for (std::size_t j = 0; j < count; ++j) {
      with_all[i] += areas.between(i, j);
    }
    all += with_all[i];
  }
  const double scale = 1 / (areas.total * areas.total);
  for (std::size_t i = 0; i < count; ++i) {
    for (std::size_t j = 0; j < count; ++j) {
      const double both = out.value[i] * out.value[j];
      out.covariance[i * count + j] = scale * (areas.between(i, j) - out.value[i] * with_all[j] -
                                               out.value[j] * with_all[i] + both * all) +
                                      both * hidden_variance;
    }
    double& variance = out.covariance[i * count + i];
    variance = std::max(0.0, variance);
  }
  return out;
}

struct Answer {
  double probability = 0;
  ShareMoments shares;
};

// What each answer leaves uncertain, and how far they are apart; `moves`: the value is their mean,
// else that of `named`.
ShareMoments mean_of(const ShareMoments& named, std::span<const Answer> others, bool moves) {
  const std::size_t count = named.value.size();
  ShareMoments out = named;
  std::vector<double> change(count, 0.0);
  for (const auto& other : others) {
    const auto wider = [&](std::size_t i, std::size_t j) {
      return other.shares.covariance[i * count + j] - named.covariance[i * count + j];
    };
    const auto moved = [&](std::size_t i) { return other.shares.value[i] - named.value[i]; };
    for (std::size_t i = 0; i < count; ++i) {
      change[i] += other.probability * moved(i);
      for (std::size_t j = 0; j < count; ++j) {
        // Where an answer is surer than the named phases alone, that of the named ones counts.
        const bool is_wider = wider(i, i) > 0 && wider(j, j) > 0;
        out.covariance[i * count + j] +=
            other.probability * (moved(i) * moved(j) + (is_wider ? wider(i, j) : 0.0));
      }
    }
  }
  for (std::size_t i = 0; moves && i < count; ++i) {
    out.value[i] = std::clamp(out.value[i] + change[i], 0.0, 1.0);
    for (std::size_t j = 0; j < count; ++j) {
      out.covariance[i * count + j] -= change[i] * change[j];
    }
    double& variance = out.covariance[i * count + i];
    variance = std::max(0.0, variance);
  }
  return out;
}

// Relative variance of the sum of the areas by phases that may be there and are not named: any
// trace between nothing and what is tried, and in infrared spectra, where bands are wide, as much
// of those tried as the fit leaves room for.
double hidden_variance_of(const JointModel& model, std::span<const RuledOut> ruled_out) {
  constexpr double most_hidden = 0.05;  // a share of 5 % does not go unnoticed
  double variance = trace_share * trace_share / 3;
  for (const auto& row : ruled_out) {
    const bool is_below = row.finding == Finding::weak || row.finding == Finding::redundant;
    variance += is_below && !model.is_raman ? std::pow(std::min(row.share_u, most_hidden), 2) : 0;
  }
  return variance;
}

}  // namespace

MixtureBand shape_of(const FittedMixtureBand& band) {
  MixtureBand shape;
  shape.center = band.center;
  shape.fwhm = band.fwhm;
  shape.lorentz_share = band.lorentz_share;
  shape.skew = band.skew;
  return shape;
}

Shares::Shares(const Window& window, const JointModel& model, std::span<const RuledOut> ruled_out)
    : areas_(phase_areas(window, model, fit_variance_factor)) {
  if (!(areas_.total > 0)) {
    return;
  }
  const double hidden = hidden_variance_of(model, ruled_out);
  std::vector<Answer> others;
  for (const auto& other : model.alternatives) {
    const auto areas = phase_areas_with_one_more(window, other.trial);
    if (areas.total > 0) {
      others.push_back({other.probability, moments_of(areas, hidden)});
    }
  }
  // ATR references derived from transmission miss enough that one phase more always helps a little:
  // there the answer stays with what is named, and only its uncertainty grows.
  const bool moves = model.technique != BandTechnique::ftir_atr;
  shares_ = mean_of(moments_of(areas_, hidden), others, moves);
}

Estimate Shares::of(std::size_t phase) const {
  const std::size_t count = shares_.value.size();
  Estimate out;
  out.value = shares_.value[phase];
  out.u = std::sqrt(shares_.covariance[phase * count + phase]);
  std::tie(out.lo95, out.hi95) = share_interval(out.value, out.u);
  out.status = EstimateStatus::ok;
  return out;
}

double Shares::correlation(std::size_t a, std::size_t b) const {
  const std::size_t count = shares_.value.size();
  const double scale =
      std::sqrt(shares_.covariance[a * count + a]) * std::sqrt(shares_.covariance[b * count + b]);
  const double between = a == b ? scale : shares_.covariance[a * count + b];
  return scale > 0 ? std::clamp(between / scale, -1.0, 1.0) : 0.0;
}

double area_misfit(BandTechnique technique) {
  return misfit_widths * shape_misfit(technique);
}

double common_area_misfit(BandTechnique technique) {
  return technique == BandTechnique::ftir_atr ? std::hypot(wing_part, optics_part) : wing_part;
}

std::pair<double, double> share_interval(double value, double u) {
  if (!(u > 0)) {
    return {value, value};
  }
  constexpr double content = 0.95;
  const double below = normal_cdf(-value / u);
  const double above = normal_cdf((1 - value) / u);
  const double left_out = (1 - content) * (above - below);
  const double half = u * normal_quantile(0.5 + 0.5 * content * (above - below));
  if (value - half >= 0 && value + half <= 1) {
    return {value - half, value + half};
  }
  // One end is the limit; the other lies where what is left out ends.
  if (value <= 0.5) {
    return {0.0, std::clamp(value + u * normal_quantile(above - left_out), 0.0, 1.0)};
  }
  return {std::clamp(value + u * normal_quantile(below + left_out), 0.0, 1.0), 1.0};
}

}  // namespace calcispec::models::detail
