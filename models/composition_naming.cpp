// The naming rule and the search for bands that no reference explains.
#include "models/composition_private.hpp"

#include <algorithm>
#include <cmath>

namespace calcispec::models::detail {
namespace {

constexpr double critical_level = 2.33;  // 1 % false alarms, one-sided
// One band alone is looked for at dozens of places, each with a shift: 2.33 sigma would come by
// chance.
constexpr double alone_level = 4;
constexpr double expected_enough = 3;  // a second band must be there from this expectation on
constexpr double position_snr = 5;     // from here on a band's position says something
// Rms of the own shifts of 2 or 3 bands, in their prior sd, that right phases exceed in 1 %; of
// one.
constexpr double misplaced_level = 2.2;
constexpr double misplaced_alone_level = 2.8;
constexpr double most_misplaced = 3.5;  // one band: a wrong row must not outvote all others
// Of the second bands expected, by weight: crystals turn under a Raman beam, powders do not.
constexpr double found_part_raman = 0.4;
constexpr double found_part_ir = 0.6;
// Of the other bands' signal: what one profile misses of a spectrometer's line, and of an infrared
// band of a powder; and the width over which it stays the same.
constexpr double shape_misfit_raman = 0.015;
constexpr double shape_misfit_ir = 0.05;
constexpr double shape_misfit_atr = 0.08;  // the index beside a strong band skews its neighbours
constexpr double misfit_width_raman_cm1 = 10;
constexpr double free_height_sd = 0.9;   // from here on a height is as good as free
constexpr double wide_part_raman = 0.7;  // of a piece of the background
constexpr double wide_part_ir = 0.6;     // libration of water
constexpr double merged_reach = 1.5;     // of the main band's full width
constexpr double merged_width = 0.5;
constexpr double outgrown_sd = 2;       // of the logarithm of a height above what is expected
constexpr double contested_part = 0.2;  // of a band's height: another band there is a rival

// Amount of a phase from all its bands together: a band far above its expected height counts too,
// so that a phase cannot take one strong band and leave the others out.
double amount_from_area(const JointModel& model, Index phase) {
  double area = 0;
  double pattern = 0;
  for (std::size_t b = 0; b < model.bands.size(); ++b) {
    if (model.origin[b].phase == phase) {
      area += model.fit.bands[b].height * model.fit.bands[b].fwhm;
      pattern += model.bands[b].relative_height * model.fit.bands[b].fwhm;
    }
  }
  return std::max(model.fit.amounts[static_cast<std::size_t>(phase)],
                  pattern > 0 ? area / pattern : 0.0);
}

// What there is of a phase, and what the heights of its bands are uncertain by; 0: not known, and
// in bands of other phases.
struct PhaseHeights {
  double amount = 0;
  std::vector<double> u;
};

PhaseHeights heights_of(const Window& window, const JointModel& model, Index phase) {
  PhaseHeights heights{amount_from_area(model, phase), std::vector<double>(model.bands.size())};
  for (std::size_t b = 0; b < model.bands.size(); ++b) {
    const auto& fitted = model.fit.bands[b];
    if (model.origin[b].phase == phase && fitted.own_height_u > 0 &&
        std::isfinite(fitted.own_height_u)) {
      heights.u[b] = std::hypot(fitted.own_height_u, misfit_at(window, model, fitted));
    }
  }
  return heights;
}

BandEvidence evidence_of(const JointModel& model, std::size_t b, const PhaseHeights& heights) {
  const auto& fitted = model.fit.bands[b];
  BandEvidence evidence;
  evidence.band = model.origin[b].reference->assignment;
  evidence.position_cm1 = fitted.center;
  if (heights.u[b] > 0) {
    evidence.snr = fitted.own_height / heights.u[b];
    evidence.expected_snr = heights.amount * model.bands[b].relative_height / heights.u[b];
  }
  return evidence;
}

// Of the same phase, nearly as strong and within the main band's width: the parts of a doublet
// trade their heights.
bool is_doublet_part(const JointModel& model, std::size_t main_band, std::size_t b) {
  const auto& main = model.bands[main_band];
  return model.origin[b].phase == model.origin[main_band].phase &&
         std::abs(model.bands[b].center - main.center) < main.fwhm &&
         model.bands[b].relative_height > 0.5 * main.relative_height;
}

// Of its clearest part.
double doublet_snr(const JointModel& model, std::size_t main_band, const PhaseHeights& heights) {
  double best = 0;
  for (std::size_t b = 0; b < model.bands.size(); ++b) {
    if (is_doublet_part(model, main_band, b)) {
      best = std::max(best, evidence_of(model, b, heights).snr);
    }
  }
  return best;
}

// Own shift of a band against its row, in units of what rows of its kind differ by.
double own_shift(const JointModel& model, std::size_t b, const Window& window) {
  const auto& fitted = model.fit.bands[b];
  const auto& row = model.bands[b];
  const double middle = 0.5 * (window.x.front() + window.x.back());
  const double expected = row.center + model.fit.shift + model.fit.stretch * (row.center - middle);
  return row.center_sd > 0 ? (fitted.center - expected) / row.center_sd : 0;
}

// Another phase has a row where this band stands: the fit may have given it to the wrong one. A
// Raman band that is far above what that phase can show there is no part of it.
bool is_shared(const JointModel& model, std::size_t b) {
  const auto& own = model.fit.bands[b];
  for (std::size_t c = 0; c < model.bands.size(); ++c) {
    const auto& row = model.bands[c];
    const auto phase = model.origin[c].phase;
    const double reach = std::max(own.fwhm, model.fit.bands[c].fwhm);
    if (phase < 0 || phase == model.origin[b].phase ||
        std::abs(own.center - model.fit.bands[c].center) >= reach) {
      continue;
    }
    const double most = std::max(
        model.fit.bands[c].height,
        amount_from_area(model, phase) * row.relative_height * std::exp(row.log_height_sd));
    if (!model.is_raman || most > contested_part * own.height) {
      return true;
    }
  }
  return false;
}

// Another phase, or a band without a name, has a part in it, as fitted.
bool is_contested(const JointModel& model, std::size_t b) {
  const auto& own = model.fit.bands[b];
  for (std::size_t c = 0; c < model.bands.size(); ++c) {
    const auto& other = model.fit.bands[c];
    if (model.origin[c].phase != model.origin[b].phase &&
        std::abs(own.center - other.center) < std::max(own.fwhm, other.fwhm) &&
        other.height > contested_part * own.height) {
      return true;
    }
  }
  return false;
}

// A band cut by the end of the window cannot be placed.
bool is_whole(const Window& window, const FittedMixtureBand& band) {
  return band.center - 0.5 * band.fwhm > window.x.front() &&
         band.center + 0.5 * band.fwhm < window.x.back();
}

// The background can take in a band as wide as its own bends: its absence says nothing.
bool is_wide(const Window& window, const JointModel& model, std::size_t b) {
  const double span = window.x.back() - window.x.front();
  const double part = model.is_raman ? wide_part_raman : wide_part_ir;
  return model.bands[b].fwhm > part * span / model.background_pieces;
}

// The strongest that the background cannot take in.
std::size_t main_band_of(const Window& window, const JointModel& model, Index phase) {
  std::size_t main = model.bands.size();
  double top = 0;
  for (std::size_t b = 0; b < model.bands.size(); ++b) {
    const bool is_last = !model.is_raman && is_wide(window, model, b);
    const double height = (is_last ? 1e-6 : 1) * model.bands[b].relative_height;
    if (model.origin[b].phase == phase && height > top) {
      top = height;
      main = b;
    }
  }
  return main;
}

// What a band should show at least, for intensities differ from the table by their spread.
double sure_snr(const BandEvidence& evidence, const MixtureBand& row) {
  return evidence.expected_snr * std::exp(-row.log_height_sd);
}

// A strongest band that lies beneath another phase's is weighed like the others where heights are
// those of the table: in transmission.
double expected_of_main(const BandEvidence& main, const JointModel& model, std::size_t b) {
  return model.technique == BandTechnique::ftir_transmission ? sure_snr(main, model.bands[b])
                                                             : main.expected_snr;
}

// A shoulder of the main band, nearly as wide: one wide band of anything else holds both.
bool is_merged(const JointModel& model, std::size_t main_band, std::size_t b) {
  const auto& main = model.fit.bands[main_band];
  const auto& own = model.fit.bands[b];
  return !model.is_raman && own.fwhm > merged_width * main.fwhm &&
         std::abs(own.center - main.center) < merged_reach * main.fwhm;
}

// Bands by what is expected of them: as clear as one band that holds what they hold together.
struct Matched {
  double product = 0;
  double square = 0;  // of what is expected

  void add(const BandEvidence& evidence) {
    product += evidence.snr * evidence.expected_snr;
    square += evidence.expected_snr * evidence.expected_snr;
  }
  [[nodiscard]] double snr() const {
    return square >= expected_enough * expected_enough ? product / std::sqrt(square) : 0;
  }
};

// Hardly there, and within the noise of what it should show at least: it says nothing.
bool is_undecided(const BandEvidence& evidence, double sure) {
  return evidence.snr < critical_level && evidence.snr > sure - critical_level;
}

// What the bands of one phase say together.
struct BandsSeen {
  double expected = 0;  // weight of the second bands that should be there, and of those that are
  double found = 0;
  double strongest = 0;
  double second = 0;  // the clearest of the other bands that no other phase claims; or all together
  double together = 0;  // all bands that no other phase claims, as one
  double misfit = 0;    // rms of the clear bands' own shifts, in their prior sd
  int placed = 0;
};

BandsSeen look_at_bands(const Window& window,
                        const JointModel& model,
                        std::size_t main_band,
                        const PhaseHeights& heights,
                        Verdict& verdict) {
  BandsSeen seen;
  // The axis error has a prior too (sd 1 1/cm), so a phase cannot buy its places with it; beyond
  // the limit nothing is named anyway, and the shift found is what the user wants to know.
  const double shift = std::abs(model.fit.shift) > axis_limit_cm1 ? 0 : model.fit.shift;
  double squares = shift * shift;
  // In ATR the optics change the heights of all bands together, so many are wrong at once.
  const double most = model.technique == BandTechnique::ftir_transmission ? most_misplaced : 1e3;
  const auto place = [&](double z) {
    squares += std::min(z * z, most * most);
    ++seen.placed;
  };
  Matched seconds;
  Matched all;
  Matched beneath;  // infrared bands that are there, whoever else has one at the place
  // A part that stands in for the main band is not a second band as well.
  const auto owner = static_cast<std::size_t>(model.origin[main_band].phase);
  const bool is_matrix = model.is_raman && model.phases[owner]->role != PhaseRole::mineral;
  const bool is_main_seen = evidence_of(model, main_band, heights).snr >= critical_level;
  for (std::size_t b = 0; b < model.bands.size(); ++b) {
    if (model.origin[b].phase != model.origin[main_band].phase) {
      continue;
    }
    const double spread = model.bands[b].log_height_sd;
    auto evidence = evidence_of(model, b, heights);
    seen.strongest = std::max(seen.strongest, evidence.snr);
    const bool is_hidden = !model.is_raman && is_wide(window, model, b);
    // In the infrared what the end of the axis cuts may be a bend of the background.
    const bool is_cut = !model.is_raman && !is_whole(window, model.fit.bands[b]);
    const bool is_second = b != main_band && !is_cut && !is_merged(model, main_band, b) &&
                           (is_main_seen || !is_doublet_part(model, main_band, b));
    // Far more than the phase should show there is none of its bands, or not alone.
    const bool is_outgrown = evidence.snr > evidence.expected_snr * std::exp(outgrown_sd * spread);
    const bool is_own = !is_outgrown && !is_hidden && !is_shared(model, b);
    const bool is_known = model.is_raman && spread < free_height_sd;
    if (is_own && is_matrix && is_known && (is_second || b == main_band)) {
      all.add(evidence);
    }
    const bool is_there =
        evidence.expected_snr >= expected_enough && evidence.snr >= critical_level;
    if (!model.is_raman && is_second && is_there && !is_hidden && !is_outgrown &&
        spread < free_height_sd) {
      beneath.add(evidence);
    }
    if (is_own && is_second) {
      seen.second = std::max(seen.second, evidence.snr);
      if (is_known) {
        seconds.add(evidence);
      }
      if (is_known && is_there) {
        seen.second = std::max(seen.second, alone_level);
      }
    }
    // Powders show the heights of the table, crystals under a Raman beam do not.
    if (!model.is_raman && evidence.expected_snr >= position_snr && spread < free_height_sd) {
      place(std::log(std::max(evidence.snr, 1.0) / evidence.expected_snr) / spread);
    }
    if (evidence.snr >= position_snr && is_whole(window, model.fit.bands[b])) {
      place(own_shift(model, b, window));
    }
    // Intensities vary by their spread; carbonate may be absent. One doublet whose parts trade
    // their heights must not outweigh all other bands.
    const double sure = sure_snr(evidence, model.bands[b]);
    const bool can_be_missed = spread < free_height_sd && !is_wide(window, model, b);
    const bool is_clear = evidence.expected_snr >= expected_enough && evidence.snr >= alone_level &&
                          !is_outgrown && model.is_raman && !is_contested(model, b);
    if (is_second && (sure >= expected_enough || is_clear) && can_be_missed &&
        !(is_matrix && is_undecided(evidence, sure))) {
      const double weight = std::min(sure, 10.0);
      seen.expected += weight;
      seen.found += evidence.snr >= critical_level ? weight : 0;
    }
    verdict.evidence.push_back(std::move(evidence));
  }
  // Several of which none is clear: as one band, matched to what is expected.
  seen.second = std::max({seen.second, seconds.snr(), beneath.snr()});
  seen.together = std::max(seen.strongest, all.snr());
  seen.misfit = seen.placed > 0 ? std::sqrt(squares / seen.placed) : 0;
  return seen;
}

}  // namespace

double shape_misfit(BandTechnique technique) {
  if (technique == BandTechnique::ftir_atr) {
    return shape_misfit_atr;
  }
  return technique == BandTechnique::raman ? shape_misfit_raman : shape_misfit_ir;
}

double misfit_at(const Window& window, const JointModel& model, const FittedMixtureBand& band) {
  const auto& x = window.x;
  const auto from = std::lower_bound(x.begin(), x.end(), band.center - band.fwhm);
  const auto to = std::upper_bound(x.begin(), x.end(), band.center + band.fwhm);
  double squares = 0;
  double excess = 0;
  double others = 0;
  for (auto at = from; at != to; ++at) {
    const auto i = static_cast<std::size_t>(at - x.begin());
    const double residual = window.y[i] - model.fit.fitted[i] - model.fit.background[i];
    squares += residual * residual;
    excess += window.sigma[i] * window.sigma[i];
    // So near its centre a band has more than half of its height.
    if (model.fit.fitted[i] - 0.5 * band.height > others &&
        std::abs(*at - band.center) < 0.5 * band.fwhm) {
      const double own =
          band.height * pseudo_voigt(*at, band.center, band.fwhm, band.lorentz_share);
      others = std::max(others, model.fit.fitted[i] - own);
    }
  }
  const auto count = static_cast<double>(std::max<std::ptrdiff_t>(1, to - from));
  const double missed = std::sqrt(std::max(0.0, squares - excess) / count);
  return std::hypot(missed, shape_misfit(model.technique) * others);
}

Verdict judge(const Window& window, const JointModel& model, Index phase) {
  Verdict verdict;
  const std::size_t main_band = main_band_of(window, model, phase);
  if (main_band == model.bands.size()) {
    return verdict;
  }
  const auto heights = heights_of(window, model, phase);
  const auto seen = look_at_bands(window, model, main_band, heights, verdict);
  const auto main = evidence_of(model, main_band, heights);
  const double main_snr = std::max(main.snr, doublet_snr(model, main_band, heights));
  if (seen.together < critical_level || heights.amount <= 0) {
    // Clearly absent ones go together; of those near the level one at a time, for two phases that
    // look alike take each other's amount.
    verdict.finding = Finding::weak;
    verdict.lack = seen.together < 1 ? 1e6 : 1e5 - seen.together;
  } else if (expected_of_main(main, model, main_band) >= expected_enough &&
             main_snr < critical_level) {
    verdict.finding = Finding::main_band_missing;
    verdict.lack = 1e3 + main.expected_snr;
  } else if (seen.misfit > (seen.placed > 1 ? misplaced_level : misplaced_alone_level)) {
    verdict.finding = Finding::misplaced;
    verdict.lack = 1e2 + seen.misfit;
  } else if (seen.expected <= 0 && seen.together < alone_level) {
    verdict.finding = Finding::weak;
    verdict.lack = 1e5 - seen.strongest;
  } else if (seen.expected <= 0 && (seen.second < alone_level || main_snr < critical_level)) {
    verdict.finding = Finding::ambiguous;
  } else if (seen.found >= (model.is_raman ? found_part_raman : found_part_ir) * seen.expected) {
    verdict.finding = Finding::named;
  } else {
    verdict.finding = Finding::second_band_missing;
    verdict.lack = 1 + (seen.expected - seen.found) / seen.expected;
  }
  return verdict;
}

std::size_t first_to_go(const JointModel& model, std::span<const Verdict> verdicts) {
  std::size_t smallest = verdicts.size();
  for (std::size_t p = 0; p < verdicts.size(); ++p) {
    if (verdicts[p].lack > 0 &&
        (smallest == verdicts.size() ||
         area_of(model, static_cast<Index>(p)) < area_of(model, static_cast<Index>(smallest)))) {
      smallest = p;
    }
  }
  const bool is_lost =
      smallest < verdicts.size() && verdicts[smallest].finding == Finding::main_band_missing;
  for (std::size_t p = 0; is_lost && p < verdicts.size(); ++p) {
    if (verdicts[p].finding == Finding::misplaced) {
      return p;
    }
  }
  return smallest;
}

double misfit_of(const Window& window, const JointModel& model) {
  const auto& fitted = model.fit.fitted;
  const double top = *std::max_element(fitted.begin(), fitted.end());
  double missed = 0;
  double signal = 0;
  for (std::size_t i = 0; i < fitted.size(); ++i) {
    if (fitted[i] > 0.02 * top) {
      const double residual = window.y[i] - fitted[i] - model.fit.background[i];
      missed += residual * residual - window.sigma[i] * window.sigma[i];
      signal += fitted[i] * fitted[i];
    }
  }
  return signal > 0 ? std::sqrt(std::max(0.0, missed) / signal) : 0;
}

bool has_rival(const JointModel& model, Index phase) {
  const auto& bands = model.fit.bands;
  std::size_t main = bands.size();
  for (std::size_t b = 0; b < bands.size(); ++b) {
    if (model.origin[b].phase == phase &&
        (main == bands.size() || bands[b].height > bands[main].height)) {
      main = b;
    }
  }
  for (std::size_t b = 0; main < bands.size() && b < bands.size(); ++b) {
    const double reach = std::max(bands[b].fwhm, bands[main].fwhm);
    if (model.origin[b].phase >= 0 && model.origin[b].phase != phase &&
        bands[b].height > contested_part * bands[main].height &&
        std::abs(bands[b].center - bands[main].center) < reach) {
      return true;
    }
  }
  return false;
}

bool has_failing_rival(const JointModel& model, std::span<const Verdict> verdicts) {
  for (std::size_t p = 0; p < verdicts.size(); ++p) {
    const auto finding = verdicts[p].finding;
    const bool is_main_lost =
        finding == Finding::main_band_missing || finding == Finding::second_band_missing;
    if (is_main_lost && has_rival(model, static_cast<Index>(p))) {
      return true;
    }
  }
  return false;
}

// Cost of the places of the clear bands and of the axis error.
double position_cost(const Window& window, const JointModel& model) {
  double cost = model.fit.shift * model.fit.shift;
  for (std::size_t b = 0; b < model.bands.size(); ++b) {
    const auto& band = model.fit.bands[b];
    if (model.origin[b].phase >= 0 && band.height > position_snr * band.height_u) {
      const double z = own_shift(model, b, window);
      cost += z * z;
    }
  }
  return cost;
}

double chi_square_above(const Window& window, const JointModel& trial, const JointModel& whole) {
  const auto& x = window.x;
  const double step = (x.back() - x.front()) / static_cast<double>(x.size() - 1);
  const double width = whole.is_raman ? misfit_width_raman_cm1 : misfit_width_ir_cm1;
  const double points = std::max(1.0, width / step);
  double sum = position_cost(window, trial) - position_cost(window, whole);
  for (std::size_t i = 0; i < x.size(); ++i) {
    const double noise = window.sigma[i] * window.sigma[i];
    const double misfit = std::max(0.0, whole.fit.sigma[i] * whole.fit.sigma[i] - noise);
    const double shape = shape_misfit(whole.technique) * whole.fit.fitted[i];
    const double a = window.y[i] - trial.fit.fitted[i] - trial.fit.background[i];
    const double b = window.y[i] - whole.fit.fitted[i] - whole.fit.background[i];
    sum += (a * a - b * b) / (noise + points * (misfit + shape * shape));
  }
  return sum;
}

}  // namespace calcispec::models::detail
