// One spectrum in one mode: screen, fit, name, look for what is left, summarise.
#include "models/ruled_out_private.hpp"

#include <algorithm>
#include <optional>
#include <utility>

namespace calcispec::models {

using namespace detail;  // NOLINT(google-build-using-namespace): parts of this module

namespace {

constexpr Index prune_rounds = 10;
constexpr int growth_rounds = 4;
constexpr double largest_misfit = 0.3;  // of the bands' rms; lines of spectrometers miss 0.1
constexpr double kin_misfit = 0.05;     // likewise: another member of a family may miss less

class Estimator {
 public:
  Estimator(Window window,
            const ReferenceLibrary& library,
            const Setting& setting,
            const CommonStart* start,
            const Screening& screening,
            Composition& out)
      : library_(library), window_(std::move(window)), start_(start), out_(out), setting_(setting) {
    if (start_ != nullptr) {
      phases_ = start_->phases;
      tried_ = start_->screened;
      ruled_out_.add(start_->absent);
      uncertain_ = start_->uncertain;
    } else {
      begin_with(screening);
    }
  }

  Findings run() {
    prune();
    grow();
    if (has_misfitting_kin()) {
      prune();
      grow();
    }
    // The last fit may show that a phase had taken the place of another.
    for (bool is_open = true; is_open;) {
      const bool is_changed = finish();
      const bool is_unlike = drop_if_unlike();
      is_open = (is_changed || is_unlike) && growth_left_ > 0 && add_missing();
      if (is_open) {
        --growth_left_;
        prune();
        grow();
      }
    }
    if (is_unlike_) {
      return {JointModel{}, setting_, {}, true};
    }
    find_unexplained();
    compare_kin();
    weigh();
    if (is_alone() && is_outweighed(model_) && has_better_kin()) {
      fit(12);
      compare_kin();
      weigh();
    }
    admit_decisive();
    conclude();
    return {std::move(model_), setting_, std::move(tried_), false};
  }

 private:
  void begin_with(const Screening& screening) {
    setting_.instrument_width_cm1 = screening.instrument_width_cm1;
    setting_.shift_cm1 = screening.shift_cm1;
    tried_ = screening.phases;
    phases_ = fitted_from_start(screening);
    screened_ = traces_that_hide(screening, setting_.technique);
  }

  [[nodiscard]] std::span<const Phase* const> weightless() const {
    return is_alone() ? std::span<const Phase* const>() : start_->map.weightless;
  }

  // Nothing but the spectrum itself is known.
  [[nodiscard]] bool is_alone() const { return start_ == nullptr; }

  void fit(Index iterations) {
    model_ = build_model(window_, phases_, library_, setting_);
    add_unexplained(model_, peaks_);
    fit_model(window_, setting_, iterations, model_);
    forget_findings();
    if (is_alone() && !phases_.empty()) {
      setting_.shift_cm1 = model_.fit.shift;
      if (setting_.technique == BandTechnique::raman) {
        setting_.instrument_width_cm1 = fitted_instrument_width(window_, model_, setting_);
      }
    }
  }

  // Fits and takes out phases that fail the naming rule, the worst first, and those that the others
  // can do without, until none is left.
  void prune() {
    is_model_fitted_ = false;
    for (Index round = 0; round < prune_rounds; ++round) {
      if (!std::exchange(is_model_fitted_, false)) {
        fit(8);
      }
      if (round == 0 && is_alone()) {
        compare_kin();
      } else if (round == 0) {
        admit_uncertain();
      }
      // A rival that holds its strongest band makes a right phase fail: rivals first.
      const bool is_changed = has_failing_rival(model_, verdicts()) && remove_redundant();
      if (!is_changed && !remove_failing() && !remove_redundant()) {
        return;
      }
    }
  }

  // In a map: phases that a coarse look cannot tell from nothing.
  void admit_uncertain() {
    std::vector<RuledOut> unasked;
    const auto asked = asked_for(tools(), std::exchange(uncertain_, {}), unasked);
    ruled_out_.add(unasked);
    if (!asked.empty()) {
      phases_.insert(phases_.end(), asked.begin(), asked.end());
      fit(8);
    }
  }

  // The best of a kind takes its place; the others are listed where they fit as well. Apatites have
  // their own rule, for their members differ by less than samples of one member do.
  void compare_kin() {
    std::vector<std::vector<std::string>> alike(phases_.size());
    const auto before = phases_;
    for (std::size_t p = 0; p < phases_.size(); ++p) {
      if (phases_[p]->role != PhaseRole::mineral) {
        const bool is_known = !is_alone() && start_->map.alike.contains(phases_[p]);
        alike[p] = is_known ? start_->map.alike.at(phases_[p])
                            : take_best_of_kind(tools(), p, phases_, model_);
      }
    }
    if (phases_ != before) {
      if (!is_alone()) {
        fit_model(window_, setting_, 8, model_);  // it has only been tried
      }
      forget_findings();
    }
    model_.alike = std::move(alike);
  }

  // On a model that was another one.
  void forget_findings() {
    residual_peaks_.reset();
    verdicts_.clear();
  }

  // Judged once.
  [[nodiscard]] const std::vector<Verdict>& verdicts() {
    for (std::size_t p = verdicts_.size(); p < model_.phases.size(); ++p) {
      verdicts_.push_back(judge(window_, model_, static_cast<Index>(p)));
    }
    return verdicts_;
  }

  // Of the model as it is; searched for once.
  [[nodiscard]] const std::vector<ResidualPeak>& residual_peaks() {
    if (!residual_peaks_) {
      residual_peaks_ = find_residual_peaks(window_, model_);
    }
    return *residual_peaks_;
  }

  void weigh() {
    model_.alternatives = weigh_refused(tools(), tried_, ruled_out_.rows(), weightless(), model_);
  }

  // A phase more that is nearly sure and passes the naming rule gets its name.
  void admit_decisive() {
    for (int round = 0; round < growth_rounds; ++round) {
      const auto* phase = decisive_phase(window_, model_);
      if (phase == nullptr) {
        return;
      }
      const auto peaks = peaks_;
      phases_.push_back(phase);
      drop_peaks_of(*phase, setting_, peaks_);
      fit(12);
      free_outgrown();
      const bool stands = last_stands(verdicts());
      if (!stands) {
        phases_.pop_back();
        peaks_ = peaks;
        fit(12);
      }
      compare_kin();
      weigh();
      if (!stands) {
        return;
      }
    }
  }

  // A row far above what its phase shows elsewhere holds another substance's band.
  void free_outgrown() {
    const auto outgrown = find_outgrown_bands(model_);
    if (!outgrown.empty()) {
      add_outgrown(outgrown, peaks_);
      fit(12);
    }
  }

  // What the phase more mends may be the wrong member of a family.
  bool has_better_kin() {
    bool is_changed = false;
    for (std::size_t p = 0; p < phases_.size(); ++p) {
      if (phases_[p]->role == PhaseRole::mineral) {
        is_changed = replace_by_kin(p, Finding::named) || is_changed;
      }
    }
    return is_changed;
  }

  [[nodiscard]] Trials tools() const { return {window_, library_, setting_, peaks_}; }

  void grow() {
    while (growth_left_ > 0) {
      const auto before = phases_;
      const bool stood_well = misfit_of(window_, model_) < 0.5 * largest_misfit;
      if (!add_missing()) {
        return;
      }
      --growth_left_;
      prune();
      if (stood_well) {
        revert_if_vain(before);
      }
    }
  }

  // What was tried has gone again and taken a phase along that stood without it.
  void revert_if_vain(const std::vector<const Phase*>& before) {
    const auto is_before = [&](const Phase* phase) {
      return std::find(before.begin(), before.end(), phase) != before.end();
    };
    if (phases_.size() == before.size() ||
        !std::all_of(phases_.begin(), phases_.end(), is_before)) {
      return;
    }
    ruled_out_.forget(before);
    phases_ = before;
    fit(8);
  }

  // Of phases that claim the same bands, the one the fit misses least goes, unless it is missed.
  bool remove_redundant() {
    auto found = find_redundant(tools(), phases_, model_);
    if (!found) {
      return false;
    }
    take_out(found->phase, Finding::redundant);
    if (found->is_last && !is_alone() && is_fitted(found->trial)) {
      model_ = std::move(found->trial);
      accept_model(setting_, 8, model_);
      forget_findings();
      is_model_fitted_ = true;
    }
    return true;
  }

  bool remove_failing() {
    const auto& verdicts = this->verdicts();
    double worst = 0;
    for (const auto& verdict : verdicts) {
      worst = std::max(worst, verdict.lack);
    }
    if (worst <= 0) {
      return false;
    }
    for (std::size_t p = 0; p < phases_.size(); ++p) {
      if (verdicts[p].lack > 0 && replace_by_kin(p, verdicts[p].finding)) {
        return true;
      }
    }
    // Clearly absent ones go together.
    const bool is_clear = worst >= 1e6;
    const std::size_t first = first_to_go(model_, verdicts);
    // In the infrared the bands of all phosphates stand within one another.
    if (model_.is_raman && !is_clear && verdicts[first].finding == Finding::main_band_missing) {
      const std::size_t usurper = find_usurper(tools(), phases_, first);
      if (usurper < phases_.size()) {
        take_out(usurper, Finding::redundant);
        return true;
      }
    }
    std::vector<const Phase*> kept;
    bool is_any_misplaced = false;
    for (std::size_t p = 0; p < phases_.size(); ++p) {
      if (is_clear ? verdicts[p].lack < 1e6 : p != first) {
        kept.push_back(phases_[p]);
        continue;
      }
      ruled_out_.reopen_rivals_of(*phases_[p], tools());
      ruled_out_.add(model_, p, *phases_[p], verdicts[p].finding);
      if (verdicts[p].finding == Finding::misplaced) {
        forget_shift();  // it has drawn the axis towards itself
        is_any_misplaced = true;
      }
    }
    phases_ = std::move(kept);
    if (is_any_misplaced) {
      readmit_redundant();  // it may have stood where another belongs
    }
    return true;
  }

  void take_out(std::size_t p, Finding finding) {
    ruled_out_.add(model_, p, *phases_[p], finding);
    phases_.erase(phases_.begin() + static_cast<Index>(p));
  }

  // Bands are missed, and another member of a family misses clearly less.
  bool has_misfitting_kin() { return misfit_of(window_, model_) > kin_misfit && has_better_kin(); }

  // Another member of its family takes over; for one that stands (`named`) only if far better.
  bool replace_by_kin(std::size_t p, Finding finding) {
    if (setting_.technique == BandTechnique::ftir_atr) {
      return false;  // optics move the bands further than members differ
    }
    const double shift = setting_.shift_cm1;
    if (finding == Finding::misplaced || finding == Finding::named) {
      forget_shift();
    }
    const auto is_open = [&](const Phase& phase) { return !ruled_out_.holds(phase); };
    const auto* best = find_standing_kin(tools(),
                                         p,
                                         phases_,
                                         is_open,
                                         finding == Finding::named ? redundant_chi_square : -1e300,
                                         model_);
    if (best == nullptr) {
      setting_.shift_cm1 = shift;
      return false;
    }
    const auto reason = finding == Finding::named ? Finding::redundant : finding;
    ruled_out_.add(model_, p, *phases_[p], reason);
    phases_[p] = best;
    return true;
  }

  void forget_shift() { setting_.shift_cm1 = is_alone() ? 0 : start_->map.setting.shift_cm1; }

  // In the infrared nearly every phase has rivals, and all would come back.
  void readmit_redundant() {
    for (const auto* phase : ruled_out_.take_redundant()) {
      const bool is_there = std::any_of(phases_.begin(), phases_.end(), [&](const Phase* other) {
        return is_same_kind(*other, *phase, setting_.technique);
      });
      if (setting_.technique == BandTechnique::raman && !is_there) {
        phases_.push_back(phase);
      }
    }
  }

  bool add_missing() {
    auto missing = find_missing(
        tools(), peaks_to_search(), screened_, [&](const Phase& phase) { return is_new(phase); });
    screened_.clear();
    if (missing.empty() && ruled_out_.has_reopened()) {
      missing = find_missing(tools(), peaks_, {}, [&](const Phase& phase) {
        return ruled_out_.was_reopened(phase) && is_new(phase);
      });
      for (const auto* phase : missing) {
        drop_peaks_of(*phase, setting_, peaks_);
      }
    }
    phases_.insert(phases_.end(), missing.begin(), missing.end());
    return !missing.empty();
  }

  // Without those that other spectra of the map show and that no phase of the library explains.
  [[nodiscard]] std::vector<ResidualPeak> peaks_to_search() {
    auto peaks = residual_peaks();
    if (!is_alone()) {
      drop_near(start_->map.peaks, peaks);
    }
    return peaks;
  }

  [[nodiscard]] bool is_new(const Phase& phase) const {
    const auto is_same = [&](const Phase* other) {
      return is_same_kind(*other, phase, setting_.technique);
    };
    return std::none_of(phases_.begin(), phases_.end(), is_same) && !ruled_out_.holds(phase);
  }

  // True if a phase was taken out again at the end.
  bool finish() {
    const auto named = phases_;
    peaks_ = residual_peaks();
    const auto known = setting_.borrowed.size();
    borrow_rows(tools(), model_, peaks_, setting_.borrowed);
    add_outgrown(find_outgrown_bands(model_), peaks_);
    if (!is_alone() && peaks_.empty() && setting_.borrowed.size() == known) {
      return false;  // a fit with shared shapes is as good as it gets the first time
    }
    fit(12);
    if (remove_failing()) {
      // Free bands near those of a phase that was named without them have taken its place: they
      // are its misfit.
      for (const auto* phase : named) {
        if (std::find(phases_.begin(), phases_.end(), phase) == phases_.end()) {
          drop_peaks_of(*phase, setting_, peaks_);
        }
      }
      phases_ = named;
      fit(12);
    }
    bool is_changed = false;
    for (int round = 0; round < 3 && remove_failing(); ++round) {
      is_changed = true;
      fit(12);
    }
    if (is_changed) {
      show_what_is_left();
    }
    return is_changed;
  }

  // A phase that was taken out leaves its bands behind, which belong to something.
  void show_what_is_left() {
    const auto left = residual_peaks();
    if (!left.empty()) {
      peaks_.insert(peaks_.end(), left.begin(), left.end());
      fit(12);
    }
  }

  // References that leave much of the signal unfitted are the wrong ones.
  bool drop_if_unlike() {
    if (phases_.empty() || misfit_of(window_, model_) < largest_misfit) {
      return false;
    }
    if (!is_alone()) {
      is_unlike_ = true;
      return false;
    }
    while (!phases_.empty()) {
      take_out(phases_.size() - 1, Finding::misplaced);
    }
    ruled_out_.take_redundant();
    peaks_.clear();
    forget_shift();
    fit(4);
    return true;
  }

  // Where nothing is named, the bands stand alone.
  void find_unexplained() {
    if (phases_.empty()) {
      peaks_.clear();
      fit(4);
      peaks_ = residual_peaks();
      fit(8);
    }
  }

  void conclude() {
    if (is_alone() && is_fitted(model_)) {
      add_large_peaks(window_, model_);
      forget_findings();
    }
    out_.unexplained_bands = unexplained_bands(tools(), model_);
    out_.unexplained_flag = !out_.unexplained_bands.empty();
    if (!is_fitted(model_)) {
      out_.total.reason = "the joint fit of bands and background did not succeed";
      return;
    }
    const Concluded what{window_, model_, library_, setting_, verdicts()};
    summarise(what, ruled_out_.rows(), out_);
    judge_whole(what, out_);
  }

  const ReferenceLibrary& library_;
  Window window_;
  const CommonStart* start_;
  Composition& out_;
  Setting setting_;
  std::vector<const Phase*> phases_;
  std::vector<const Phase*> tried_;     // by the screening, largest first
  std::vector<const Phase*> screened_;  // traces, tried once the main phases stand
  std::vector<ResidualPeak> peaks_;
  std::optional<std::vector<ResidualPeak>> residual_peaks_;
  std::vector<Verdict> verdicts_;  // on the model as it is; empty: not judged so far
  RuledOutPhases ruled_out_;
  std::vector<RuledOut> uncertain_;  // as long as nothing was fitted
  bool is_model_fitted_ = false;     // with the phases as they are now
  int growth_left_ = growth_rounds;
  bool is_unlike_ = false;
  JointModel model_;
};

}  // namespace

namespace detail {

Findings estimate_from(Window window,
                       const ReferenceLibrary& library,
                       const Setting& setting,
                       const CommonStart* start,
                       const Screening& screening,
                       Composition& out) {
  return Estimator(std::move(window), library, setting, start, screening, out).run();
}

}  // namespace detail

}  // namespace calcispec::models
