#include "models/shared_shapes_private.hpp"

#include <algorithm>
#include <cmath>

namespace calcispec::models::detail {
namespace {

constexpr double seen_sigmas = 3;       // from here on a band's place and width may be its own
constexpr double form_sigmas = 10;      // from here on its width takes another form
constexpr double widest_form = 0.6;     // of the logarithm of the width, against the base
constexpr double form_step = 0.15;      // between forms, of the logarithm of the width
constexpr double height_scatter = 0.1;  // of a phase's heights from spectrum to spectrum, relative

template <class Value>
double median_over(std::span<const MapSample> samples, const Value& value) {
  std::vector<double> all;
  all.reserve(samples.size());
  for (const auto& sample : samples) {
    all.push_back(value(sample));
  }
  return median_of(std::move(all));
}

double highest_of(const JointModel& model) {
  const auto& fitted = model.fit.fitted;
  return std::max(1e-300, *std::max_element(fitted.begin(), fitted.end()));
}

// Where the shapes of this spectrum's bands can be missed, its highest band 1.
std::vector<double> envelope_of(const MapSample& sample) {
  const auto& x = sample.window.x;
  std::vector<double> out(x.size(), 0.0);
  const double scale = 1 / highest_of(sample.findings.model);
  for (const auto& band : sample.findings.model.fit.bands) {
    if (band.height <= 0) {
      continue;
    }
    for (std::size_t i = 0; i < x.size(); ++i) {
      const double u = 2 * (x[i] - band.center) / (misfit_reach * band.fwhm);
      out[i] += std::pow(scale * band.height / (1 + u * u), 2);
    }
  }
  for (double& value : out) {
    value = std::min(1.0, std::sqrt(value));
  }
  return out;
}

// Samples of one substance differ less within a map than tables do from it; apatite's order is what
// differs within a lesion.
// In infrared spectra grains and neighbours move bands from place to place.
MixtureBand within_map(MixtureBand band, const Phase& phase, bool is_raman) {
  constexpr double part = 0.5;
  if (phase.family == "apatite") {
    // Here no width is common to its bands: each is as free as the two together.
    band.log_fwhm_sd = std::hypot(band.log_fwhm_sd, band.width_lever * group_log_fwhm_sd);
  } else if (is_raman) {
    band.center_sd *= part;
    band.log_fwhm_sd *= part;
  }
  return band;
}

struct Place {
  const JointModel* model = nullptr;
  std::size_t phase = 0;
  double share = -1;
};

void keep_largest(const JointModel& model, std::map<const Phase*, Place>& best) {
  for (std::size_t p = 0; p < model.phases.size(); ++p) {
    const double share = share_of(model, static_cast<Index>(p));
    auto& place = best[model.phases[p]];
    if (share > place.share) {
      place = {&model, p, share};
    }
  }
}

// Of a phase's area in a fit, relative to it.
double relative_area_u(const JointModel& model, std::size_t phase) {
  constexpr double most = 0.5;  // beyond, the phase has hardly been seen
  const std::size_t count = model.bands.size();
  const auto is_its = [&](std::size_t b) {
    return model.origin[b].phase == static_cast<Index>(phase);
  };
  const double area = area_of(model, static_cast<Index>(phase));
  double variance = 0;
  for (std::size_t a = 0; a < count; ++a) {
    for (std::size_t b = 0; b < count; ++b) {
      variance += is_its(a) && is_its(b) ? model.fit.area_covariance[a * count + b] : 0;
    }
  }
  const double whole = one_more_variance_factor * std::max(0.0, variance);
  return area > 0 ? std::min(most, std::sqrt(whole) / area) : most;
}

using PhaseRow = std::pair<const Phase*, const ReferenceBand*>;

// Calls visit(sample, band) where samples show this row of this phase.
template <class Visit>
void for_each_band(std::span<const MapSample> samples, PhaseRow row, const Visit& visit) {
  for (const auto& sample : samples) {
    const auto& model = sample.findings.model;
    for (std::size_t b = 0; b < model.bands.size(); ++b) {
      const auto& origin = model.origin[b];
      if (origin.phase >= 0 && origin.reference == row.second &&
          model.phases[static_cast<std::size_t>(origin.phase)] == row.first) {
        visit(sample, b);
      }
    }
  }
}

}  // namespace

SharedShapes::SharedShapes(std::span<const MapSample> samples)
    : middle_(0.5 * (samples.front().window.x.front() + samples.front().window.x.back())),
      mixture_([&] {
        learn_instrument(samples);
        learn_noise(samples);
        learn_shapes(samples);
        return SharedMixture(samples.front().window.x, shapes_, setting_);
      }()) {
  std::vector<std::vector<std::pair<Index, double>>> patterns;
  for (const auto& [phase, area_u] : pattern_u_) {
    pattern_of_.emplace(phase, patterns.size());
    patterns.emplace_back();
    for (const auto& [row, shape] : index_) {
      if (row.first == phase) {
        patterns.back().emplace_back(shape, height_of(shape));
      }
    }
  }
  patterns_ = mixture_.prepare(std::move(patterns));
}

void SharedShapes::learn_instrument(std::span<const MapSample> samples) {
  const auto fit = [](const MapSample& sample) -> const BandMixtureResult& {
    return sample.findings.model.fit;
  };
  setting_.shift = median_over(samples, [&](const auto& sample) { return fit(sample).shift; });
  setting_.shift_u = median_over(samples, [&](const auto& sample) { return fit(sample).shift_u; });
  setting_.stretch = median_over(samples, [&](const auto& sample) { return fit(sample).stretch; });
  lorentz_share_ =
      median_over(samples, [&](const auto& sample) { return fit(sample).lorentz_share; });
  skew_ = median_over(samples, [&](const auto& sample) { return fit(sample).skew; });
  const auto& first = samples.front();
  setting_.knot_spacing =
      (first.window.x.back() - first.window.x.front()) / first.findings.model.background_pieces;
}

// Noise along the axis, where the shapes miss it, and how far the background bends for its noise.
void SharedShapes::learn_noise(std::span<const MapSample> samples) {
  const std::size_t points = samples.front().window.x.size();
  setting_.noise.resize(points);
  setting_.envelope.assign(points, 0.0);
  std::vector<double> ratio(samples.size());
  for (std::size_t i = 0; i < points; ++i) {
    for (std::size_t s = 0; s < samples.size(); ++s) {
      ratio[s] = samples[s].window.sigma[i] / samples[s].window.noise;
    }
    setting_.noise[i] = median_of(ratio);
  }
  for (const auto& sample : samples) {
    const auto own = envelope_of(sample);
    for (std::size_t i = 0; i < points; ++i) {
      setting_.envelope[i] = std::max(setting_.envelope[i], own[i]);
    }
  }
  setting_.stiffness = std::exp(median_over(samples, [](const MapSample& sample) {
    const auto& sigma = sample.findings.model.fit.sigma;
    const double level = *std::min_element(sigma.begin(), sigma.end());
    return std::log(std::max(1e-300, sample.findings.model.fit.stiffness * level * level));
  }));
}

void SharedShapes::learn_shapes(std::span<const MapSample> samples) {
  std::map<const Phase*, Place> best;
  for (const auto& sample : samples) {
    keep_largest(sample.findings.model, best);
  }
  auto refused = std::map<const Phase*, Place>();
  for (const auto& sample : samples) {
    for (const auto& other : sample.findings.model.alternatives) {
      keep_largest(other.trial, refused);
    }
  }
  best.merge(refused);
  // By name, not by place in memory: the order decides the last digits.
  std::vector<std::pair<const Phase*, Place>> ordered(best.begin(), best.end());
  std::sort(ordered.begin(), ordered.end(), [](const auto& a, const auto& b) {
    return a.first->id < b.first->id;
  });
  for (const auto& [phase, place] : ordered) {
    take_shapes(*place.model, place.phase);
    pattern_u_[phase] = relative_area_u(*place.model, place.phase);
  }
  learn_heights(samples);
  learn_forms(samples);
  learn_unexplained(samples);
}

// Bands that no reference explains: where others of the map show them too, their shapes are known.
void SharedShapes::learn_unexplained(std::span<const MapSample> samples) {
  for (const auto& sample : samples) {
    const auto& model = sample.findings.model;
    for (std::size_t b = 0; b < model.bands.size(); ++b) {
      const auto& band = model.fit.bands[b];
      const bool is_clear = model.origin[b].phase < 0 && band.height > form_sigmas * band.height_u;
      if (is_clear && unexplained_near(band.center, band.fwhm) < 0) {
        unexplained_.push_back(static_cast<Index>(shapes_.size()));
        shapes_.push_back({band.center, band.fwhm, band.lorentz_share, band.skew, true, -1});
        heights_.push_back(0);
      }
    }
  }
}

Index SharedShapes::unexplained_near(double center_cm1, double fwhm_cm1) const {
  constexpr double reach = 0.3;         // of its width
  constexpr double width_change = 0.5;  // of the logarithm; peaks are found in steps of two
  for (const Index at : unexplained_) {
    const auto& shape = shapes_[static_cast<std::size_t>(at)];
    if (std::abs(shape.center - center_cm1) < reach * shape.fwhm &&
        std::abs(std::log(shape.fwhm / fwhm_cm1)) < width_change) {
      return at;
    }
  }
  return -1;
}

void SharedShapes::take_shapes(const JointModel& model, std::size_t phase) {
  for (std::size_t b = 0; b < model.bands.size(); ++b) {
    if (model.origin[b].phase != static_cast<Index>(phase)) {
      continue;
    }
    const auto& band = model.fit.bands[b];
    SharedShape shape;
    shape.center = band.center;
    shape.fwhm = band.fwhm;
    shape.lorentz_share = band.lorentz_share;
    shape.skew = band.skew;
    shape.is_free = band.height > seen_sigmas * band.height_u;
    index_[{model.phases[phase], model.origin[b].reference}] = static_cast<Index>(shapes_.size());
    shapes_.push_back(shape);
    heights_.push_back(model.bands[b].relative_height);
  }
}

// The table's, with what each sample's own data say of it.
void SharedShapes::learn_heights(std::span<const MapSample> samples) {
  for (const auto& [key, shape] : index_) {
    double& height = heights_[static_cast<std::size_t>(shape)];
    const double table = height;
    double spread = 0;
    double sum = 0;
    double precision = 0;
    for_each_band(samples, key, [&](const MapSample& sample, std::size_t b) {
      const auto& model = sample.findings.model;
      const auto& band = model.fit.bands[b];
      const double amount = model.fit.amounts[static_cast<std::size_t>(model.origin[b].phase)];
      spread = model.bands[b].log_height_sd;
      if (amount > 0 && std::isfinite(band.own_height_u)) {
        const double misfit = misfit_at(sample.window, model, band);
        const double variance = std::pow(band.own_height_u, 2) + misfit * misfit +
                                std::pow(height_scatter * amount * table, 2);
        sum += amount * band.own_height / variance;
        precision += amount * amount / variance;
      }
    });
    if (precision > 0 && spread > 0) {
      const double prior = std::pow(spread * table, -2);
      const double farthest = std::exp(2 * spread);
      height = std::clamp(
          (sum + prior * table) / (precision + prior), table / farthest, table * farthest);
    }
  }
}

// First order says little of a width that is far from the shape's.
void SharedShapes::learn_forms(std::span<const MapSample> samples) {
  std::vector<std::pair<Index, PhaseRow>> rows;  // by shape, not by place in memory
  rows.reserve(index_.size());
  for (const auto& [row, shape] : index_) {
    rows.emplace_back(shape, row);
  }
  std::sort(rows.begin(), rows.end());
  for (const auto& [base, row] : rows) {
    const auto shape = shapes_[static_cast<std::size_t>(base)];
    if (!shape.is_free) {
      continue;
    }
    double least = 0;
    double most = 0;
    for_each_band(samples, row, [&](const MapSample& sample, std::size_t b) {
      const auto& band = sample.findings.model.fit.bands[b];
      if (band.height > form_sigmas * band.height_u) {
        const double change =
            std::clamp(std::log(band.fwhm / shape.fwhm), -widest_form, widest_form);
        least = std::min(least, change);
        most = std::max(most, change);
      }
    });
    for (int step = 1; step * form_step < form_step - least; ++step) {
      add_form(base, -step * form_step);
    }
    for (int step = 1; step * form_step < most + form_step; ++step) {
      add_form(base, step * form_step);
    }
  }
}

void SharedShapes::add_form(Index base, double log_width) {
  auto form = shapes_[static_cast<std::size_t>(base)];
  form.fwhm *= std::exp(log_width);
  form.form_of = base;
  auto& known = forms_[base];
  if (known.empty()) {
    known.push_back(base);
  }
  known.push_back(static_cast<Index>(shapes_.size()));
  shapes_.push_back(form);
  heights_.push_back(heights_[static_cast<std::size_t>(base)]);
}

Index SharedShapes::form_of(Index shape, double fwhm) const {
  const auto found = forms_.find(shape);
  if (found == forms_.end()) {
    return shape;
  }
  const auto distance = [&](Index form) {
    return std::abs(std::log(shapes_[static_cast<std::size_t>(form)].fwhm / fwhm));
  };
  return *std::min_element(found->second.begin(), found->second.end(), [&](Index a, Index b) {
    return distance(a) < distance(b);
  });
}

Index SharedShapes::shape_of(const Phase* phase, const ReferenceBand* row) const {
  const auto found = index_.find({phase, row});
  return found == index_.end() ? -1 : found->second;
}

MixtureBand SharedShapes::as_seen(MixtureBand band) const {
  band.center += setting_.shift + setting_.stretch * (band.center - middle_);
  band.lorentz_share = std::clamp(band.lorentz_share + lorentz_share_, 0.0, 1.0);
  band.skew = std::clamp(band.skew + skew_ * band.skew_lever, -0.6, 0.6);
  return band;
}

double SharedShapes::area_of(Index shape) const {
  const auto& own = shapes_[static_cast<std::size_t>(shape)];
  return pseudo_voigt_area(own.fwhm, own.lorentz_share);
}

double SharedShapes::height_of(Index shape) const {
  return heights_[static_cast<std::size_t>(shape)];
}

std::optional<std::size_t> SharedShapes::pattern_of(const Phase* phase) const {
  const auto found = pattern_of_.find(phase);
  return found == pattern_of_.end() ? std::nullopt : std::optional(found->second);
}

double SharedShapes::pattern_u(const Phase* phase) const {
  const auto found = pattern_u_.find(phase);
  return found == pattern_u_.end() ? 0 : found->second;
}

double SharedShapes::noise_level(const Window& window) const {
  std::vector<double> ratio(window.sigma.size());
  for (std::size_t i = 0; i < ratio.size(); ++i) {
    ratio[i] = window.sigma[i] / setting_.noise[i];
  }
  return median_of(std::move(ratio));
}

SharedFit::SharedFit(const SharedShapes& shapes, const Window& window)
    : shapes_(shapes), spectrum_(shapes.mixture().load(window.y, shapes.noise_level(window))) {}

PhasePatterns patterns_of(const SharedShapes& shapes,
                          std::vector<const Phase*> phases,
                          BandTechnique technique) {
  PhasePatterns out;
  std::vector<std::vector<std::pair<Index, double>>> patterns;
  for (const auto* phase : phases) {
    patterns.emplace_back();
    out.area.push_back(0);
    for (const auto& row : phase->bands(technique)) {
      const Index shape = shapes.shape_of(phase, &row);
      if (shape >= 0) {
        patterns.back().emplace_back(shape, shapes.height_of(shape));
        out.area.back() += shapes.height_of(shape) * shapes.area_of(shape);
      }
    }
  }
  out.phases = std::move(phases);
  out.patterns = shapes.mixture().prepare(std::move(patterns));
  return out;
}

std::vector<CoarseShare> SharedFit::look(const PhasePatterns& phases) {
  const auto amounts = shapes_.mixture().screen(spectrum_, phases.patterns);
  double total = 1e-300;
  for (std::size_t p = 0; p < amounts.size(); ++p) {
    total += amounts[p].value * phases.area[p];
  }
  std::vector<CoarseShare> out;
  out.reserve(amounts.size());
  for (std::size_t p = 0; p < amounts.size(); ++p) {
    const double unit = phases.area[p] / total;
    out.push_back({amounts[p].value * unit, amounts[p].u * unit});
  }
  return out;
}

bool SharedFit::take_forms(const JointModel& model) {
  bool is_changed = false;
  for (std::size_t b = 0; b < model.bands.size(); ++b) {
    const auto& origin = model.origin[b];
    const auto& band = model.fit.bands[b];
    if (origin.phase < 0 || !(band.height > form_sigmas * band.height_u)) {
      continue;
    }
    const auto* phase = model.phases[static_cast<std::size_t>(origin.phase)];
    const Index shape = shapes_.shape_of(phase, origin.reference);
    if (shape >= 0) {
      auto& form = form_.emplace(shape, shape).first->second;
      const Index nearest = shapes_.form_of(shape, band.fwhm);
      is_changed = is_changed || form != nearest;
      form = nearest;
    }
  }
  return is_changed;
}

void SharedFit::fit(JointModel& model, const SharedFitOptions& options) {
  if (!options.is_trial && form_.empty()) {
    fit_forms(model, {.rounds = options.rounds, .is_sketch = true});
    take_forms(model);
  }
  fit_forms(model, options);
  if (!options.is_trial && take_forms(model)) {
    fit_forms(model, options);
  }
}

void SharedFit::accept_trial(JointModel& model, const SharedFitOptions& options) {
  shapes_.mixture().accept_trial(spectrum_);
  if (take_forms(model)) {
    fit_forms(model, options);
  }
}

double SharedFit::condition_number() {
  return shapes_.mixture().condition_number(spectrum_);
}

std::optional<double> SharedFit::gain_with(const Phase& phase) {
  const auto pattern = shapes_.pattern_of(&phase);
  return pattern ? shapes_.mixture().gain_with(spectrum_, shapes_.patterns(), *pattern)
                 : std::nullopt;
}

std::optional<double> SharedFit::gain_with(const JointModel& phase) {
  return shapes_.mixture().gain_with(spectrum_, bands_of(phase));
}

void SharedFit::fit_forms(JointModel& model, const SharedFitOptions& options) {
  const auto bands = bands_of(model);
  model.pattern_u.clear();
  for (const auto* phase : model.phases) {
    model.pattern_u.push_back(shapes_.pattern_u(phase));
  }
  for (std::size_t b = 0; b < bands.size(); ++b) {
    model.bands[b].relative_height = bands[b].band.relative_height;
  }
  model.fit =
      shapes_.mixture().fit(spectrum_, bands, static_cast<Index>(model.phases.size()), options);
}

// As this spectrum shows them.
std::vector<SharedBand> SharedFit::bands_of(const JointModel& model) const {
  std::vector<SharedBand> bands;
  bands.reserve(model.bands.size());
  for (std::size_t b = 0; b < model.bands.size(); ++b) {
    const auto& origin = model.origin[b];
    SharedBand band{model.bands[b], -1};
    if (origin.phase >= 0) {
      const auto* phase = model.phases[static_cast<std::size_t>(origin.phase)];
      band.shape = shapes_.shape_of(phase, origin.reference);
      if (band.shape >= 0) {
        band.band.relative_height = shapes_.height_of(band.shape);
      }
      band.band = band.shape >= 0 ? within_map(band.band, *phase, model.is_raman)
                                  : shapes_.as_seen(band.band);
    }
    if (origin.phase < 0) {
      band.shape = shapes_.unexplained_near(band.band.center, band.band.fwhm);
    }
    if (const auto form = form_.find(band.shape); form != form_.end()) {
      band.shape = form->second;
    }
    bands.push_back(band);
  }
  return bands;
}

}  // namespace calcispec::models::detail
