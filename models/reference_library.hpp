// ReferenceLibrary: phases with their band tables, from the embedded data files or a user's folder.
#pragma once

#include "core/quantity.hpp"

#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace calcispec::models {

enum class BandTechnique { raman, ftir_transmission, ftir_atr };
enum class BandShape { pseudo_voigt, gauss, lorentz };

/// How far a literature value can be trusted; printed beside it.
enum class SourceStatus { measured, seen, literature, derived };

struct ReferenceBand {
  double position_cm1 = 0;
  double fwhm_cm1 = 0;            // intrinsic, without the instrument
  double relative_intensity = 0;  // height, strongest fingerprint band of the phase = 100
  double lorentz_share = 0;       // of the height
  std::string assignment;
  std::string source;
  SourceStatus status = SourceStatus::literature;
};

/// `site`: a state of another phase (surface carbonate of apatite), never named by itself.
enum class PhaseRole { mineral, matrix, substrate, gas, site };

struct Phase {
  std::string id;    // "hydroxyapatite"
  std::string name;  // "hydroxyapatite", for people
  PhaseRole role = PhaseRole::mineral;
  std::string family;  // "apatite" for all apatites; the id itself where it stands alone
  std::string formula;
  int validated_on_raman = 0;  // number of real spectra on which the naming was checked
  int validated_on_ftir = 0;
  // For ATR rows derived from transmission: index far from bands, largest extinction coefficient.
  double atr_index = 1.55;
  double atr_peak_k = 0.25;
  std::vector<ReferenceBand> raman;
  std::vector<ReferenceBand> ftir_transmission;
  std::vector<ReferenceBand> ftir_atr;

  [[nodiscard]] std::span<const ReferenceBand> bands(BandTechnique technique) const;
};

struct ReferenceLibrary {
  std::vector<Phase> phases;  // in file order
  std::string sha256;         // of the data it was made from

  [[nodiscard]] const Phase* find(std::string_view id) const;
};

/// The band tables of the product. A phase whose strong ATR bands were not measured gets rows
/// derived from its transmission rows (atr_optics.hpp), status derived.
ReferenceLibrary builtin_library();

/// A user's folder of band tables (bands.csv, optional phases.csv). Throws Error{bad_method} with
/// file:line.
ReferenceLibrary library_from_folder(const std::string& folder);

std::string_view name_of(PhaseRole role);
std::string_view name_of(SourceStatus status);
std::string_view name_of(BandTechnique technique);

}  // namespace calcispec::models
