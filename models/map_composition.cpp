#include "models/map_composition.hpp"

#include "core/noise.hpp"
#include "core/parallel.hpp"
#include "models/shared_shapes_private.hpp"

#include <algorithm>
#include <cmath>
#include <optional>

namespace calcispec::models {

using namespace detail;  // NOLINT(google-build-using-namespace): parts of this module

namespace {

// Nothing where the spectrum cannot be fitted or names nothing.
std::optional<MapSample> sample_of(const CompositionInput& input,
                                   const ReferenceLibrary& library,
                                   std::pair<double, double> range) {
  if (!obstacle(input).empty()) {
    return std::nullopt;
  }
  auto window = cut_window(input, range.first, range.second);
  if (window.x.empty() || !(window.height > 0)) {
    return std::nullopt;
  }
  Composition ignored;
  auto findings = estimate_window(
      window, library, {.technique = technique_of(input), .draws_curves = false}, nullptr, ignored);
  if (findings.model.phases.empty() || !is_fitted(findings.model) ||
      !(findings.model.fit.stiffness > 0) || std::abs(findings.model.fit.shift) > axis_limit_cm1) {
    return std::nullopt;
  }
  return MapSample{std::move(window), std::move(findings)};
}

// Phases that samples weighed as alternatives and that had no weight in any of them.
std::vector<const Phase*> weightless_in(std::span<const MapSample> samples) {
  constexpr double least_probability = 0.03;
  std::vector<std::pair<const Phase*, double>> highest;
  for (const auto& sample : samples) {
    for (const auto& other : sample.findings.model.alternatives) {
      const auto* phase = other.trial.phases.back();
      const auto same = std::find_if(
          highest.begin(), highest.end(), [&](const auto& row) { return row.first == phase; });
      if (same == highest.end()) {
        highest.emplace_back(phase, other.alone);
      } else {
        same->second = std::max(same->second, other.alone);
      }
    }
  }
  std::vector<const Phase*> out;
  for (const auto& [phase, probability] : highest) {
    if (probability < least_probability) {
      out.push_back(phase);
    }
  }
  return out;
}

std::vector<BorrowedRow> borrowed_in(std::span<const MapSample> samples) {
  std::vector<BorrowedRow> out;
  for (const auto& sample : samples) {
    for (const auto& own : sample.findings.setting.borrowed) {
      const bool is_known = std::any_of(out.begin(), out.end(), [&](const BorrowedRow& other) {
        return other.phase == own.phase && other.row == own.row;
      });
      if (!is_known) {
        out.push_back(own);
      }
    }
  }
  return out;
}

// Phases named in any sample, with what is alike where there is most of it. Of a kind that of which
// all samples together hold most stands for the others.
MapStart start_of(std::span<const MapSample> samples) {
  struct Named {
    const Phase* phase;
    double area;     // of all samples
    double largest;  // of one
    std::vector<std::string> alike;
  };
  std::vector<Named> named;
  MapStart start;
  for (const auto& [window, findings] : samples) {
    const auto& model = findings.model;
    for (std::size_t p = 0; p < model.phases.size(); ++p) {
      const double area = area_of(model, static_cast<Index>(p));
      auto same = std::find_if(named.begin(), named.end(), [&](const Named& row) {
        return row.phase == model.phases[p];
      });
      if (same == named.end()) {
        same = named.insert(same, {model.phases[p], 0, -1, {}});
      }
      same->area += area;
      if (area > same->largest) {
        same->largest = area;
        same->alike = p < model.alike.size() ? model.alike[p] : std::vector<std::string>();
      }
    }
    for (std::size_t b = 0; b < model.bands.size(); ++b) {
      if (model.origin[b].phase < 0) {
        const auto& band = model.fit.bands[b];
        start.peaks.push_back({band.center, band.fwhm, band.height, 0});
      }
    }
    for (const auto* phase : findings.screened) {
      if (std::find(start.screened.begin(), start.screened.end(), phase) == start.screened.end()) {
        start.screened.push_back(phase);
      }
    }
  }
  std::stable_sort(
      named.begin(), named.end(), [](const Named& a, const Named& b) { return a.area > b.area; });
  start.setting = samples.front().findings.setting;
  start.setting.borrowed = borrowed_in(samples);
  start.weightless = weightless_in(samples);
  for (auto& row : named) {
    const bool is_known =
        std::any_of(start.phases.begin(), start.phases.end(), [&](const Phase* other) {
          return is_same_kind(*other, *row.phase, start.setting.technique);
        });
    start.alike[row.phase] = std::move(row.alike);
    if (!is_known) {
      start.phases.push_back(row.phase);
    }
  }
  return start;
}

// Of what there is in the map, what this spectrum may hold.
CommonStart start_in(SharedFit& fit, const MapStart& map, const PhasePatterns& patterns) {
  constexpr double least_share = 0.01;
  constexpr double least_sigmas = 2;
  constexpr double sure_absence = 0.05;   // of the share
  constexpr double sure_presence = 0.03;  // less than that is often what another phase is missed by
  const auto& all = patterns.phases;
  const auto shares = fit.look(patterns);
  CommonStart start{map, map.setting, {}, {}, {}, {}};
  for (std::size_t p = 0; p < all.size(); ++p) {
    const double most = shares[p].share + least_sigmas * shares[p].u;
    const bool is_there =
        shares[p].share > least_share && shares[p].share > least_sigmas * shares[p].u;
    if (is_there && (p >= map.phases.size() || shares[p].share > sure_presence)) {
      (p < map.phases.size() ? start.phases : start.screened).push_back(all[p]);
    } else if (p < map.phases.size()) {
      auto& absent = is_there || most > sure_absence ? start.uncertain : start.absent;
      absent.push_back({all[p], Finding::absent, std::min(1.0, shares[p].u)});
    }
  }
  return start;
}

// Named in the map, then those that may be there: one of a kind.
std::vector<const Phase*> phases_of(const MapStart& map) {
  auto all = map.phases;
  for (const auto* phase : map.screened) {
    const bool is_known = std::any_of(all.begin(), all.end(), [&](const Phase* other) {
      return is_same_kind(*other, *phase, map.setting.technique);
    });
    if (!is_known) {
      all.push_back(phase);
    }
  }
  return all;
}

double median_width(std::span<const MapSample> samples) {
  std::vector<double> widths;
  widths.reserve(samples.size());
  for (const auto& sample : samples) {
    widths.push_back(sample.findings.setting.instrument_width_cm1);
  }
  return median_of(std::move(widths));
}

// Of neighbouring points: a matter of the instrument and of what was done to its spectra.
Index median_stride(std::span<const MapSample> samples) {
  std::vector<double> strides;
  strides.reserve(samples.size());
  for (const auto& sample : samples) {
    strides.push_back(static_cast<double>(sample.window.stride));
  }
  return static_cast<Index>(median_of(std::move(strides)));
}

}  // namespace

struct MapComposer::Parts {
  AxisPtr axis;
  Technique technique;
  SamplingMode mode;
  const ReferenceLibrary& library;
  CompositionOptions options;
  std::pair<double, double> range;
  MapStart start;
  std::optional<SharedShapes> shapes;
  PhasePatterns patterns;
};

// NOLINTNEXTLINE(readability-function-size): the parts of CompositionInput, for many spectra
MapComposer::MapComposer(AxisPtr axis,
                         std::span<const std::vector<double>> samples,
                         Technique technique,
                         SamplingMode mode,
                         const ReferenceLibrary& library,
                         const CompositionOptions& options,
                         Index jobs) {
  auto parts = std::make_unique<Parts>(Parts{
      std::move(axis), technique, mode, library, options, default_range(technique), {}, {}, {}});
  parts->range = options.range_cm1.value_or(parts->range);
  const bool is_known = technique == Technique::raman || mode == SamplingMode::atr ||
                        mode == SamplingMode::transmission;
  std::vector<std::optional<MapSample>> found(samples.size());
  parallel_for(static_cast<Index>(is_known ? samples.size() : 0), jobs, [&](Index i) {
    const auto at = static_cast<std::size_t>(i);
    found[at] = sample_of({*parts->axis, samples[at], technique, mode}, library, parts->range);
  });
  std::vector<MapSample> fitted;
  for (auto& sample : found) {
    if (sample) {
      fitted.push_back(std::move(*sample));
    }
  }
  if (!fitted.empty()) {
    parts->start = start_of(fitted);
    parts->shapes.emplace(fitted);
    parts->start.setting.instrument_width_cm1 = median_width(fitted);
    parts->start.setting.shift_cm1 = parts->shapes->shift();
    parts->start.stride = median_stride(fitted);
    parts->patterns =
        patterns_of(*parts->shapes, phases_of(parts->start), parts->start.setting.technique);
  }
  parts_ = std::move(parts);
}

MapComposer::MapComposer(MapComposer&&) noexcept = default;
MapComposer& MapComposer::operator=(MapComposer&&) noexcept = default;
MapComposer::~MapComposer() = default;

bool MapComposer::has_learnt() const {
  return parts_->shapes.has_value();
}

std::vector<std::string> MapComposer::phases() const {
  std::vector<std::string> out;
  out.reserve(parts_->start.phases.size());
  for (const auto* phase : parts_->start.phases) {
    out.push_back(phase->id);
  }
  return out;
}

bool MapComposer::is_for(const Axis& axis, Technique technique, SamplingMode mode) const {
  const auto own = parts_->axis->values();
  const auto other = axis.values();
  return technique == parts_->technique && mode == parts_->mode &&
         axis.kind() == parts_->axis->kind() &&
         std::equal(own.begin(), own.end(), other.begin(), other.end());
}

Composition MapComposer::estimate(std::span<const double> y) const {
  const CompositionInput input{*parts_->axis, y, parts_->technique, parts_->mode};
  if (!has_learnt() || !obstacle(input).empty()) {
    return estimate_composition(input, parts_->library, parts_->options);
  }
  const auto window =
      cut_window(input, parts_->range.first, parts_->range.second, parts_->start.stride);
  if (window.x.empty() || !(window.height > 0)) {
    return estimate_composition(input, parts_->library, parts_->options);
  }
  Composition out;
  out.from_cm1 = window.x.front();
  out.to_cm1 = window.x.back();
  out.noise_sigma = window.noise;
  SharedFit fit(*parts_->shapes, window);
  auto start = start_in(fit, parts_->start, parts_->patterns);
  start.setting.shared = &fit;
  start.setting.draws_curves = parts_->options.draws_curves;
  if (estimate_window(window, parts_->library, start.setting, &start, out).is_unlike) {
    return estimate_composition(input, parts_->library, parts_->options);
  }
  return out;
}

namespace {

// A spectrum as a direction, and how much of its length is noise.
struct Pattern {
  std::vector<double> unit;  // mean 0, length 1; 0 where there is nothing
  double size = 0;
  double noise = 0;  // part of the squared length
};

Pattern pattern_of(std::span<const double> y) {
  Pattern out;
  out.unit.assign(y.size(), 0.0);
  const auto count = static_cast<double>(y.size());
  double mean = 0;
  for (const double value : y) {
    mean += value / count;
  }
  double squares = 0;
  for (const double value : y) {
    squares += (value - mean) * (value - mean);
  }
  if (!std::isfinite(squares) || squares <= 0) {
    return out;
  }
  out.size = std::sqrt(squares);
  out.noise = std::min(1.0, count * std::pow(estimate_noise(y), 2) / squares);
  for (std::size_t i = 0; i < y.size(); ++i) {
    out.unit[i] = (y[i] - mean) / out.size;
  }
  return out;
}

// Squared, what noise alone would make taken off.
double distance_between(const Pattern& a, const Pattern& b) {
  double sum = -a.noise - b.noise;
  for (std::size_t i = 0; i < a.unit.size() && i < b.unit.size(); ++i) {
    sum += std::pow(a.unit[i] - b.unit[i], 2);
  }
  return sum;
}

}  // namespace

std::vector<Index> diverse_samples(std::span<const std::vector<double>> spectra, Index count) {
  std::vector<Pattern> patterns;
  std::vector<double> worth;  // of taking it next: at first the strongest, then the most different
  for (const auto& y : spectra) {
    patterns.push_back(pattern_of(y));
    worth.push_back(patterns.back().size);
  }
  std::vector<Index> out;
  while (static_cast<Index>(out.size()) < count) {
    const auto best = std::max_element(worth.begin(), worth.end());
    if (best == worth.end() || !(*best > 0)) {
      break;
    }
    const auto taken = static_cast<std::size_t>(best - worth.begin());
    const bool is_first = out.empty();
    out.push_back(static_cast<Index>(taken));
    for (std::size_t s = 0; s < worth.size(); ++s) {
      const double distance =
          patterns[s].size > 0 ? distance_between(patterns[s], patterns[taken]) : 0;
      worth[s] = is_first ? distance : std::min(worth[s], distance);
    }
    worth[taken] = 0;
  }
  return out;
}

}  // namespace calcispec::models
