// What baselines know of tissue: its bands, and the points that they do not look at.
#pragma once

#include "core/mixture.hpp"
#include "core/parameter.hpp"
#include "core/quantity.hpp"
#include "core/spectra_matrix.hpp"
#include "models/reference_library.hpp"

#include <span>
#include <vector>

namespace calcispec::models::detail {

inline constexpr std::size_t fewest_seen_points = 32;

BandTechnique tissue_technique(Technique technique);

/// Bands within the axis that a spectrum of calcified tissue may hold; broad ones of water, which
/// cannot be told from a background, are none of them.
std::vector<const ReferenceBand*> tissue_rows(const Axis& axis, BandTechnique technique);

/// Knots near enough for a background that turns within a few hundred 1/cm; the stiffness decides
/// how much of that is used.
BackgroundOptions tissue_background(const Axis& axis, BandTechnique technique);

/// The points that are looked at keep their value; others, and those that are NaN, lie on lines
/// between these.
struct SeenPoints {
  std::vector<double> values;  // of those that are seen
  std::vector<double> y;       // all
  std::vector<double> sigma;   // all; 1 where seen, else 0

  SeenPoints(const Axis& axis,
             std::span<const double> ordinate,
             std::span<const NumberPair> hidden);

  /// Finite, and enough of them.
  [[nodiscard]] bool can_be_fitted() const;
  /// Noise of what is seen; no digit below 1e-4 of the range is trusted.
  [[nodiscard]] double noise() const;

 private:
  void bridge(std::span<const double> x);
};

}  // namespace calcispec::models::detail
