#include "models/matching.hpp"

#include "models/slopes_private.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace calcispec::models {
namespace {

constexpr double shifts_cm1[] = {-3, -2, -1, 0, 1, 2, 3};  // as far as phases are named
constexpr double least_named_part = 0.5;  // of the slopes' squares, for measured references
constexpr double least_slope_correlation = 0.5;
constexpr double matching_least_explained = 0.3;  // of the signal, for a phase to be the answer
constexpr double instrument_widths_cm1[] = {0, 5, 12};

double dot(const std::vector<double>& a, const std::vector<double>& b) {
  double sum = 0;
  for (std::size_t i = 0; i < a.size(); ++i) {
    sum += a[i] * b[i];
  }
  return sum;
}

double cosine(const std::vector<double>& a, const std::vector<double>& b) {
  const double norm = std::sqrt(dot(a, a) * dot(b, b));
  return norm > 0 ? dot(a, b) / norm : 0;
}

double correlation(std::vector<double> a, std::vector<double> b) {
  for (auto* values : {&a, &b}) {
    double mean = 0;
    for (const double v : *values) {
      mean += v / static_cast<double>(values->size());
    }
    for (double& v : *values) {
      v -= mean;
    }
  }
  return cosine(a, b);
}

// The spectrum within a range, its slopes and what stands above its background.
struct Observed {
  AxisPtr axis;
  Index window = 5;
  std::vector<double> slopes;
  std::vector<double> bands;
};

Observed observe(const CompositionInput& input, double from, double to) {
  Observed out;
  std::vector<double> x;
  std::vector<double> y;
  for (Index i = 0; i < input.axis.size(); ++i) {
    const auto at = static_cast<std::size_t>(i);
    if (input.axis.values()[at] >= from && input.axis.values()[at] <= to) {
      x.push_back(input.axis.values()[at]);
      y.push_back(input.y[at]);
    }
  }
  out.axis = Axis::make(std::move(x), input.axis.kind(), input.axis.unit());
  out.window = detail::slope_window(*out.axis);
  out.slopes = detail::slopes_of(out.axis, y, out.window);
  const auto background = detail::background_of(out.axis, y, 0.001);
  out.bands = std::move(y);
  for (std::size_t i = 0; i < out.bands.size(); ++i) {
    out.bands[i] -= background[i];
  }
  return out;
}

void compare(const Observed& observed,
             const std::vector<double>& curve,
             double shift,
             Match& match) {
  const auto slopes = detail::slopes_of(observed.axis, curve, observed.window);
  const double slope_correlation = cosine(observed.slopes, slopes);
  if (slope_correlation <= match.slope_correlation) {
    return;
  }
  match.slope_correlation = slope_correlation;
  match.correlation = correlation(observed.bands, curve);
  match.angle_deg =
      std::acos(std::clamp(cosine(observed.bands, curve), -1.0, 1.0)) * 180 / std::numbers::pi;
  match.shift_cm1 = shift;
}

// Bands of a table at an axis error and an instrument width.
std::vector<double> pattern(const Axis& axis,
                            std::span<const ReferenceBand> bands,
                            double shift,
                            double instrument) {
  std::vector<double> out(static_cast<std::size_t>(axis.size()), 0.0);
  for (const auto& band : bands) {
    const double width = std::hypot(band.fwhm_cm1, instrument);
    const double height = band.relative_intensity * band.fwhm_cm1 / width;
    for (std::size_t i = 0; i < out.size(); ++i) {
      const double u = (axis.values()[i] - band.position_cm1 - shift) / width;
      out[i] += height * (band.lorentz_share / (1 + 4 * u * u) +
                          (1 - band.lorentz_share) * std::exp(-4 * std::numbers::ln2 * u * u));
    }
  }
  return out;
}

BandTechnique table_of(const CompositionInput& input) {
  if (input.technique == Technique::raman) {
    return BandTechnique::raman;
  }
  return input.mode == SamplingMode::atr ? BandTechnique::ftir_atr
                                         : BandTechnique::ftir_transmission;
}

// Part of the signal and whether the naming rule is met, with this phase as the whole library.
void fit_alone(const CompositionInput& input,
               const Phase& phase,
               const CompositionOptions& options,
               Match& match) {
  ReferenceLibrary alone;
  alone.phases.push_back(phase);
  const auto composition = estimate_composition(input, alone, options);
  for (const auto* list : {&composition.phases, &composition.matrix}) {
    for (const auto& entry : *list) {
      if (entry.phase == phase.id && std::isfinite(entry.share.value)) {
        match.explained = entry.share.value;
        match.is_named =
            entry.status == PhaseStatus::quantified && match.explained >= matching_least_explained;
      }
    }
  }
}

void sort_hits(MatchResult& result) {
  std::stable_sort(result.hits.begin(), result.hits.end(), [](const Match& a, const Match& b) {
    if (a.is_named != b.is_named) {
      return a.is_named;
    }
    return a.slope_correlation > b.slope_correlation;
  });
  double nearest = 0;
  for (const auto& hit : result.hits) {
    nearest = std::max(nearest, hit.slope_correlation);
  }
  // Where a reference whose bands are not there looks clearly more alike, it is neither of the two.
  result.is_none =
      result.hits.empty() || !result.hits.front().is_named ||
      result.hits.front().slope_correlation < std::max(least_slope_correlation, nearest - 0.1);
}

}  // namespace

MatchResult match_spectrum(const CompositionInput& input,
                           const ReferenceLibrary& library,
                           const CompositionOptions& options) {
  MatchResult out;
  const auto whole = estimate_composition(input, library, options);
  out.from_cm1 = whole.from_cm1;
  out.to_cm1 = whole.to_cm1;
  if (whole.curves.fit.empty()) {
    out.reason = whole.total.reason;
    return out;
  }
  const auto observed = observe(input, whole.from_cm1, whole.to_cm1);
  const auto technique = table_of(input);
  for (const auto& phase : library.phases) {
    const auto bands = phase.bands(technique);
    const bool is_in_range = std::any_of(bands.begin(), bands.end(), [&](const auto& band) {
      return band.position_cm1 > out.from_cm1 && band.position_cm1 < out.to_cm1;
    });
    if (!is_in_range || phase.role == PhaseRole::site || phase.role == PhaseRole::gas) {
      continue;
    }
    Match match;
    match.id = phase.id;
    match.name = phase.name;
    for (const double instrument : instrument_widths_cm1) {
      for (const double shift : shifts_cm1) {
        compare(observed, pattern(*observed.axis, bands, shift, instrument), shift, match);
      }
    }
    fit_alone(input, phase, options, match);
    out.hits.push_back(std::move(match));
  }
  sort_hits(out);
  return out;
}

MatchResult match_spectrum(const CompositionInput& input,
                           const MeasuredLibrary& library,
                           const CompositionOptions& options) {
  MatchResult out;
  for (const auto& reference : library.references) {
    MeasuredLibrary alone;
    alone.references.push_back(reference);
    const auto fit = fit_measured(input, alone, options);
    if (!fit.reason.empty()) {
      out.reason = fit.reason;
      continue;
    }
    const auto observed = observe(input, fit.from_cm1, fit.to_cm1);
    Match match;
    match.id = reference.id;
    match.name = reference.id;
    const auto& curve = fit.curves.phases.front().second;
    if (std::any_of(curve.begin(), curve.end(), [](double v) { return v != 0; })) {
      compare(observed, curve, fit.axis.shift_cm1, match);
    }
    match.explained = std::pow(std::max(0.0, match.slope_correlation), 2);
    match.is_named = match.explained >= least_named_part;
    out.from_cm1 = fit.from_cm1;
    out.to_cm1 = fit.to_cm1;
    out.hits.push_back(std::move(match));
  }
  if (!out.hits.empty()) {
    out.reason.clear();
  }
  sort_hits(out);
  return out;
}

}  // namespace calcispec::models
