#include "models/joint_baseline.hpp"

#include "core/band_mixture.hpp"
#include "core/error.hpp"
#include "models/tissue_private.hpp"

#include <algorithm>
#include <cmath>

namespace calcispec::models {

using namespace detail;  // NOLINT(google-build-using-namespace): parts of this module

namespace {

MixtureBand free_band(const ReferenceBand& row, BandTechnique technique) {
  MixtureBand band;
  band.center = row.position_cm1;
  band.fwhm = row.fwhm_cm1;
  band.lorentz_share = technique == BandTechnique::raman ? row.lorentz_share : 0.3;
  band.center_sd = std::max(3.0, 0.08 * row.fwhm_cm1);
  // Order and strain change widths by a third, nu1 of bone mineral from 12 to 20 1/cm.
  band.log_fwhm_sd = 0.3;
  band.lorentz_share_sd = 0.15;
  return band;
}

// One free band per tabulated one; of two that overlap nearly whole the stronger stands for both.
std::vector<MixtureBand> tissue_bands(const Axis& axis, BandTechnique technique) {
  auto rows = tissue_rows(axis, technique);
  std::stable_sort(rows.begin(), rows.end(), [](const auto* a, const auto* b) {
    return a->relative_intensity > b->relative_intensity;
  });
  std::vector<MixtureBand> bands;
  for (const auto* row : rows) {
    const bool is_near = std::any_of(bands.begin(), bands.end(), [&](const MixtureBand& band) {
      return std::abs(band.center - row->position_cm1) < 0.35 * std::min(band.fwhm, row->fwhm_cm1);
    });
    if (!is_near) {
      bands.push_back(free_band(*row, technique));
    }
  }
  return bands;
}

}  // namespace

JointBaseline fit_joint_baseline(const Axis& axis,
                                 std::span<const double> y,
                                 Technique technique,
                                 std::span<const NumberPair> hidden) {
  require(axis.is_in_cm1(), "baseline.joint knows bands by their position in 1/cm");
  JointBaseline out;
  SeenPoints seen(axis, y, hidden);
  if (!seen.can_be_fitted()) {
    out.background.assign(y.size(), std::nan(""));
    out.bands.assign(y.size(), std::nan(""));
    return out;
  }
  const auto kind = tissue_technique(technique);
  const auto bands = tissue_bands(axis, kind);
  const double noise = seen.noise();
  for (double& sigma : seen.sigma) {
    sigma *= noise;
  }
  BandMixtureOptions options;
  options.scans_shift = false;
  options.misfit = -1;
  options.iterations = 12;
  options.prune_sigmas = 2;
  options.seeks_ripple = true;
  options.background = tissue_background(axis, kind);
  const auto fit = fit_band_mixture(axis.values(), seen.y, seen.sigma, bands, 0, options);
  out.background = fit.background;
  out.bands = fit.fitted;
  out.is_converged = fit.status == MixtureStatus::converged;
  return out;
}

}  // namespace calcispec::models
