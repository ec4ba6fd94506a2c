// Phases that would do as well: others of a kind, and those that could not be named.
#include "models/shared_shapes_private.hpp"

#include <algorithm>
#include <array>
#include <cmath>
#include <numbers>
#include <optional>
#include <utility>

namespace calcispec::models::detail {
namespace {

constexpr double gain_by_chance = 2;  // of chi-square
constexpr double close_fit = 0.02;    // of the bands' rms: above it a phase more mends shapes
constexpr double sure_enough = 0.95;  // probability of a phase more from which it gets a name

// Not fitted.
JointModel model_with(const Trials& trials, const JointModel& model, const Phase& phase) {
  auto phases = model.phases;
  phases.push_back(&phase);
  auto trial = build_model(trials.window, phases, trials.library, trials.setting);
  add_unexplained(trial, peaks_away_from(trials.peaks, phase, trials.setting));
  return trial;
}

// In a map what the last fit shows tells beforehand by how much the fit would get better with a
// phase more. True where this is not known.
bool is_asked_for(const Trials& trials, const Phase& phase, double least_gain) {
  auto* shared = trials.setting.shared;
  if (shared == nullptr) {
    return true;
  }
  auto gain = shared->gain_with(phase);
  if (!gain) {
    const std::array<const Phase*, 1> one = {&phase};
    gain = shared->gain_with(build_model(trials.window, one, trials.library, trials.setting));
  }
  return gain.value_or(least_gain) >= least_gain;
}

// Nothing where the fit would get better by less than noise lets it.
std::optional<JointModel> fitted_with(const Trials& trials,
                                      const JointModel& model,
                                      const Phase& phase) {
  if (!is_asked_for(trials, phase, gain_by_chance)) {
    return std::nullopt;
  }
  auto trial = model_with(trials, model, phase);
  const bool starts_near = trials.setting.shared != nullptr;
  try_model(trials.window, trials.setting, starts_near ? 4 : 8, trial);
  return trial;
}

JointModel fitted_without(const Trials& trials,
                          std::span<const Phase* const> phases,
                          std::size_t p) {
  std::vector<const Phase*> others(phases.begin(), phases.end());
  others.erase(others.begin() + static_cast<Index>(p));
  auto trial = build_model(trials.window, others, trials.library, trials.setting);
  add_unexplained(trial, trials.peaks);
  try_model(trials.window, trials.setting, 6, trial);
  return trial;
}

// Log width of a band that is not its group's.
double own_log_width(const JointModel& model, std::size_t b) {
  const auto& row = model.bands[b];
  const auto& common = model.fit.group_log_width;
  const double of_group = row.group < 0 || common.empty()
                              ? 0
                              : row.width_lever * common[static_cast<std::size_t>(row.group)];
  return std::log(model.fit.bands[b].fwhm / row.fwhm) - of_group;
}

// What the common shapes and the widths of the clear bands cost against their priors.
double shape_cost(const JointModel& model) {
  double cost = std::pow(model.fit.skew / skew_sd, 2) +
                std::pow(model.fit.lorentz_share / lorentz_share_sd, 2);
  for (const double common : model.fit.group_log_width) {
    cost += std::pow(common / group_log_fwhm_sd, 2);
  }
  for (std::size_t b = 0; b < model.bands.size(); ++b) {
    const auto& row = model.bands[b];
    if (model.origin[b].phase >= 0 && row.log_fwhm_sd > 0 && model.fit.bands[b].height > 0) {
      cost += std::pow(own_log_width(model, b) / row.log_fwhm_sd, 2);
    }
  }
  return cost;
}

// What heights off the tables cost against their priors. In ATR optics take strong bands off them,
// whatever the phase.
double table_cost(const JointModel& model) {
  constexpr double freedom = 4;  // of the Student-t prior of a height
  double cost = 0;
  if (model.technique == BandTechnique::ftir_atr) {
    return cost;
  }
  for (std::size_t b = 0; b < model.bands.size(); ++b) {
    const auto& row = model.bands[b];
    if (row.group < 0) {
      continue;
    }
    const auto& fitted = model.fit.bands[b];
    const double expected =
        model.fit.amounts[static_cast<std::size_t>(row.group)] * row.relative_height;
    const double scale = std::max(row.log_height_sd * expected, 0.3 * fitted.height_u);
    const double z = scale > 0 ? (fitted.height - expected) / scale : 0;
    cost += (freedom + 1) * std::log1p(z * z / freedom);
  }
  return cost;
}

// How much better `trial` fits than `model`, and how much less it strays from the tables.
double gain_over(const Window& window, const JointModel& model, const JointModel& trial) {
  return chi_square_above(window, model, trial) + shape_cost(model) - shape_cost(trial) +
         table_cost(model) - table_cost(trial);
}

// Odds of a phase more against none more, before its share is asked for: how much better the fit
// and its agreement with the tables get, and how much of the room for its share the data leave
// (Laplace's approximation with a share that may be anything from 0 to 1). A share that the fit
// hardly asks for is not known to better than itself, and none to better than the shapes are.
double log_odds_of(const Window& window, const JointModel& model, const JointModel& trial) {
  const double gain = gain_over(window, model, trial);
  const double share_u = std::max({share_uncertainty(trial, trial.phases.size() - 1),
                                   share_of(trial, static_cast<Index>(trial.phases.size()) - 1) /
                                       std::sqrt(std::max(1.0, gain)),
                                   shape_misfit(model.technique)});
  const double room = std::min(1.0, std::sqrt(2 * std::numbers::pi) * share_u);
  return 0.5 * gain + std::log(std::max(room, 1e-300));
}

// One of the phases or none of them is there, both as likely before the data.
void weigh(const Window& window, const JointModel& model, std::span<Alternative> rivals) {
  const double prior = -std::log(static_cast<double>(std::max<std::size_t>(1, rivals.size())));
  double highest = 0;
  for (auto& row : rivals) {
    const double log_odds = log_odds_of(window, model, row.trial);
    row.alone = 1 / (1 + std::exp(-log_odds));
    row.probability = prior + log_odds;
    highest = std::max(highest, row.probability);
  }
  double sum = std::exp(-highest);
  for (auto& row : rivals) {
    row.probability = std::exp(row.probability - highest);
    sum += row.probability;
  }
  for (auto& row : rivals) {
    row.probability /= sum;
  }
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
          return other->role == PhaseRole::mineral && stand_at_one_place(*other, phase, trials);
        });
    if (is_beneath) {
      out.push_back(&phase);
    }
  }
  return out;
}

// Bands of tissue are wide: beside those of an unknown substance a coarse look misses them, and the
// background takes in what would be a peak. What a map holds its samples have shown.
std::vector<const Phase*> matrix_beside_unknown(const Trials& trials) {
  std::vector<const Phase*> out;
  if (trials.peaks.empty() || trials.setting.shared != nullptr) {
    return out;
  }
  for (const auto& phase : trials.library.phases) {
    if (phase.role == PhaseRole::matrix && stands_out(phase, trials.setting.technique) &&
        measured_bands(phase, trials.window, trials.setting.technique) > 1) {
      out.push_back(&phase);
    }
  }
  return out;
}

}  // namespace

bool stand_at_one_place(const Phase& a, const Phase& b, const Trials& trials) {
  const auto* first = strongest(a, trials.window, trials.setting.technique);
  const auto* second = strongest(b, trials.window, trials.setting.technique);
  return first != nullptr && second != nullptr &&
         std::abs(first->position_cm1 - second->position_cm1) <
             0.5 *
                 (observed_width(*first, trials.setting) + observed_width(*second, trials.setting));
}

bool is_near_row(const ResidualPeak& peak, const Phase& phase, const Setting& setting) {
  const auto bands = phase.bands(setting.technique);
  return std::any_of(bands.begin(), bands.end(), [&](const ReferenceBand& row) {
    return std::abs(peak.position_cm1 - row.position_cm1 - setting.shift_cm1) <
           0.5 * observed_width(row, setting);
  });
}

std::vector<ResidualPeak> peaks_away_from(std::span<const ResidualPeak> peaks,
                                          const Phase& phase,
                                          const Setting& setting) {
  std::vector<ResidualPeak> out;
  for (const auto& peak : peaks) {
    if (peak.instead != nullptr || !is_near_row(peak, phase, setting)) {
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
    try_model(trials.window, trials.setting, 8, trial);
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

const Phase* find_standing_kin(const Trials& trials,
                               std::size_t p,
                               std::span<const Phase* const> phases,
                               const std::function<bool(const Phase&)>& is_open,
                               double least_gain,
                               const JointModel& model) {
  const Phase* best = nullptr;
  std::pair<bool, double> best_rank;  // named before ambiguous
  // What fits so much better in its place would help beside it too.
  const bool must_help = least_gain > 0;
  std::vector<const Phase*> others(phases.begin(), phases.end());
  for (const auto& phase : trials.library.phases) {
    if (&phase == phases[p] || !is_same_kind(phase, *phases[p], trials.setting.technique) ||
        !is_open(phase) || measured_bands(phase, trials.window, trials.setting.technique) < 2 ||
        (must_help && !is_asked_for(trials, phase, gain_by_chance))) {
      continue;
    }
    others[p] = &phase;
    auto trial = build_model(trials.window, others, trials.library, trials.setting);
    add_unexplained(trial, trials.peaks);
    try_model(trials.window, trials.setting, 8, trial);
    const auto verdict = judge(trials.window, trial, static_cast<Index>(p));
    const std::pair<bool, double> rank{verdict.finding != Finding::named,
                                       chi_square_above(trials.window, trial, model)};
    if (verdict.lack <= 0 && rank.second < -least_gain && (best == nullptr || rank < best_rank)) {
      best = &phase;
      best_rank = rank;
    }
  }
  return best;
}

std::optional<Redundant> find_redundant(const Trials& trials,
                                        std::span<const Phase* const> phases,
                                        const JointModel& model) {
  // The smallest comes last: it is the likeliest to go, and the last trial may be accepted.
  std::vector<std::pair<double, std::size_t>> rivals;
  for (std::size_t p = 0; p < phases.size(); ++p) {
    if (has_rival(model, static_cast<Index>(p))) {
      rivals.emplace_back(-area_of(model, static_cast<Index>(p)), p);
    }
  }
  std::sort(rivals.begin(), rivals.end());
  std::optional<Redundant> found;
  double least_missed = redundant_chi_square;
  // Infrared phosphates stand in for each other at heights off the tables; crystals under a Raman
  // beam show such heights themselves.
  const bool heeds_tables = !model.is_raman;
  for (const auto& [area, p] : rivals) {
    auto trial = fitted_without(trials, phases, p);
    const double missed = heeds_tables ? gain_over(trials.window, trial, model)
                                       : chi_square_above(trials.window, trial, model);
    if (missed < least_missed) {
      least_missed = missed;
      found = {p, std::move(trial), true};
    } else if (found) {
      found->is_last = false;
    }
  }
  return found;
}

std::size_t find_usurper(const Trials& trials,
                         std::span<const Phase* const> phases,
                         std::size_t p) {
  std::optional<JointModel> itself;
  for (std::size_t q = 0; q < phases.size(); ++q) {
    if (q == p || phases[q]->role != PhaseRole::mineral ||
        !stand_at_one_place(*phases[q], *phases[p], trials)) {
      continue;
    }
    if (!itself) {
      itself = fitted_without(trials, phases, p);
    }
    if (chi_square_above(trials.window, fitted_without(trials, phases, q), *itself) < 0) {
      return q;
    }
  }
  return phases.size();
}

std::vector<const Phase*> asked_for(const Trials& trials,
                                    std::span<const RuledOut> uncertain,
                                    std::vector<RuledOut>& ruled_out) {
  constexpr double least_gain = 4;  // of chi-square; less is never enough for a name
  std::vector<const Phase*> out;
  for (const auto& row : uncertain) {
    if (is_asked_for(trials, *row.phase, least_gain)) {
      out.push_back(row.phase);
    } else {
      ruled_out.push_back(row);
    }
  }
  return out;
}

bool is_outweighed(const JointModel& model) {
  return std::any_of(model.alternatives.begin(),
                     model.alternatives.end(),
                     [](const Alternative& other) { return other.probability > 0.5; });
}

bool last_stands(std::span<const Verdict> verdicts) {
  return verdicts.back().finding == Finding::named &&
         std::all_of(verdicts.begin(), verdicts.end(), [](const Verdict& verdict) {
           return verdict.lack <= 0;
         });
}

const Phase* decisive_phase(const Window& window, const JointModel& model) {
  for (const auto& other : model.alternatives) {
    const auto& trial = other.trial;
    // Heights off the tables may mend the shape of a mineral's band.
    const bool mends_shapes = model.is_raman && trial.phases.back()->role == PhaseRole::mineral &&
                              table_cost(trial) - table_cost(model) > redundant_chi_square;
    if (other.probability < sure_enough || other.alone < sure_enough || mends_shapes ||
        misfit_of(window, trial) > close_fit) {
      continue;
    }
    std::vector<Verdict> verdicts;
    for (std::size_t p = 0; p < trial.phases.size(); ++p) {
      verdicts.push_back(judge(window, trial, static_cast<Index>(p)));
    }
    if (last_stands(verdicts)) {
      return trial.phases.back();
    }
  }
  return nullptr;
}

// Wide bands, and those that stand at the same place, take in a phase that could not be named: one
// of those refused, of the minerals beneath a named one, or of the tissue beside what is unknown.
std::vector<Alternative> weigh_refused(const Trials& trials,
                                       std::span<const Phase* const> screened,
                                       std::span<const RuledOut> ruled_out,
                                       std::span<const Phase* const> weightless,
                                       const JointModel& model) {
  std::vector<Alternative> out;
  if (model.phases.empty()) {
    return out;
  }
  const auto technique = trials.setting.technique;
  std::vector<const Phase*> weighed = model.phases;
  const auto is_weightless = [&](const Phase& phase) {
    return std::find(weightless.begin(), weightless.end(), &phase) != weightless.end();
  };
  const auto add = [&](const Phase& phase) {
    // Of a family of matrix the member that was named stands for the others.
    const bool is_known =
        std::any_of(weighed.begin(),
                    weighed.end(),
                    [&](const Phase* other) { return is_same_kind(*other, phase, technique); }) ||
        std::any_of(model.phases.begin(), model.phases.end(), [&](const Phase* other) {
          return phase.role != PhaseRole::mineral && other->family == phase.family;
        });
    if (!is_known && !is_weightless(phase)) {
      weighed.push_back(&phase);
      auto trial = fitted_with(trials, model, phase);
      if (trial && is_fitted(*trial)) {
        out.push_back({0, 0, std::move(*trial)});
      }
    }
  };
  if (technique == BandTechnique::raman) {
    for (const auto* phase : phases_beneath(trials, model)) {
      add(*phase);
    }
    for (const auto* phase : matrix_beside_unknown(trials)) {
      add(*phase);
    }
  } else {
    for (const auto* phase : screened) {
      add(*phase);
    }
  }
  for (const auto& row : ruled_out) {
    if (row.finding != Finding::absent) {
      add(*row.phase);
    }
  }
  weigh(trials.window, model, out);
  return out;
}

}  // namespace calcispec::models::detail
