// Composition of one spectrum: phases, matrix, groups and unexplained bands as shares of the
// signal.
#pragma once

#include "core/estimate.hpp"
#include "core/quantity.hpp"
#include "core/spectra_matrix.hpp"
#include "models/reference_library.hpp"

#include <optional>
#include <string>
#include <utility>
#include <vector>

namespace calcispec::models {

enum class PhaseStatus { quantified, below_lod, ambiguous, not_determinable };

struct BandEvidence {
  std::string band;         // assignment, "nu1 PO4"
  double position_cm1 = 0;  // as found
  double snr = 0;           // fitted height over its uncertainty
  double expected_snr = 0;  // for the fitted amount of the phase
};

/// Share of one phase in the background-free signal; `share.value` NaN with a reason if ambiguous.
struct PhaseShare {
  std::string phase;  // id
  std::string name;
  Estimate share;  // 0..1
  double lod = 0;  // 3.3 sigma
  PhaseStatus status = PhaseStatus::not_determinable;
  int validated_on = 0;  // real spectra on which the naming was checked; 0 is printed as "none"
  std::vector<BandEvidence> evidence;
};

/// Phases that this spectrum cannot tell apart, with their common share.
struct PhaseGroup {
  std::string name;                  // "apatite"
  std::vector<std::string> members;  // ids
  Estimate share;
  PhaseStatus status = PhaseStatus::quantified;
};

/// Of the errors of the shares of the phases that were fitted; what one holds too much another one
/// lacks.
struct ShareCorrelation {
  std::vector<std::string> phases;  // ids
  std::vector<double> values;       // phases x phases, -1 to 1
};

struct UnexplainedBand {
  double position_cm1 = 0;
  double height_sigma = 0;
};

/// Curves for pictures, on the native axis between first_point and first_point + size.
struct CompositionCurves {
  Index first_point = 0;
  std::vector<double> background;
  std::vector<double> fit;                                          // background included
  std::vector<std::pair<std::string, std::vector<double>>> phases;  // without background
};

/// A fitted band for labels and the band table.
struct FittedBand {
  std::string phase;
  std::string assignment;
  double center_cm1 = 0;
  double center_u = 0;
  double height = 0;
  double height_u = 0;
  double fwhm_cm1 = 0;
  double fwhm_u = 0;
  double area = 0;
  double area_u = 0;
  double area_fit_u = 0;  // by the fit alone, for what is seen at all
  /// Changes of the area by phases that may be there and could not be named, one sd each.
  std::vector<double> area_changes;
};

struct AxisCorrection {
  double shift_cm1 = 0;
  double u = 0;
  double stretch = 0;    // relative, cm-1 per cm-1
  bool checked = false;  // false: too few bands to tell
};

/// Where the references' sampling mode came from.
enum class ModeBasis {
  stated,        // by the file or the user, or there is only one
  found_by_fit,  // the references of the other mode name nothing
  either         // what is reported holds for transmission and for ATR
};

/// What a share is a part of.
enum class CompositionBasis {
  signal_share,    // of the recorded, background-free signal
  weight_fraction  // of the weight of all phases named, by a calibration
};

/// Where a calibration comes from.
enum class CalibrationStatus {
  none,
  user,
  literature_seen,  // the page with the coefficients was seen
  placeholder       // coefficients from memory or derived: only on request, marked as such
};

struct Composition {
  CompositionBasis basis = CompositionBasis::signal_share;
  std::string calibration_id;  // empty: none
  CalibrationStatus calibration_status = CalibrationStatus::none;
  std::string calibration_reason;  // why a calibration that was stated could not be applied
  ModeBasis mode_basis = ModeBasis::stated;
  SamplingMode mode = SamplingMode::unknown;  // if found_by_fit
  Estimate total;  // status and reason if nothing could be determined at all
  double from_cm1 = 0;
  double to_cm1 = 0;
  std::vector<PhaseShare> phases;  // minerals, largest share first
  std::vector<PhaseGroup> groups;
  std::vector<PhaseShare> matrix;  // protein, lipid, water, embedding, substrate, gas
  ShareCorrelation share_correlation;
  Estimate unexplained;
  bool unexplained_flag = false;
  std::vector<UnexplainedBand> unexplained_bands;
  double condition_number = 0;
  double noise_sigma = 0;  // of the recorded ordinate
  AxisCorrection axis;
  std::vector<FittedBand> bands;
  CompositionCurves curves;
};

struct CompositionOptions {
  std::optional<std::pair<double, double>> range_cm1;  // default by technique
  bool draws_curves = true;                            // false: Composition::curves stays empty
};

struct CompositionInput {
  const Axis& axis;
  std::span<const double> y;
  Technique technique = Technique::unknown;
  SamplingMode mode = SamplingMode::unknown;
};

/// Never throws for poor data: statuses say what could not be had. An infrared spectrum of unknown
/// sampling mode is tried as both: reported is what both agree on, with intervals that cover both.
Composition estimate_composition(const CompositionInput& input,
                                 const ReferenceLibrary& library,
                                 const CompositionOptions& options);

std::string_view name_of(PhaseStatus status);
std::string_view name_of(CompositionBasis basis);
std::string_view name_of(CalibrationStatus status);

}  // namespace calcispec::models
