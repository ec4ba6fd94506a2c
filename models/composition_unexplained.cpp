// Bands that no phase of the model explains, and the phases that might.
#include "core/correlation.hpp"
#include "models/composition_private.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace calcispec::models::detail {
namespace {

// Of the tallest fitted height: bands missed by as much make the misfit by which they are judged.
constexpr double large_part = 0.15;
constexpr double flank_reach = 1.5;  // full widths
constexpr double flank_part = 0.2;   // of the strong band's height
constexpr double tail_reach_cm1 = 8;
constexpr double tail_part = 0.05;

// Solids have no bands this narrow between 1350 and 1900 1/cm; water vapour has hundreds, of which
// the tables hold the strongest. One narrow band alone may be something else.
constexpr double vapour_from_cm1 = 1350;
constexpr double vapour_to_cm1 = 1900;

bool is_like_vapour(const FittedMixtureBand& band) {
  constexpr double widest_cm1 = 11;
  return band.fwhm < widest_cm1 && band.center > vapour_from_cm1 && band.center < vapour_to_cm1;
}

// Less what is common to neighbours within `half` points.
std::vector<double> without_trend(std::span<const double> values, std::size_t half) {
  std::vector<double> out(values.size());
  for (std::size_t i = 0; i < values.size(); ++i) {
    const std::size_t from = i > half ? i - half : 0;
    const std::size_t to = std::min(values.size(), i + half + 1);
    double sum = 0;
    for (std::size_t k = from; k < to; ++k) {
      sum += values[k];
    }
    out[i] = values[i] - sum / static_cast<double>(to - from);
  }
  return out;
}

// The lines of water vapour run through what the fit leaves, upwards or downwards: the sample's
// beam was wetter or drier than that of the background measurement.
bool has_vapour(const Trials& trials, const JointModel& model) {
  constexpr double trend_cm1 = 15;
  constexpr double least_correlation = 0.4;  // four times that of chance: about a hundred widths
  const auto* vapour = trials.library.find("h2o_vapour");
  const auto& window = trials.window;
  const auto& x = window.x;
  const auto from = std::lower_bound(x.begin(), x.end(), vapour_from_cm1) - x.begin();
  const auto to = std::upper_bound(x.begin(), x.end(), vapour_to_cm1) - x.begin();
  if (vapour == nullptr || to - from < 32) {
    return false;
  }
  const auto first = static_cast<std::size_t>(from);
  const auto count = static_cast<std::size_t>(to - from);
  const auto places = std::span(x).subspan(first, count);
  std::vector<double> left(count);
  std::vector<double> lines(count, 0.0);
  for (std::size_t i = 0; i < count; ++i) {
    const std::size_t at = first + i;
    left[i] = window.y[at] - model.fit.fitted[at] - model.fit.background[at];
  }
  for (std::size_t b = 0; b < model.bands.size(); ++b) {
    const auto& band = model.fit.bands[b];
    if (model.origin[b].phase < 0 && is_like_vapour(band)) {
      add_pseudo_voigt(places, shape_of(band), band.height, left);
    }
  }
  MixtureBand line;
  for (const auto& row : vapour->bands(BandTechnique::ftir_transmission)) {
    line.center = row.position_cm1;
    line.fwhm = observed_width(row, trials.setting);
    line.lorentz_share = row.lorentz_share;
    add_pseudo_voigt(places, line, row.relative_intensity, lines);
  }
  const double step = (places.back() - places.front()) / static_cast<double>(count - 1);
  const auto half = static_cast<std::size_t>(std::max(1.0, trend_cm1 / step));
  left = without_trend(left, half);
  lines = without_trend(lines, half);
  double both = 0;
  double own = 0;
  double of_lines = 0;
  for (std::size_t i = 0; i < count; ++i) {
    both += left[i] * lines[i];
    own += left[i] * left[i];
    of_lines += lines[i] * lines[i];
  }
  return both * both > least_correlation * least_correlation * own * of_lines;
}

// Residual correlated with a zero-mean Gaussian: blind to slopes and offsets of the background.
std::vector<double> filtered(std::span<const double> residual,
                             Index half,
                             double width_points,
                             double& gain) {
  std::vector<double> kernel(static_cast<std::size_t>(2 * half + 1));
  double mean = 0;
  for (Index k = -half; k <= half; ++k) {
    const double u = static_cast<double>(k) / width_points;
    kernel[static_cast<std::size_t>(k + half)] = std::exp(-2.7726 * u * u);  // 4 ln 2
    mean += kernel[static_cast<std::size_t>(k + half)];
  }
  mean /= static_cast<double>(kernel.size());
  gain = 0;
  for (double& value : kernel) {
    gain += value * (value - mean);
    value -= mean;
  }
  for (double& value : kernel) {
    value /= gain;  // height of the band
  }
  std::vector<double> out(residual.size(), 0.0);
  const auto inner = residual.size() - kernel.size() + 1;
  correlate(residual, kernel, std::span(out).subspan(static_cast<std::size_t>(half), inner));
  return out;
}

struct Search {
  const Window& window;
  std::vector<double> residual;
  std::span<const double> sigma;
  double least_height;
  bool counts_misfit;  // else noise and the residual's own scatter alone
  std::vector<ResidualPeak> found;
};

// The misfit of the bands is correlated over a band's width, so a height from many points is no
// better known than one point's misfit.
void search_width(double width_cm1, double misfit_floor, const JointModel& model, Search& search) {
  const auto& x = search.window.x;
  const double step = (x.back() - x.front()) / static_cast<double>(x.size() - 1);
  const double width_points = width_cm1 / step;
  const Index half = static_cast<Index>(std::ceil(1.5 * width_points));
  const auto points = static_cast<Index>(x.size());
  if (width_points < 2 || 2 * half + 1 >= points) {
    return;
  }
  double gain = 0;
  const auto height = filtered(search.residual, half, width_points, gain);
  std::vector<double> size(height.begin() + half, height.end() - half);
  for (double& value : size) {
    value = std::abs(value);
  }
  const double own = 1.4826 * median_of(std::move(size));
  const double least = std::max(search.least_height, unexplained_sigma * own);
  for (Index i = half + 1; i + half + 1 < points; ++i) {
    const auto at = static_cast<std::size_t>(i);
    if (height[at] <= least || height[at] <= height[at - 1] || height[at] < height[at + 1]) {
      continue;
    }
    const double noise = search.window.sigma[at];
    const double alone = std::max(noise / std::sqrt(gain), own);
    if (height[at] <= unexplained_sigma * alone) {
      continue;
    }
    const double whole = search.sigma[at];
    const double misfit = std::sqrt(std::max(0.0, whole * whole - noise * noise));
    const double u = search.counts_misfit
                         ? std::hypot(alone, misfit + misfit_floor * model.fit.fitted[at])
                         : alone;
    if (height[at] > unexplained_sigma * u) {
      search.found.push_back({x[at], width_cm1, height[at], height[at] / u});
    }
  }
}

// What stands on the flank of a much stronger fitted band is that band's shape, not another band; a
// spectrometer's tail reaches some 1/cm further and is lower.
bool is_flank(const ResidualPeak& peak, const JointModel& model) {
  return std::any_of(model.fit.bands.begin(), model.fit.bands.end(), [&](const auto& band) {
    const double distance = std::abs(band.center - peak.position_cm1);
    const double reach = flank_reach * band.fwhm;
    return (distance < reach && peak.height < flank_part * band.height) ||
           (distance < reach + tail_reach_cm1 && peak.height < tail_part * band.height);
  });
}

std::vector<ResidualPeak> find_peaks_above(double least_height,
                                           bool counts_misfit,
                                           const Window& window,
                                           const JointModel& model) {
  Search search{window, {}, model.fit.sigma, least_height, counts_misfit, {}};
  search.residual.resize(window.x.size());
  for (std::size_t i = 0; i < window.x.size(); ++i) {
    search.residual[i] = window.y[i] - model.fit.fitted[i] - model.fit.background[i];
  }
  for (const double width : {6.0, 12.0, 24.0, 48.0, 96.0}) {
    search_width(width, 0.02, model, search);
  }
  std::stable_sort(
      search.found.begin(), search.found.end(), [](const ResidualPeak& a, const ResidualPeak& b) {
        return a.height_sigma > b.height_sigma;
      });
  std::vector<ResidualPeak> apart;
  for (const auto& peak : search.found) {
    const bool is_near = std::any_of(apart.begin(), apart.end(), [&](const ResidualPeak& other) {
      return std::abs(other.position_cm1 - peak.position_cm1) <
             std::max(other.width_cm1, peak.width_cm1);
    });
    if (!is_near && apart.size() < 12 && !is_flank(peak, model)) {
      apart.push_back(peak);
    }
  }
  return apart;
}

// Those that are high beside the fitted bands, however large the misfit around them.
std::vector<ResidualPeak> find_large_peaks(const Window& window, const JointModel& model) {
  const auto& fitted = model.fit.fitted;
  const double large = large_part * *std::max_element(fitted.begin(), fitted.end());
  return find_peaks_above(large, false, window, model);
}

}  // namespace

std::vector<ResidualPeak> find_residual_peaks(const Window& window, const JointModel& model) {
  return find_peaks_above(0, true, window, model);
}

std::vector<UnexplainedBand> unexplained_bands(const Trials& trials, const JointModel& model) {
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
  if (is_named || lines >= vapour_lines || (lines > 0 && has_vapour(trials, model))) {
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
  if (model.technique == BandTechnique::ftir_atr) {
    return out;  // optics change heights
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
    if (model.origin[b].phase < 0 || row.relative_height > second_part * strongest[phase] ||
        (!model.is_raman && model.phases[phase]->role == PhaseRole::mineral)) {
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

void borrow_rows(const Trials& trials,
                 const JointModel& model,
                 std::vector<ResidualPeak>& peaks,
                 std::vector<BorrowedRow>& borrowed) {
  constexpr double most_sd = 2;       // of the logarithm of a height
  constexpr double log_height = 0.6;  // its sd within a family
  const auto technique = trials.setting.technique;
  const auto is_at = [&](const ReferenceBand& row, const ResidualPeak& peak) {
    return std::abs(peak.position_cm1 - row.position_cm1 - trials.setting.shift_cm1) <
           0.5 * observed_width(row, trials.setting);
  };
  std::erase_if(peaks, [&](const ResidualPeak& peak) {
    for (std::size_t p = 0; p < model.phases.size(); ++p) {
      const auto& own = *model.phases[p];
      if (own.role != PhaseRole::mineral || is_near_row(peak, own, trials.setting)) {
        continue;
      }
      for (const auto& kin : trials.library.phases) {
        if (&kin == &own || !is_same_kind(kin, own, technique)) {
          continue;
        }
        const auto rows = kin.bands(technique);
        const auto row = std::find_if(rows.begin(), rows.end(), [&](const ReferenceBand& other) {
          const double expected = model.fit.amounts[p] * other.relative_intensity / 100;
          return is_at(other, peak) && peak.height < expected * std::exp(most_sd * log_height);
        });
        const bool is_known =
            std::any_of(borrowed.begin(), borrowed.end(), [&](const BorrowedRow& other) {
              return other.phase == &own && is_at(*other.row, peak);
            });
        if (row != rows.end() && !is_known) {
          borrowed.push_back({&own, &*row});
          return true;
        }
      }
    }
    return false;
  });
}

void add_outgrown(std::span<const ResidualPeak> outgrown, std::vector<ResidualPeak>& peaks) {
  const auto known = peaks.size();
  std::vector<double> nearest(known, std::numeric_limits<double>::infinity());
  for (const auto& band : outgrown) {
    bool is_near = false;
    for (std::size_t p = 0; p < known; ++p) {
      auto& peak = peaks[p];
      const double distance = std::abs(peak.position_cm1 - band.position_cm1);
      if (distance >= std::max(peak.width_cm1, band.width_cm1)) {
        continue;
      }
      is_near = true;
      if (distance < nearest[p]) {
        nearest[p] = distance;
        peak.instead = band.instead;
      }
    }
    if (!is_near) {
      peaks.push_back(band);
    }
  }
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
  constexpr double least_of_wide = 0.02;  // of matrix in transmission: amide I and II leave no peak
  constexpr std::size_t most = 5;         // at a time
  struct Candidate {
    const Phase* phase;
    double part;
  };
  const auto technique = trials.setting.technique;
  if (peaks.empty() && screened.empty()) {
    return {};
  }
  std::vector<Candidate> candidates;
  for (const auto& phase : trials.library.phases) {
    const bool is_screened = std::find(screened.begin(), screened.end(), &phase) != screened.end();
    const double part =
        is_screened ? 1 : explained_part(phase, trials.window, trials.setting, peaks);
    const bool hides_itself =
        phase.role != PhaseRole::mineral && technique == BandTechnique::ftir_transmission;
    const double enough = hides_itself ? least_of_wide : least_explained;
    if (part >= enough && is_open(phase) && phase.role != PhaseRole::site &&
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
