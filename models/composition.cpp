// estimate_composition(): screen, fit, name, look for what is left, summarise.
#include "models/composition_private.hpp"

#include <algorithm>
#include <cmath>
#include <limits>

namespace calcispec::models {

using namespace detail;

namespace {

constexpr double axis_limit_cm1 = 3;  // beyond it nothing is named without an axis standard
constexpr Index prune_rounds = 10;
constexpr int growth_rounds = 3;
constexpr double least_absorbance = 0.02;
constexpr double main_share = 0.15;            // of the screened patterns: fitted from the start
constexpr double alternative_chi_square = 10;  // less than this apart: cannot be told apart
constexpr double alternative_likeness = 0.9;

std::pair<double, double> default_range(Technique technique) {
  return technique == Technique::raman ? std::pair{400.0, 1800.0} : std::pair{500.0, 1800.0};
}

Composition refusal(const std::string& reason) {
  Composition out;
  out.total.status = EstimateStatus::not_determinable;
  out.total.reason = reason;
  out.unexplained.reason = reason;
  return out;
}

// Empty if the composition can be tried.
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
  if (input.technique == Technique::ftir && input.mode != SamplingMode::atr &&
      input.mode != SamplingMode::transmission) {
    return "the sampling mode is not known and bands differ by up to 30 1/cm between them; state "
           "--mode transmission or atr";
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

// What one phase's share would be uncertain by: its strongest band's height, scaled to its area.
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

class Estimator {
 public:
  Estimator(const CompositionInput& input,
            const ReferenceLibrary& library,
            Window window,
            Composition& out)
      : library_(library), window_(std::move(window)), out_(out) {
    setting_.technique = technique_of(input);
  }

  void run() {
    const auto screening = screen_phases(window_, library_, setting_.technique);
    setting_.instrument_width_cm1 = screening.instrument_width_cm1;
    setting_.shift_cm1 = screening.shift_cm1;
    for (std::size_t p = 0; p < screening.phases.size(); ++p) {
      if (p == 0 || screening.shares[p] >= main_share) {
        phases_.push_back(screening.phases[p]);
      }
    }
    prune();
    for (int round = 0; round < growth_rounds && add_missing(); ++round) {
      prune();
    }
    finish();
  }

 private:
  void fit(Index iterations) {
    model_ = build_model(window_, phases_, library_, setting_);
    add_unexplained(model_, peaks_);
    fit_model(window_, setting_, iterations, model_);
    if (!phases_.empty()) {
      setting_.shift_cm1 = model_.fit.shift;
    }
  }

  // Fits and takes out phases that fail the naming rule, the worst first, until all pass.
  void prune() {
    for (Index round = 0; round < prune_rounds; ++round) {
      fit(8);
      if (!remove_failing()) {
        return;
      }
    }
  }

  bool remove_failing() {
    std::vector<Verdict> verdicts;
    double worst = 0;
    for (std::size_t p = 0; p < phases_.size(); ++p) {
      verdicts.push_back(judge(model_, static_cast<Index>(p)));
      worst = std::max(worst, verdicts.back().lack);
    }
    if (worst <= 0) {
      return false;
    }
    // Clearly absent ones go together. Else only the smallest, for it may have taken the place of
    // another.
    const bool is_clear = worst >= 1e6;
    std::size_t smallest = phases_.size();
    for (std::size_t p = 0; p < phases_.size(); ++p) {
      if (verdicts[p].lack > 0 && (smallest == phases_.size() || area(p) < area(smallest))) {
        smallest = p;
      }
    }
    std::vector<const Phase*> kept;
    for (std::size_t p = 0; p < phases_.size(); ++p) {
      if (is_clear ? verdicts[p].lack < 1e6 : p != smallest) {
        kept.push_back(phases_[p]);
        continue;
      }
      ruled_out_.push_back({phases_[p], verdicts[p].finding, share_uncertainty(model_, p)});
    }
    phases_ = std::move(kept);
    return true;
  }

  [[nodiscard]] double area(std::size_t phase) const {
    double sum = 0;
    for (std::size_t b = 0; b < model_.bands.size(); ++b) {
      sum += model_.origin[b].phase == static_cast<Index>(phase) ? model_.fit.bands[b].area : 0;
    }
    return sum;
  }

  // Phases whose strongest measured band stands where the fit left a band unexplained.
  bool add_missing() {
    bool is_changed = false;
    const auto peaks = find_residual_peaks(window_, model_);
    for (const auto& phase : library_.phases) {
      if (phases_.size() < 12 && is_new(phase) && stands_out(phase, setting_.technique) &&
          explains(phase, peaks)) {
        phases_.push_back(&phase);
        is_changed = true;
      }
    }
    return is_changed;
  }

  [[nodiscard]] bool is_new(const Phase& phase) const {
    const auto is_same = [&](const Phase* other) {
      return other == &phase || other->family == phase.family;
    };
    return std::none_of(phases_.begin(), phases_.end(), is_same) &&
           std::none_of(ruled_out_.begin(), ruled_out_.end(), [&](const RuledOut& row) {
             return row.phase == &phase;
           });
  }

  // The strongest measured band stands at a peak, or two bands do.
  [[nodiscard]] bool explains(const Phase& phase, std::span<const ResidualPeak> peaks) const {
    const ReferenceBand* strongest = nullptr;
    for (const auto& row : phase.bands(setting_.technique)) {
      if (is_measured(row) &&
          (strongest == nullptr || row.relative_intensity > strongest->relative_intensity)) {
        strongest = &row;
      }
    }
    int matched = 0;
    bool is_strongest_matched = false;
    for (const auto& row : phase.bands(setting_.technique)) {
      const double reach = 3 + 0.15 * row.fwhm_cm1;
      const bool is_matched =
          is_measured(row) && std::any_of(peaks.begin(), peaks.end(), [&](const auto& peak) {
            return std::abs(row.position_cm1 + setting_.shift_cm1 - peak.position_cm1) <= reach;
          });
      matched += is_matched ? 1 : 0;
      is_strongest_matched = is_strongest_matched || (is_matched && &row == strongest);
    }
    return is_strongest_matched || (matched >= 2 && 3 * matched >= band_count(phase));
  }

  [[nodiscard]] bool is_measured(const ReferenceBand& row) const {
    return row.position_cm1 > window_.x.front() && row.position_cm1 < window_.x.back();
  }

  [[nodiscard]] int band_count(const Phase& phase) const {
    const auto bands = phase.bands(setting_.technique);
    return static_cast<int>(std::count_if(
        bands.begin(), bands.end(), [&](const ReferenceBand& row) { return is_measured(row); }));
  }

  void finish() {
    const auto named = phases_;
    peaks_ = find_residual_peaks(window_, model_);
    fit(12);
    if (remove_failing()) {
      // Free bands near those of a phase that was named without them have taken its place: they
      // are its misfit.
      drop_peaks_of_lost(named);
      phases_ = named;
      fit(12);
    }
    for (int round = 0; round < 3 && remove_failing(); ++round) {
      fit(12);
    }
    record_unexplained();
    if (model_.fit.status != MixtureStatus::converged &&
        model_.fit.status != MixtureStatus::iteration_limit) {
      out_.total.reason = "the joint fit of bands and background did not succeed";
      return;
    }
    summarise(window_, model_, library_, setting_, ruled_out_, out_);
    conclude();
  }

  void drop_peaks_of_lost(const std::vector<const Phase*>& named) {
    for (const auto* phase : named) {
      if (std::find(phases_.begin(), phases_.end(), phase) != phases_.end()) {
        continue;
      }
      for (const auto& row : phase->bands(setting_.technique)) {
        const double reach = 3 * observed_width(row, setting_);
        peaks_.erase(std::remove_if(peaks_.begin(),
                                    peaks_.end(),
                                    [&](const ResidualPeak& peak) {
                                      return std::abs(peak.position_cm1 - row.position_cm1 -
                                                      setting_.shift_cm1) < reach;
                                    }),
                     peaks_.end());
      }
    }
  }

  void record_unexplained() {
    for (std::size_t b = 0; b < model_.bands.size(); ++b) {
      const auto& band = model_.fit.bands[b];
      const double sigma = band.height_u > 0 ? band.height / band.height_u : 0;
      if (model_.origin[b].phase < 0 && sigma > 5) {
        out_.unexplained_bands.push_back({band.center, sigma});
      }
    }
    out_.unexplained_flag = !out_.unexplained_bands.empty();
  }

  // Contact, purge and detector leave structures of this size in absorbance spectra.
  [[nodiscard]] double robust_height() const {
    auto sorted = window_.y;
    std::sort(sorted.begin(), sorted.end());
    const auto tail = sorted.size() / 100;  // single noisy points do not count
    return sorted[sorted.size() - 1 - tail] - sorted[tail];
  }

  [[nodiscard]] bool is_too_weak() const {
    const auto top = std::max_element(model_.fit.fitted.begin(), model_.fit.fitted.end());
    return setting_.technique != BandTechnique::raman &&
           std::min(robust_height(), *top) < least_absorbance;
  }

  void conclude() {
    if (is_too_weak()) {
      refuse_all(
          "no identifiable band: nothing rises above the 0.02 absorbance within which an "
          "infrared background can bend by itself");
      return;
    }
    if (phases_.empty()) {
      out_.total.reason = out_.unexplained_flag
                              ? "no identifiable band: the bands found belong to no reference"
                              : "no identifiable band";
      return;
    }
    if (std::abs(out_.axis.shift_cm1) > axis_limit_cm1) {
      refuse_axis();
      return;
    }
    out_.total.status = EstimateStatus::ok;
    out_.total.value = 1;
    out_.total.u = 0;
    out_.total.lo95 = 1;
    out_.total.hi95 = 1;
  }

  void refuse_axis() {
    refuse_all("the axis is off by about " +
               std::to_string(static_cast<int>(std::lround(out_.axis.shift_cm1))) +
               " 1/cm, more than the 3 1/cm within which phases are named; calibrate the axis");
  }

  // Phases stay listed, without numbers.
  void refuse_all(const std::string& reason) {
    out_.total.reason = reason;
    for (auto* list : {&out_.phases, &out_.matrix}) {
      for (auto& entry : *list) {
        entry.status = PhaseStatus::not_determinable;
        entry.share = Estimate{};
        entry.share.reason = reason;
      }
    }
    out_.groups.clear();
    out_.unexplained = Estimate{};
    out_.unexplained.reason = reason;
  }

  const ReferenceLibrary& library_;
  Window window_;
  Composition& out_;
  Setting setting_;
  std::vector<const Phase*> phases_;
  std::vector<ResidualPeak> peaks_;
  std::vector<RuledOut> ruled_out_;
  JointModel model_;
};

}  // namespace

Composition estimate_composition(const CompositionInput& input,
                                 const ReferenceLibrary& library,
                                 const CompositionOptions& options) {
  const auto reason = obstacle(input);
  if (!reason.empty()) {
    return refusal(reason);
  }
  const auto range = options.range_cm1.value_or(default_range(input.technique));
  auto window = cut_window(input, range.first, range.second);
  if (window.x.empty()) {
    return refusal("fewer than 16 points lie in the range of the composition");
  }
  Composition out;
  out.from_cm1 = window.x.front();
  out.to_cm1 = window.x.back();
  out.noise_sigma = window.noise;
  if (!(window.height > 0)) {
    auto flat = refusal("the spectrum is constant");
    flat.from_cm1 = out.from_cm1;
    flat.to_cm1 = out.to_cm1;
    return flat;
  }
  Estimator(input, library, std::move(window), out).run();
  return out;
}

}  // namespace calcispec::models
