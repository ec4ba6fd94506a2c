// Bands that no phase of the model explains, and the phases that might.
#include "models/composition_private.hpp"

#include <algorithm>
#include <cmath>

namespace calcispec::models::detail {
namespace {

// Solids have no bands this narrow between 1350 and 1900 1/cm; water vapour has hundreds, of which
// the tables hold the strongest. One narrow band alone may be something else.
bool is_like_vapour(const FittedMixtureBand& band) {
  constexpr double widest_cm1 = 11;
  return band.fwhm < widest_cm1 && band.center > 1350 && band.center < 1900;
}

}  // namespace

std::vector<UnexplainedBand> unexplained_bands(const JointModel& model) {
  constexpr Index vapour_lines = 3;
  std::vector<UnexplainedBand> out;
  Index lines = 0;
  for (const bool takes_lines : {false, true}) {
    for (std::size_t b = 0; b < model.bands.size(); ++b) {
      const auto& band = model.fit.bands[b];
      const double sigma = band.height_u > 0 ? band.height / band.height_u : 0;
      if (model.origin[b].phase >= 0 || sigma <= unexplained_sigma ||
          (!model.is_raman && is_like_vapour(band)) != takes_lines) {
        continue;
      }
      lines += takes_lines ? 1 : 0;
      out.push_back({band.center, sigma});
    }
  }
  const bool is_named =
      std::any_of(model.phases.begin(), model.phases.end(), [](const Phase* phase) {
        return phase->role == PhaseRole::gas;
      });
  if (is_named || lines >= vapour_lines) {
    out.resize(out.size() - static_cast<std::size_t>(lines));
  }
  return out;
}

void add_large_peaks(const Window& window, JointModel& model) {
  const auto peaks = find_large_peaks(window, model);
  const std::size_t before = model.bands.size();
  add_unexplained(model, peaks);
  const std::size_t count = model.bands.size();
  std::vector<double> covariance(count * count, 0.0);
  for (std::size_t b = 0; b < before; ++b) {
    std::copy_n(model.fit.area_covariance.begin() + static_cast<Index>(b * before),
                before,
                covariance.begin() + static_cast<Index>(b * count));
  }
  for (std::size_t k = 0; k < peaks.size(); ++k) {
    const auto& row = model.bands[before + k];
    const double relative_u = 1 / peaks[k].height_sigma;
    FittedMixtureBand band;
    band.height = peaks[k].height;
    band.height_u = relative_u * band.height;
    band.own_height = band.height;
    band.own_height_u = band.height_u;
    band.center = row.center;
    band.center_u = row.center_sd;
    band.fwhm = row.fwhm;
    band.fwhm_u = row.log_fwhm_sd * row.fwhm;
    band.lorentz_share = row.lorentz_share;
    band.area = band.height * pseudo_voigt_area(band.fwhm, band.lorentz_share);
    band.area_u = std::hypot(relative_u, row.log_fwhm_sd) * band.area;
    covariance[(before + k) * (count + 1)] = band.area_u * band.area_u;
    add_pseudo_voigt(window.x, shape_of(band), band.height, model.fit.fitted);
    model.fit.bands.push_back(band);
  }
  model.fit.area_covariance = std::move(covariance);
}

std::vector<ResidualPeak> find_outgrown_bands(const JointModel& model) {
  constexpr double most_sd = 3;        // of the logarithm of its height
  constexpr double second_part = 0.5;  // of the strongest: what the amount rests on is left out
  std::vector<ResidualPeak> out;
  if (!model.is_raman) {
    return out;  // bands are wide: what stands beside one is taken for it
  }
  // The amount that the strongest band asks for counts too: others may be missing.
  std::vector<double> strongest(model.phases.size(), 0.0);
  auto amount = model.fit.amounts;
  for (std::size_t b = 0; b < model.bands.size(); ++b) {
    const double part = model.bands[b].relative_height;
    const auto phase = static_cast<std::size_t>(model.origin[b].phase);
    if (model.origin[b].phase >= 0 && part > strongest[phase]) {
      strongest[phase] = part;
      amount[phase] = std::max(model.fit.amounts[phase], model.fit.bands[b].height / part);
    }
  }
  for (std::size_t b = 0; b < model.bands.size(); ++b) {
    const auto& row = model.bands[b];
    const auto phase = static_cast<std::size_t>(model.origin[b].phase);
    if (model.origin[b].phase < 0 || row.relative_height > second_part * strongest[phase]) {
      continue;
    }
    const auto& fitted = model.fit.bands[b];
    const double expected = amount[phase] * row.relative_height;
    const double excess = fitted.height - expected * std::exp(most_sd * row.log_height_sd);
    if (expected > 0 && excess > unexplained_sigma * fitted.height_u) {
      out.push_back({fitted.center,
                     fitted.fwhm,
                     fitted.height - expected,
                     excess / fitted.height_u,
                     model.origin[b].reference});
    }
  }
  return out;
}

void drop_peaks_of(const Phase& phase, const Setting& setting, std::vector<ResidualPeak>& peaks) {
  const auto rows = phase.bands(setting.technique);
  std::erase_if(peaks, [&](const ResidualPeak& peak) {
    // Where it outgrew a row of the phase itself it is none of its bands.
    const bool is_own = peak.instead != nullptr && peak.instead >= rows.data() &&
                        peak.instead < rows.data() + rows.size();
    return !is_own && is_near_row(peak, phase, setting);
  });
}

void drop_near(std::span<const ResidualPeak> known, std::vector<ResidualPeak>& peaks) {
  std::erase_if(peaks, [&](const ResidualPeak& peak) {
    return std::any_of(known.begin(), known.end(), [&](const ResidualPeak& other) {
      return std::abs(other.position_cm1 - peak.position_cm1) <
             std::max(other.width_cm1, peak.width_cm1);
    });
  });
}

std::vector<const Phase*> find_missing(const Trials& trials,
                                       std::span<const ResidualPeak> peaks,
                                       std::span<const Phase* const> screened,
                                       const std::function<bool(const Phase&)>& is_open) {
  constexpr double least_explained = 0.08;  // of a phase's intensity, to be tried
  constexpr std::size_t most = 5;           // at a time
  struct Candidate {
    const Phase* phase;
    double part;
  };
  const auto technique = trials.setting.technique;
  std::vector<Candidate> candidates;
  for (const auto& phase : trials.library.phases) {
    const bool is_screened = std::find(screened.begin(), screened.end(), &phase) != screened.end();
    const double part =
        is_screened ? 1 : explained_part(phase, trials.window, trials.setting, peaks);
    if (part >= least_explained && is_open(phase) && phase.role != PhaseRole::site &&
        stands_out(phase, technique) && measured_bands(phase, trials.window, technique) > 1) {
      candidates.push_back({&phase, part});
    }
  }
  std::stable_sort(candidates.begin(),
                   candidates.end(),
                   [](const Candidate& a, const Candidate& b) { return a.part > b.part; });
  std::vector<const Phase*> out;
  for (const auto& candidate : candidates) {
    const bool is_known = std::any_of(out.begin(), out.end(), [&](const Phase* other) {
      return is_same_kind(*other, *candidate.phase, technique);
    });
    if (!is_known && out.size() < most) {
      out.push_back(candidate.phase);
    }
  }
  return out;
}

}  // namespace calcispec::models::detail
