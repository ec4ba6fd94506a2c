// The parts estimate_composition is made of: window, candidates, joint model, naming, summary.
#pragma once

#include "core/band_mixture.hpp"
#include "models/composition.hpp"

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace calcispec::models::detail {

inline constexpr double misfit_width_ir_cm1 = 50;   // over which misfit of shapes stays the same
inline constexpr double redundant_chi_square = 12;  // what leaving a phase out must cost
inline constexpr double lorentz_share_sd = 0.15;    // of all bands together, against the tables
inline constexpr double skew_sd = 0.2;              // of all bands together
inline constexpr double group_log_fwhm_sd = 0.25;   // of all bands of a mineral together
inline constexpr double misfit_reach = 3;           // of a band's shape, in widths
inline constexpr double trace_share = 0.02;  // of the screened patterns: below it nothing is tried
inline constexpr double unexplained_sigma = 5;  // of the residual's own noise and misfit
inline constexpr double axis_limit_cm1 = 3;     // beyond it nothing is named without a standard

/// The part of the spectrum that is fitted.
struct Window {
  Index first = 0;
  std::vector<double> x;
  std::vector<double> y;
  std::vector<double> sigma;  // noise per point
  double noise = 0;           // median of sigma
  double height = 0;          // highest minus lowest ordinate
  Index stride = 1;           // points apart at which noise is independent
};

/// Which band of which phase a row of the joint model is; `phase` -1: explained by no reference.
struct BandOrigin {
  Index phase = -1;
  const ReferenceBand* reference = nullptr;
};

struct Alternative;

/// What the spectrum is fitted with, and the answer.
struct JointModel {
  std::vector<const Phase*> phases;
  std::vector<MixtureBand> bands;
  std::vector<BandOrigin> origin;  // per band
  BandTechnique technique = BandTechnique::raman;
  bool is_raman = true;
  double background_pieces = 1;                 // over the window
  std::vector<std::vector<std::string>> alike;  // per phase: ids of its kind that fit as well
  std::vector<Alternative> alternatives;
  std::vector<double> pattern_u;  // per phase, in a map: see SharedShapes::pattern_u()
  BandMixtureResult fit;
};

/// The spectrum fitted with one phase more, which the naming rule refuses: its last.
struct Alternative {
  double probability = 0;  // that it is there; those of all and that of none add up to 1
  double alone = 0;        // the same if it were the only one in question
  JointModel trial;
};

/// Coarse answer of fixed band patterns: who may be there, how far the axis is off, how wide the
/// instrument is.
struct Screening {
  std::vector<const Phase*> phases;  // largest first, one per kind
  std::vector<double> shares;        // of the sum of the patterns
  double shift_cm1 = 0;
  double instrument_width_cm1 = 0;
};

struct ResidualPeak {
  double position_cm1 = 0;
  double width_cm1 = 0;
  double height = 0;
  double height_sigma = 0;
  const ReferenceBand* instead = nullptr;  // stands in the place of this row, which it outgrew
};

enum class Finding {
  named,
  ambiguous,
  weak,
  main_band_missing,
  second_band_missing,
  misplaced,
  redundant,
  absent  // in no part of the spectrum, as a coarse look shows
};

/// The naming rule applied to one phase of a fitted model.
struct Verdict {
  Finding finding = Finding::weak;
  double lack = 0;  // how badly a failing phase fails, for the order of removal
  std::vector<BandEvidence> evidence;
};

/// A phase that was tried and left; `share_u`: what its share is uncertain by.
struct RuledOut {
  const Phase* phase = nullptr;
  Finding finding = Finding::weak;
  double share_u = 0;
};

/// What a fit's own variances of areas are multiplied by: it takes the relative
/// heights of the tables for better known than they are, the more so where one phase more lies
/// beneath those named, which divide the same signal in ways that fit alike. Chosen on simulated
/// laboratories (docs/validation.md), not derived.
inline constexpr double fit_variance_factor = 2;
inline constexpr double one_more_variance_factor = 9;

class SharedFit;

/// A row of a relative that a phase's own table lacks, where the spectrum shows its band.
struct BorrowedRow {
  const Phase* phase = nullptr;
  const ReferenceBand* row = nullptr;
};

struct Setting {
  BandTechnique technique = BandTechnique::raman;
  double instrument_width_cm1 = 0;
  double shift_cm1 = 0;
  bool draws_curves = true;
  std::vector<BorrowedRow> borrowed{};
  SharedFit* shared = nullptr;  // fits with shapes that many spectra have in common; else alone
};

/// Empty x if fewer than 16 points lie in the range. `stride` 0: found in the spectrum.
Window cut_window(const CompositionInput& input, double from_cm1, double to_cm1, Index stride = 0);

/// Highest minus lowest ordinate, spikes left out.
double robust_height(const Window& window);

/// Width of a tabulated band as this instrument shows it.
double observed_width(const ReferenceBand& band, const Setting& setting);

/// Only one phase of a kind is fitted, and stands for the others. Minerals of a family are one
/// kind; so are proteins in the infrared, where they share amide I and II, but not in Raman
/// spectra, where each has bands of its own.
bool is_same_kind(const Phase& a, const Phase& b, BandTechnique technique);

/// Raman phases with wide bands only (glass, water) cannot be told from fluorescence.
bool stands_out(const Phase& phase, BandTechnique technique);

/// Bands of a phase within the window.
Index measured_bands(const Phase& phase, const Window& window, BandTechnique technique);
/// Part of the phase's intensity whose bands stand at peaks that nothing explains. A band that
/// others hide leaves no peak, so a part is enough to try the phase.
double explained_part(const Phase& phase,
                      const Window& window,
                      const Setting& setting,
                      std::span<const ResidualPeak> peaks);

/// `relative_misfit`: what fixed patterns may miss, as a part of the signal; 0: the same
/// everywhere.
Screening screen_phases(const Window& window,
                        const ReferenceLibrary& library,
                        BandTechnique technique,
                        double relative_misfit);

/// Of those screened: the first, and others with much of the patterns.
std::vector<const Phase*> fitted_from_start(const Screening& screening);
/// The others that hide in larger ones, and so leave no peak by which they would be found.
std::vector<const Phase*> traces_that_hide(const Screening& screening, BandTechnique technique);

JointModel build_model(const Window& window,
                       std::span<const Phase* const> phases,
                       const ReferenceLibrary& library,
                       const Setting& setting);
/// Adds a free band for each peak, and leaves out the rows in whose place one stands.
void add_unexplained(JointModel& model, std::span<const ResidualPeak> peaks);
/// Instrument width that the clear bands ask for, from a fit made with the present one.
double fitted_instrument_width(const Window& window,
                               const JointModel& model,
                               const Setting& setting);
/// No spectrometer shows a line narrower than its pixels.
double least_instrument_width(const Window& window);
void fit_model(const Window& window, const Setting& setting, Index iterations, JointModel& model);
/// Of a model like the one that fit_model() fitted last: in a map the other is its start.
void try_model(const Window& window, const Setting& setting, Index iterations, JointModel& model);
/// In a map: the model that was tried last becomes the one that was fitted last.
void accept_model(const Setting& setting, Index iterations, JointModel& model);
/// Of a phase's bands; -1: of those that no phase explains.
double area_of(const JointModel& model, Index phase);
/// Part of all bands' area, 0 where there is none.
double share_of(const JointModel& model, Index phase);
/// Upper one of the two in the middle; not empty.
double median_of(std::vector<double> values);

/// False where bands and background could not be fitted together.
bool is_fitted(const JointModel& model);
/// What one phase's share would be uncertain by: its strongest band's height, scaled to its area.
double share_uncertainty(const JointModel& model, std::size_t phase);

/// What the area of a band may be wrong by, as a part of it, by its profile; and what all bands of
/// a phase may be wrong by together.
double area_misfit(BandTechnique technique);
double common_area_misfit(BandTechnique technique);

/// What a fitted profile misses of a real band, as a part of its height.
double shape_misfit(BandTechnique technique);

/// What the fit may be wrong by where this band stands: what it visibly misses there, and a part of
/// the other bands' signal. Misfit is the same over a band's width, so many points know no more of
/// it than one.
double misfit_at(const Window& window, const JointModel& model, const FittedMixtureBand& band);

Verdict judge(const Window& window, const JointModel& model, Index phase);
/// Of the phases that fail the smallest, for it may have taken the place of another; but where that
/// one misses its main band, one in the wrong place, which may hold it. None fails:
/// one past the last.
std::size_t first_to_go(const JointModel& model, std::span<const Verdict> verdicts);

/// Rms of what the fit leaves beyond the noise, as a part of the bands' rms.
double misfit_of(const Window& window, const JointModel& model);

/// Another phase has a band where this one has its strongest, so either might explain it.
bool has_rival(const JointModel& model, Index phase);
/// One that misses its strongest bands has a rival.
bool has_failing_rival(const JointModel& model, std::span<const Verdict> verdicts);

/// How much worse `trial` fits than `whole`, in units of noise and of the misfit of shapes, which
/// counts once per band width.
double chi_square_above(const Window& window, const JointModel& trial, const JointModel& whole);

std::vector<ResidualPeak> find_residual_peaks(const Window& window, const JointModel& model);
/// Large residual peaks become bands of the finished fit, with the heights and widths at which they
/// were found. Fitted from the start they would take the misfit with them by which phases are
/// named.
void add_large_peaks(const Window& window, JointModel& model);
/// Bands too high for what the other bands of their phase say: something else stands there too.
std::vector<ResidualPeak> find_outgrown_bands(const JointModel& model);

/// Joins them to the peaks. A peak that stands where a row was outgrown takes the row's place, for
/// two free bands there would divide one between them.
void add_outgrown(std::span<const ResidualPeak> outgrown, std::vector<ResidualPeak>& peaks);

/// Broad bands hide in each other and in the background, and leave no peak behind. In Raman spectra
/// those of matrix do, of which the largest of a family is tried.
bool hides_in_others(const Phase& phase,
                     std::span<const Phase* const> larger,
                     BandTechnique technique);
/// Within what an infrared background can bend by itself.
bool is_too_weak(const Window& window, const JointModel& model);
void refuse_axis(Composition& out);

/// The last is named and none fails.
bool last_stands(std::span<const Verdict> verdicts);
/// The phase of an alternative that is nearly sure, whose bands are all where they should be and
/// beside which the named ones stand; null if there is none.
const Phase* decisive_phase(const Window& window, const JointModel& model);

/// What trial fits are made with.
struct Trials {
  const Window& window;
  const ReferenceLibrary& library;
  const Setting& setting;
  std::span<const ResidualPeak> peaks;
};

/// Peaks that a relative of a fitted mineral explains and the mineral's own table does not: members
/// of a family are reported together. They are taken out, and the rows are kept.
void borrow_rows(const Trials& trials,
                 const JointModel& model,
                 std::vector<ResidualPeak>& peaks,
                 std::vector<BorrowedRow>& borrowed);

/// Bands that no reference explains, above 5 sigma; vapour left in the beam is not one of them.
std::vector<UnexplainedBand> unexplained_bands(const Trials& trials, const JointModel& model);

/// Of the phases those that the data ask for once a fit was made; the others go to `ruled_out`.
std::vector<const Phase*> asked_for(const Trials& trials,
                                    std::span<const RuledOut> uncertain,
                                    std::vector<RuledOut>& ruled_out);

/// Phases open to be tried that would explain much of their intensity by the peaks, or that were
/// screened; those with the largest part first, a few at a time.
std::vector<const Phase*> find_missing(const Trials& trials,
                                       std::span<const ResidualPeak> peaks,
                                       std::span<const Phase* const> screened,
                                       const std::function<bool(const Phase&)>& is_open);

/// Within half the width of a row of the phase.
bool is_near_row(const ResidualPeak& peak, const Phase& phase, const Setting& setting);
/// Takes out those near rows of the phase; what outgrew one of them stays.
void drop_peaks_of(const Phase& phase, const Setting& setting, std::vector<ResidualPeak>& peaks);
/// Takes out those within the width of a known one.
void drop_near(std::span<const ResidualPeak> known, std::vector<ResidualPeak>& peaks);
/// Those that the rows of the phase do not claim; what outgrew a row stays.
std::vector<ResidualPeak> peaks_away_from(std::span<const ResidualPeak> peaks,
                                          const Phase& phase,
                                          const Setting& setting);

/// Of a family whose members differ by places most of all, the screening may have taken the wrong
/// one: the best of its kin that stand where they should, among those `is_open`, and fit better
/// than `model` by `least_gain` of chi_square_above(); null if there is none.
const Phase* find_standing_kin(const Trials& trials,
                               std::size_t p,
                               std::span<const Phase* const> phases,
                               const std::function<bool(const Phase&)>& is_open,
                               double least_gain,
                               const JointModel& model);

/// Their strongest bands lie within one another.
bool stand_at_one_place(const Phase& a, const Phase& b, const Trials& trials);

/// A phase that holds the strongest band of `p`, and without which the fit is better than without
/// `p`: one past the last if there is none.
std::size_t find_usurper(const Trials& trials, std::span<const Phase* const> phases, std::size_t p);

/// Puts the best of its kind in the place of phase `p`; the ids of all that fit as well.
std::vector<std::string> take_best_of_kind(const Trials& trials,
                                           std::size_t p,
                                           std::vector<const Phase*>& phases,
                                           JointModel& model);

/// A phase that others claim the bands of and can do without, and the fit without it.
struct Redundant {
  std::size_t phase = 0;
  JointModel trial;
  bool is_last = false;  // that was tried
};
/// The one that is missed least; none where each is missed.
std::optional<Redundant> find_redundant(const Trials& trials,
                                        std::span<const Phase* const> phases,
                                        const JointModel& model);

/// With a phase more it is likelier than as it is.
bool is_outweighed(const JointModel& model);

/// What phases that could not be named may hold of the areas; `weightless` are left out.
std::vector<Alternative> weigh_refused(const Trials& trials,
                                       std::span<const Phase* const> screened,
                                       std::span<const RuledOut> ruled_out,
                                       std::span<const Phase* const> weightless,
                                       const JointModel& model);

/// Areas within the window, per phase and for all unexplained bands together (last).
struct Areas {
  std::vector<double> value;
  std::vector<double> covariance;
  double total = 0;

  [[nodiscard]] double between(std::size_t i, std::size_t j) const {
    return covariance[i * value.size() + j];
  }
};

struct ShareMoments {
  std::vector<double> value;
  std::vector<double> covariance;
};

/// Shares as the mean over the model and its alternatives. What an alternative adds counts with
/// what nothing explains.
class Shares {
 public:
  Shares(const Window& window, const JointModel& model, std::span<const RuledOut> ruled_out);

  [[nodiscard]] double total_area() const { return areas_.total; }
  [[nodiscard]] double area(std::size_t phase) const { return areas_.value[phase]; }
  /// Past the last phase: of the unexplained bands. Needs a total area above 0.
  [[nodiscard]] Estimate of(std::size_t phase) const;
  /// Of the errors of two shares, -1 to 1; 0 where one has no error.
  [[nodiscard]] double correlation(std::size_t a, std::size_t b) const;

 private:
  Areas areas_;
  ShareMoments shares_;
};

MixtureBand shape_of(const FittedMixtureBand& band);

/// What is summed up: the final model, and its phases as judged.
struct Concluded {
  const Window& window;
  const JointModel& model;
  const ReferenceLibrary& library;
  const Setting& setting;
  std::span<const Verdict> verdicts;
};

/// Shares, intervals, groups and curves.
void summarise(const Concluded& what, std::span<const RuledOut> ruled_out, Composition& out);

/// Whether there is a composition: `total`, or why there is none.
void judge_whole(const Concluded& what, Composition& out);

/// Phases stay listed, without numbers.
void refuse_all(const std::string& reason, Composition& out);

/// Shortest interval that holds 95 % of a normal distribution cut to 0..1; near a limit it ends
/// there, so that a pure or an absent phase is covered.
std::pair<double, double> share_interval(double value, double u);

/// For infrared spectra of unknown sampling mode.
Composition compose_for_either_mode(const CompositionInput& input,
                                    const ReferenceLibrary& library,
                                    const CompositionOptions& options);

/// What is known of all spectra of a map.
struct MapStart {
  Setting setting;
  Index stride = 0;                                        // see Window
  std::vector<const Phase*> phases;                        // named somewhere
  std::vector<const Phase*> screened;                      // may be there, see Screening
  std::map<const Phase*, std::vector<std::string>> alike;  // see JointModel
  std::vector<ResidualPeak> peaks;                         // that were searched for phases in vain
  std::vector<const Phase*> weightless;                    // of no weight as alternatives
};

/// Where the search begins in one of them.
struct CommonStart {
  const MapStart& map;
  Setting setting;
  std::vector<const Phase*> phases;    // of those named in the map
  std::vector<const Phase*> screened;  // of the others
  std::vector<RuledOut> absent;        // named elsewhere in the map, not here
  std::vector<RuledOut> uncertain;     // likewise, unless the first fit asks for them
};

/// What one spectrum has shown.
struct Findings {
  JointModel model;
  Setting setting;
  std::vector<const Phase*> screened;
  bool is_unlike = false;  // what is common does not hold for this spectrum: nothing was concluded
};

/// Searches, fits and concludes; begins with `start`, or, where that is null, with `screening`.
Findings estimate_from(Window window,
                       const ReferenceLibrary& library,
                       const Setting& setting,
                       const CommonStart* start,
                       const Screening& screening,
                       Composition& out);

/// The same; `start` null: nothing is known before, and the search begins with what a coarse look
/// shows, or with each of two such looks.
Findings estimate_window(Window window,
                         const ReferenceLibrary& library,
                         const Setting& setting,
                         const CommonStart* start,
                         Composition& out);

/// Empty if the composition can be tried.
std::string obstacle(const CompositionInput& input);
std::pair<double, double> default_range(Technique technique);
BandTechnique technique_of(const CompositionInput& input);

}  // namespace calcispec::models::detail
