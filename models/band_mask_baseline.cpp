#include "models/band_mask_baseline.hpp"

#include "core/error.hpp"
#include "core/mixture.hpp"
#include "models/tissue_private.hpp"

#include <algorithm>
#include <cmath>
#include <numbers>

namespace calcispec::models {

using namespace detail;  // NOLINT(google-build-using-namespace): parts of this module

namespace {

constexpr double hidden_wing = 0.03;     // of the strongest band of a substance
constexpr double farthest_reach = 1.25;  // in widths; farther out they bend what is left to see
constexpr double standing_sigmas = 2;
constexpr int mask_rounds = 12;

// In widths from its middle, where a band sinks below the wing that is hidden.
double reach_of(const ReferenceBand& row, BandTechnique technique) {
  const double share = technique == BandTechnique::raman ? row.lorentz_share : 0.3;
  const double height = row.relative_intensity / 100;
  double reach = 1;
  const auto wing = [&](double u) {
    return share / (1 + 4 * u * u) + (1 - share) * std::exp(-4 * std::numbers::ln2 * u * u);
  };
  while (reach < farthest_reach && height * wing(reach) > hidden_wing) {
    reach += 0.1;
  }
  return reach;
}

// Regions of the bands, cut down where they would leave next to nothing of the spectrum.
std::vector<NumberPair> band_regions(const Axis& axis, BandTechnique technique) {
  constexpr double least_part = 0.1;
  const auto rows = tissue_rows(axis, technique);
  std::vector<NumberPair> regions;
  constexpr int most_cuts = 7;  // down to about a tenth
  double scale = 1;
  for (int cut = 0; cut < most_cuts; ++cut, scale *= 0.7) {
    regions.clear();
    for (const auto* row : rows) {
      const double half = scale * reach_of(*row, technique) * row->fwhm_cm1;
      regions.push_back({row->position_cm1 - half, row->position_cm1 + half});
    }
    const auto x = axis.values();
    const auto seen = std::count_if(x.begin(), x.end(), [&](double at) {
      return std::none_of(regions.begin(), regions.end(), [&](const NumberPair& region) {
        return region.holds(at);
      });
    });
    if (static_cast<double>(seen) > least_part * static_cast<double>(x.size()) &&
        seen >= static_cast<std::ptrdiff_t>(2 * fewest_seen_points)) {
      break;
    }
  }
  return regions;
}

// Bands that no table knows stand above the background. False: next to nothing is left of them.
bool hide_standing(std::span<const double> background, double noise, SeenPoints& seen) {
  const auto left =
      std::count_if(seen.sigma.begin(), seen.sigma.end(), [](double sigma) { return sigma > 0; });
  std::vector<std::size_t> standing;
  for (std::size_t i = 0; i < seen.y.size(); ++i) {
    if (seen.sigma[i] > 0 && seen.y[i] - background[i] > standing_sigmas * noise) {
      standing.push_back(i);
    }
  }
  constexpr std::ptrdiff_t settled = 200;  // a 200th of what is seen
  const auto count = static_cast<std::ptrdiff_t>(standing.size());
  if (settled * count <= left || left - count < static_cast<std::ptrdiff_t>(fewest_seen_points)) {
    return false;
  }
  for (const std::size_t i : standing) {
    seen.sigma[i] = 0;
  }
  return true;
}

}  // namespace

BandMaskBaseline fit_band_mask_baseline(const Axis& axis,
                                        std::span<const double> y,
                                        Technique technique,
                                        std::span<const NumberPair> hidden) {
  require(axis.is_in_cm1(), "baseline.band_mask knows bands by their position in 1/cm");
  BandMaskBaseline out;
  out.background.assign(y.size(), std::nan(""));
  const auto kind = tissue_technique(technique);
  const SeenPoints given(axis, y, hidden);
  auto regions = band_regions(axis, kind);
  regions.insert(regions.end(), hidden.begin(), hidden.end());
  SeenPoints seen(axis, y, regions);
  if (!given.can_be_fitted() || !seen.can_be_fitted()) {
    return out;
  }
  const double noise = given.noise();
  for (double& sigma : seen.sigma) {
    sigma *= noise;
  }
  Columns none;
  none.points = static_cast<Index>(y.size());
  for (int round = 0; round < mask_rounds; ++round) {
    MixtureProblem problem;
    problem.x = axis.values();
    problem.y = seen.y;
    problem.sigma = seen.sigma;
    problem.columns = &none;
    problem.background = tissue_background(axis, kind);
    auto fit = solve_mixture(problem);
    if (fit.status != MixtureStatus::converged && fit.status != MixtureStatus::iteration_limit) {
      return out;
    }
    out.background = std::move(fit.background);
    if (!hide_standing(out.background, noise, seen)) {
      out.is_converged = true;
      break;
    }
  }
  return out;
}

}  // namespace calcispec::models
