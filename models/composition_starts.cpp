// One spectrum of which nothing is known before: where the search begins.
#include "models/composition_private.hpp"

#include <algorithm>
#include <cmath>
#include <utility>

namespace calcispec::models::detail {
namespace {

// What fixed patterns may miss of the signal, so that the highest band alone does not place the
// axis.
constexpr double patient_misfit = 0.1;
constexpr double other_shift_cm1 = 0.75;  // steps of the search are 1 and 1.5 1/cm
// The other answer is taken where it leaves half of what the first one does, and little.
constexpr double clearly_less = 0.5;
constexpr double little = 0.3;

// Rms of what the named phases leave of the signal above the background, beyond the noise, as a
// part of the signal's: bands without a name count as left.
double left_by_names(const Window& window, const JointModel& model) {
  std::vector<double> unnamed(window.x.size(), 0.0);
  for (std::size_t b = 0; b < model.fit.bands.size(); ++b) {
    if (model.origin[b].phase < 0) {
      const auto& band = model.fit.bands[b];
      add_pseudo_voigt(window.x, shape_of(band), band.height, unnamed);
    }
  }
  double left = 0;
  double signal = 0;
  for (std::size_t i = 0; i < unnamed.size(); ++i) {
    const double above = window.y[i] - model.fit.background[i];
    const double missed = above - model.fit.fitted[i] + unnamed[i];
    left += missed * missed - window.sigma[i] * window.sigma[i];
    signal += above * above;
  }
  return signal > 0 ? std::sqrt(std::max(0.0, left) / signal) : 0;
}

bool begin_alike(const Screening& a, const Screening& b) {
  return std::abs(a.shift_cm1 - b.shift_cm1) < other_shift_cm1;
}

}  // namespace

Findings estimate_window(Window window,
                         const ReferenceLibrary& library,
                         const Setting& setting,
                         const CommonStart* start,
                         Composition& out) {
  if (start != nullptr) {
    return estimate_from(std::move(window), library, setting, start, {}, out);
  }
  const auto first = screen_phases(window, library, setting.technique, 0);
  const auto second = screen_phases(window, library, setting.technique, patient_misfit);
  auto other_out = out;
  auto found = estimate_from(window, library, setting, nullptr, first, out);
  if (begin_alike(first, second)) {
    return found;
  }
  auto other = estimate_from(window, library, setting, nullptr, second, other_out);
  if (is_fitted(other.model) &&
      left_by_names(window, other.model) <
          std::min(little, clearly_less * left_by_names(window, found.model))) {
    out = std::move(other_out);
    return other;
  }
  return found;
}

}  // namespace calcispec::models::detail
