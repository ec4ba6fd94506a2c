// Phases that would do as well: others of a kind, and those that could not be named.
#include "models/composition_private.hpp"

#include <algorithm>
#include <cmath>

namespace calcispec::models::detail {
namespace {

JointModel model_with(const Trials& trials, const JointModel& model, const Phase& phase) {
  auto phases = model.phases;
  phases.push_back(&phase);
  auto trial = build_model(trials.window, phases, trials.library, trials.setting);
  add_unexplained(trial, peaks_away_from(trials.peaks, phase, trials.setting));
  fit_model(trials.window, trials.setting, 8, trial);
  return trial;
}

// What changes if the trial is right, and the logarithm of its odds against the model. The trial
// holds the bands of the model in the same order, then one phase more; free bands are left aside.
struct Rival {
  Alternative change;
  double log_odds = 0;
};

// An amount more must gain the log of the number of independent points (BIC).
Rival rival_of(const Window& window, const JointModel& model, const JointModel& trial) {
  Rival out;
  const double span = window.x.back() - window.x.front();
  const double cost = std::log(std::max(1.0, span / misfit_width_ir_cm1));
  out.log_odds = 0.5 * (chi_square_above(window, model, trial) - cost);
  const auto added = static_cast<Index>(model.phases.size());
  for (std::size_t b = 0; b < trial.bands.size(); ++b) {
    const double area = trial.fit.bands[b].area;
    if (trial.origin[b].phase == added) {
      out.change.added_area += area;
    } else if (trial.origin[b].phase >= 0) {
      out.change.area_change.push_back(area - model.fit.bands[b].area);
    }
  }
  return out;
}

// Rivals ask for the same signal, so one of them or none is taken to be right: their probabilities
// and that of the model add up to 1. A change counts by the root of its probability, as a variance
// does.
std::vector<Alternative> weighed_by_probability(std::vector<Rival> rivals) {
  double highest = 0;
  for (const auto& rival : rivals) {
    highest = std::max(highest, rival.log_odds);
  }
  double sum = std::exp(-highest);
  for (const auto& rival : rivals) {
    sum += std::exp(rival.log_odds - highest);
  }
  std::vector<Alternative> out;
  for (auto& rival : rivals) {
    const double root = std::sqrt(std::exp(rival.log_odds - highest) / sum);
    rival.change.added_area *= root;
    for (double& change : rival.change.area_change) {
      change *= root;
    }
    out.push_back(std::move(rival.change));
  }
  return out;
}

const ReferenceBand* strongest(const Phase& phase, const Window& window, BandTechnique technique) {
  const ReferenceBand* best = nullptr;
  for (const auto& row : phase.bands(technique)) {
    const bool is_inside =
        row.position_cm1 > window.x.front() && row.position_cm1 < window.x.back();
    if (is_inside && (best == nullptr || row.relative_intensity > best->relative_intensity)) {
      best = &row;
    }
  }
  return best;
}

// Raman bands are narrow, so a mineral hides only where its strongest band lies beneath that of one
// that was named: amorphous phosphate, octacalcium phosphate, whitlockite beneath apatite.
std::vector<const Phase*> phases_beneath(const Trials& trials, const JointModel& model) {
  std::vector<const Phase*> out;
  const auto technique = trials.setting.technique;
  for (const auto& phase : trials.library.phases) {
    const auto* own = strongest(phase, trials.window, technique);
    if (phase.role != PhaseRole::mineral || own == nullptr) {
      continue;
    }
    const bool is_beneath =
        std::any_of(model.phases.begin(), model.phases.end(), [&](const Phase* other) {
          const auto* top = strongest(*other, trials.window, technique);
          return other->role == PhaseRole::mineral && top != nullptr &&
                 std::abs(top->position_cm1 - own->position_cm1) <
                     0.5 * (observed_width(*top, trials.setting) +
                            observed_width(*own, trials.setting));
        });
    if (is_beneath) {
      out.push_back(&phase);
    }
  }
  return out;
}

}  // namespace

std::vector<ResidualPeak> peaks_away_from(std::span<const ResidualPeak> peaks,
                                          const Phase& phase,
                                          const Setting& setting) {
  std::vector<ResidualPeak> out;
  for (const auto& peak : peaks) {
    const auto bands = phase.bands(setting.technique);
    const bool is_near = std::any_of(bands.begin(), bands.end(), [&](const ReferenceBand& row) {
      return std::abs(peak.position_cm1 - row.position_cm1 - setting.shift_cm1) <
             3 * observed_width(row, setting);
    });
    if (!is_near) {
      out.push_back(peak);
    }
  }
  return out;
}

std::vector<std::string> take_best_of_kind(const Trials& trials,
                                           std::size_t p,
                                           std::vector<const Phase*>& phases,
                                           JointModel& model) {
  struct Kin {
    const Phase* phase;
    double chi_square;
    JointModel model;
  };
  std::vector<Kin> kin;
  kin.push_back({phases[p], 0, model});
  std::size_t best = 0;
  for (const auto& phase : trials.library.phases) {
    if (&phase == phases[p] || !is_same_kind(phase, *phases[p], trials.setting.technique) ||
        measured_bands(phase, trials.window, trials.setting.technique) < 2) {
      continue;
    }
    auto others = phases;
    others[p] = &phase;
    auto trial = build_model(trials.window, others, trials.library, trials.setting);
    add_unexplained(trial, trials.peaks);
    fit_model(trials.window, trials.setting, 8, trial);
    const double missed = chi_square_above(trials.window, trial, model);
    kin.push_back({&phase, missed, std::move(trial)});
    best = missed < kin[best].chi_square &&
                   judge(trials.window, kin.back().model, static_cast<Index>(p)).lack <= 0
               ? kin.size() - 1
               : best;
  }
  std::vector<std::string> alike;
  for (const auto& row : kin) {
    if (row.chi_square < kin[best].chi_square + redundant_chi_square) {
      alike.push_back(row.phase->id);
    }
  }
  if (best != 0) {
    phases[p] = kin[best].phase;
    model = std::move(kin[best].model);
  }
  return alike;
}

// Wide bands, and those that stand at the same place, take in a phase that could not be named: what
// they hold of it is uncertain, by as much as they give away to it, weighed by how much the fit
// asks for it.
std::vector<Alternative> weigh_refused(const Trials& trials,
                                       std::span<const Phase* const> screened,
                                       std::span<const RuledOut> ruled_out,
                                       const JointModel& model) {
  if (model.phases.empty()) {
    return {};
  }
  std::vector<const Phase*> refused;
  if (trials.setting.technique == BandTechnique::raman) {
    refused = phases_beneath(trials, model);
  } else {
    refused.assign(screened.begin(), screened.end());
    for (const auto& row : ruled_out) {
      refused.push_back(row.phase);
    }
  }
  std::vector<const Phase*> weighed = model.phases;
  std::vector<Rival> rivals;
  for (const auto* phase : refused) {
    const bool is_known = std::any_of(weighed.begin(), weighed.end(), [&](const Phase* other) {
      return is_same_kind(*other, *phase, trials.setting.technique);
    });
    if (!is_known) {
      weighed.push_back(phase);
      rivals.push_back(rival_of(trials.window, model, model_with(trials, model, *phase)));
    }
  }
  return weighed_by_probability(std::move(rivals));
}

}  // namespace calcispec::models::detail
