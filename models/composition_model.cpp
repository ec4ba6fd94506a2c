// Window, candidate phases and the joint model of composition.
#include "core/noise.hpp"
#include "core/order_statistic.hpp"
#include "models/composition_private.hpp"
#include "models/shared_shapes_private.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace calcispec::models::detail {
namespace {

constexpr Index noise_block = 64;      // points; noise is taken as constant over half of it
constexpr double shift_limit_cm1 = 6;  // searched; beyond 3 the answer is refused
// The tail of a spectrometer's line is as long for a wide band as for a narrow one.
constexpr double skewed_width_cm1 = 6;
constexpr double derived_center_sd = 3;

// Noise of points that neighbours share is counted as that of independent ones. Below a part of the
// spectrum's height what fits miss says more than the noise, whose finest part is then taken.
class PointNoise {
 public:
  PointNoise(std::span<const double> y, double height, Index stride)
      : stride_(stride), shared_(std::sqrt(static_cast<double>(stride))) {
    constexpr double least_part = 0.05;  // of the height
    const double whole = shared_ * estimate_noise(y, stride_);
    part_ = height > 0 ? std::clamp(whole / (least_part * height) - 1, 0.0, 1.0) : 0;
  }

  [[nodiscard]] double of(std::span<const double> y) const {
    const double finest = estimate_noise(y);
    return stride_ == 1 || part_ <= 0
               ? finest
               : (1 - part_) * finest + part_ * shared_ * estimate_noise(y, stride_);
  }

 private:
  Index stride_;
  double shared_;
  double part_ = 0;
};

// Noise along the axis: counts are noisier where the signal is high, detectors at their ends.
std::vector<double> noise_profile(std::span<const double> y, double height, Index stride) {
  const auto points = static_cast<Index>(y.size());
  const Index blocks = std::max<Index>(1, points / (noise_block / 2) - 1);
  const PointNoise noise(y, height, stride);
  // Rounded or noise-free data: no digit below 1e-4 of the range is trusted.
  const double overall = std::max({noise.of(y), 1e-4 * height, 1e-300});
  std::vector<double> level(static_cast<std::size_t>(blocks));
  for (Index b = 0; b < blocks; ++b) {
    const Index first = b * noise_block / 2;
    const Index count = std::min<Index>(noise_block, points - first);
    const double own =
        noise.of(y.subspan(static_cast<std::size_t>(first), static_cast<std::size_t>(count)));
    level[static_cast<std::size_t>(b)] = std::clamp(own, 0.5 * overall, 4 * overall);
  }
  std::vector<double> sigma(y.size());
  for (Index i = 0; i < points; ++i) {
    const double at = static_cast<double>(i) / (noise_block / 2.0) - 1;
    const double low = std::clamp(std::floor(at), 0.0, static_cast<double>(blocks - 1));
    const double high = std::min(low + 1, static_cast<double>(blocks - 1));
    const double part = std::clamp(at - low, 0.0, 1.0);
    sigma[static_cast<std::size_t>(i)] = (1 - part) * level[static_cast<std::size_t>(low)] +
                                         part * level[static_cast<std::size_t>(high)];
  }
  return sigma;
}

bool is_in_model_range(const ReferenceBand& band, const Window& window) {
  return band.position_cm1 > window.x.front() && band.position_cm1 < window.x.back();
}

bool is_carbonate_band(const ReferenceBand& band) {
  return band.assignment.find("CO3") != std::string::npos;
}

// How far a band of this phase may differ from its row.
MixtureBand with_freedoms(const ReferenceBand& row, const Phase& phase, const Setting& setting) {
  MixtureBand band;
  band.center = row.position_cm1;
  band.fwhm = observed_width(row, setting);
  band.lorentz_share = row.lorentz_share;
  const bool is_measured = row.status == SourceStatus::measured;
  const bool is_ir = setting.technique != BandTechnique::raman;
  const bool is_atr = setting.technique == BandTechnique::ftir_atr;
  band.center_sd = is_measured ? 1.0 : 1.5;  // author spread of science tables, 1-2 cm-1
  // Wide bands are read less exactly, those of proteins and lipids move with water and order, and
  // solids move strong infrared bands by grain and crystal.
  const double part = phase.role == PhaseRole::mineral ? 0.05 : 0.1;
  band.center_sd = is_ir ? std::max(band.center_sd, std::min(0.05 * band.fwhm, 6.0))
                         : std::hypot(band.center_sd, part * row.fwhm_cm1);
  band.log_fwhm_sd = is_measured ? 0.2 : 0.25;
  // Intensities of literature rows are good to a factor of 1.5; single crystals vary by more.
  band.log_height_sd = phase.role == PhaseRole::mineral && !is_ir ? 0.6 : 0.4;
  if (row.status == SourceStatus::derived) {
    // Pores, grains and contact move and widen a strong band more or less than the model has it.
    band.center_sd = std::min(std::hypot(derived_center_sd, 0.08 * band.fwhm), 12.0);
    band.log_fwhm_sd = 0.35;
    band.log_height_sd = 0.6;
  }
  if (phase.family == "apatite") {
    // Order makes v1 5 to 20 cm-1 wide and the other phosphate bands with it.
    band.log_fwhm_sd = is_carbonate_band(row) || is_atr ? 0.35 : 0.15;
    if (is_carbonate_band(row)) {
      band.log_height_sd = 1.0;  // carbonate from none to 12 wt%
    }
  }
  band.skew_lever = is_ir ? 1 : std::min(1.0, skewed_width_cm1 / band.fwhm);
  if (phase.role == PhaseRole::gas) {
    band.center_sd = 0.5;
    band.log_fwhm_sd = 0.1;
  }
  // Order widens all phosphate bands of an apatite alike, and grains all infrared bands of a
  // mineral. In ATR the optics widen strong bands more than weak ones.
  const bool is_common = phase.family == "apatite" ? !is_carbonate_band(row)
                                                   : phase.role == PhaseRole::mineral && is_ir;
  band.width_lever = is_common && !is_atr ? 1 : 0;
  band.relative_height = row.relative_intensity / 100;
  return band;
}

void add_band(const ReferenceBand& row,
              const Phase& phase,
              const Setting& setting,
              Index index,
              JointModel& model) {
  auto band = with_freedoms(row, phase, setting);
  band.group = index;
  model.bands.push_back(band);
  model.origin.push_back({index, &row});
}

// Bone mineral carries carbonate even where the best reference of the family has no row for it.
void add_carbonate(const Window& window,
                   const ReferenceLibrary& library,
                   const Setting& setting,
                   Index index,
                   JointModel& model) {
  const auto* carbonated = library.find("carbonated_apatite_B");
  const auto& phase = *model.phases[static_cast<std::size_t>(index)];
  if (phase.family != "apatite" || carbonated == nullptr || carbonated == &phase) {
    return;
  }
  for (const auto& row : carbonated->bands(setting.technique)) {
    const bool is_known =
        std::any_of(phase.bands(setting.technique).begin(),
                    phase.bands(setting.technique).end(),
                    [&](const ReferenceBand& own) {
                      return is_carbonate_band(own) &&
                             std::abs(own.position_cm1 - row.position_cm1) < row.fwhm_cm1;
                    });
    if (is_carbonate_band(row) && row.relative_intensity >= 3 && is_in_model_range(row, window) &&
        !is_known) {
      add_band(row, phase, setting, index, model);
    }
  }
}

// Of a fit with shared shapes, which needs fewer.
Index rounds_of(Index iterations) {
  return std::max<Index>(1, iterations / 2);
}

// In a map a trial starts from the last fit.
void fit_in(const Window& window,
            const Setting& setting,
            Index iterations,
            bool is_trial,
            JointModel& model) {
  model.technique = setting.technique;
  model.is_raman = setting.technique == BandTechnique::raman;
  // Infrared bands of solids are broad: a background that bends on their scale would take them in.
  model.background_pieces = model.is_raman ? 20 : 4;
  if (setting.shared != nullptr) {
    setting.shared->fit(model, {.rounds = rounds_of(iterations), .is_trial = is_trial});
    return;
  }
  BandMixtureOptions options;
  options.shift_limit = shift_limit_cm1;
  options.start_shift = setting.shift_cm1;
  options.scans_shift = false;
  options.misfit = -1;
  options.misfit_reach = misfit_reach;
  options.lorentz_share_sd = lorentz_share_sd;
  options.skew_sd = skew_sd;
  options.group_log_fwhm_sd = group_log_fwhm_sd;
  options.iterations = iterations;
  options.background.knot_spacing = (window.x.back() - window.x.front()) / model.background_pieces;
  model.fit = fit_band_mixture(window.x,
                               window.y,
                               window.sigma,
                               model.bands,
                               static_cast<Index>(model.phases.size()),
                               options);
}

}  // namespace

std::pair<double, double> default_range(Technique technique) {
  return technique == Technique::raman ? std::pair{400.0, 1800.0} : std::pair{500.0, 1800.0};
}

std::string obstacle(const CompositionInput& input) {
  if (!input.axis.is_in_cm1()) {
    return "the axis is not in 1/cm, so band positions do not apply; state the laser wavelength "
           "(--laser) for Raman spectra stored against wavelength";
  }
  if (input.technique != Technique::raman && input.technique != Technique::ftir) {
    return "the technique is not known; state --technique raman or ftir";
  }
  if (input.technique == Technique::ftir && input.mode == SamplingMode::reflection) {
    return "reflection spectra mix absorption and dispersion; there are no references for them";
  }
  for (const double y : input.y) {
    if (!std::isfinite(y)) {
      return "the spectrum holds values that are not numbers";
    }
  }
  return {};
}

BandTechnique technique_of(const CompositionInput& input) {
  if (input.technique == Technique::raman) {
    return BandTechnique::raman;
  }
  return input.mode == SamplingMode::atr ? BandTechnique::ftir_atr
                                         : BandTechnique::ftir_transmission;
}

double robust_height(const Window& window) {
  auto sorted = window.y;
  std::sort(sorted.begin(), sorted.end());
  const auto tail = sorted.size() / 100;  // single noisy points do not count
  return sorted[sorted.size() - 1 - tail] - sorted[tail];
}

double observed_width(const ReferenceBand& band, const Setting& setting) {
  return std::hypot(band.fwhm_cm1, setting.instrument_width_cm1);
}

Window cut_window(const CompositionInput& input, double from_cm1, double to_cm1, Index stride) {
  Window window;
  window.first = input.axis.lower_bound(from_cm1);
  Index end = input.axis.lower_bound(to_cm1);
  if (end < input.axis.size() && input.axis.values()[static_cast<std::size_t>(end)] <= to_cm1) {
    ++end;
  }
  const auto count = end - window.first;
  if (count < 16) {
    return window;
  }
  const auto first = static_cast<std::size_t>(window.first);
  const auto x = input.axis.values().subspan(first, static_cast<std::size_t>(count));
  const auto y = input.y.subspan(first, static_cast<std::size_t>(count));
  window.x.assign(x.begin(), x.end());
  window.y.assign(y.begin(), y.end());
  const auto [low, high] = std::minmax_element(y.begin(), y.end());
  window.height = *high - *low;
  window.stride = stride > 0 ? stride : noise_stride(window.y);
  window.sigma = noise_profile(window.y, window.height, window.stride);
  auto sorted = window.sigma;
  window.noise = upper_median(sorted);
  return window;
}

JointModel build_model(const Window& window,
                       std::span<const Phase* const> phases,
                       const ReferenceLibrary& library,
                       const Setting& setting) {
  JointModel model;
  model.phases.assign(phases.begin(), phases.end());
  for (std::size_t p = 0; p < phases.size(); ++p) {
    const auto index = static_cast<Index>(p);
    for (const auto& row : phases[p]->bands(setting.technique)) {
      if (is_in_model_range(row, window)) {
        add_band(row, *phases[p], setting, index, model);
      }
    }
    add_carbonate(window, library, setting, index, model);
    for (const auto& [phase, row] : setting.borrowed) {
      if (phase == phases[p]) {
        add_band(*row, *phase, setting, index, model);
      }
    }
  }
  return model;
}

void add_unexplained(JointModel& model, std::span<const ResidualPeak> peaks) {
  for (const auto& peak : peaks) {
    for (std::size_t b = model.bands.size(); peak.instead != nullptr && b-- > 0;) {
      if (model.origin[b].reference == peak.instead) {
        model.bands.erase(model.bands.begin() + static_cast<Index>(b));
        model.origin.erase(model.origin.begin() + static_cast<Index>(b));
      }
    }
    MixtureBand band;
    band.center = peak.position_cm1;
    band.fwhm = peak.width_cm1;
    band.lorentz_share = 0.5;
    band.center_sd = 0.3 * peak.width_cm1;
    band.log_fwhm_sd = 0.4;
    model.bands.push_back(band);
    model.origin.push_back({-1, nullptr});
  }
}

double least_instrument_width(const Window& window) {
  constexpr double pixels = 1.5;
  return pixels * (window.x.back() - window.x.front()) / static_cast<double>(window.x.size() - 1);
}

double fitted_instrument_width(const Window& window,
                               const JointModel& model,
                               const Setting& setting) {
  constexpr double clear_sigma = 3;
  constexpr double widest_cm1 = 15;  // intrinsic; wider bands say little of the instrument
  constexpr double limit_cm1 = 20;
  const auto is_order = [&](std::size_t b) {  // apatites are wide by theirs
    const Index phase = model.origin[b].phase;
    return model.phases[static_cast<std::size_t>(phase)]->family == "apatite";
  };
  double sum = 0;
  double weight = 0;
  for (std::size_t b = 0; b < model.bands.size(); ++b) {
    const auto& fitted = model.fit.bands[b];
    const auto* row = model.origin[b].reference;
    if (row == nullptr || row->fwhm_cm1 > widest_cm1 || is_order(b) ||
        fitted.height < clear_sigma * fitted.height_u) {
      continue;
    }
    sum += fitted.height * (fitted.fwhm * fitted.fwhm - row->fwhm_cm1 * row->fwhm_cm1);
    weight += fitted.height;
  }
  return weight > 0 ? std::clamp(std::sqrt(std::max(0.0, sum / weight)),
                                 least_instrument_width(window),
                                 limit_cm1)
                    : setting.instrument_width_cm1;
}

void fit_model(const Window& window, const Setting& setting, Index iterations, JointModel& model) {
  fit_in(window, setting, iterations, false, model);
}

void try_model(const Window& window, const Setting& setting, Index iterations, JointModel& model) {
  fit_in(window, setting, iterations, true, model);
}

void accept_model(const Setting& setting, Index iterations, JointModel& model) {
  setting.shared->accept_trial(model, {.rounds = rounds_of(iterations)});
}

double area_of(const JointModel& model, Index phase) {
  double sum = 0;
  for (std::size_t b = 0; b < model.bands.size(); ++b) {
    sum += model.origin[b].phase == phase ? model.fit.bands[b].area : 0;
  }
  return sum;
}

double share_of(const JointModel& model, Index phase) {
  double total = 0;
  for (const auto& band : model.fit.bands) {
    total += band.area;
  }
  return total > 0 ? area_of(model, phase) / total : 0;
}

double median_of(std::vector<double> values) {
  return upper_median(values);
}

bool is_fitted(const JointModel& model) {
  return model.fit.status == MixtureStatus::converged ||
         model.fit.status == MixtureStatus::iteration_limit;
}

double share_uncertainty(const JointModel& model, std::size_t phase) {
  double total = 0;
  double pattern = 0;
  double height_u = std::numeric_limits<double>::infinity();
  for (std::size_t b = 0; b < model.bands.size(); ++b) {
    const auto& fitted = model.fit.bands[b];
    total += fitted.area;
    const auto& row = model.bands[b];
    if (model.origin[b].phase != static_cast<Index>(phase) || row.relative_height <= 0) {
      continue;
    }
    pattern += row.relative_height * pseudo_voigt_area(row.fwhm, row.lorentz_share);
    height_u = std::min(height_u, fitted.own_height_u / row.relative_height);
  }
  return total > 0 && std::isfinite(height_u) ? std::min(1.0, height_u * pattern / total) : 1.0;
}

}  // namespace calcispec::models::detail
