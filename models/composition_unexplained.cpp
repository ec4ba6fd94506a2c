// Bands that stand for something no phase of the model explains.
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

}  // namespace calcispec::models::detail
