// One composition of a specimen from spectra of several techniques, and where they disagree.
#pragma once

#include "models/composition.hpp"

#include <span>
#include <string>
#include <vector>

namespace calcispec::models {

/// One spectrum of the specimen.
struct SpecimenSpectrum {
  std::string id;
  Technique technique = Technique::unknown;
  const Composition* composition = nullptr;
};

struct CombinedPhase {
  std::string phase;                  // id, or name of the group
  std::vector<Estimate> by_spectrum;  // in the order given; NaN with a reason: says nothing
  Estimate combined;
  double contradiction = 0;  // largest difference of two spectra over its uncertainty
};

struct CombinedComposition {
  std::string specimen;
  std::vector<std::string> spectra;  // ids
  std::string reason;  // why there is no common composition; the phases still stand side by side
  std::vector<CombinedPhase> phases;
  double chi_square = 0;  // of all spectra about the common composition
  double freedom = 0;
  bool disagrees = false;  // beyond chance (1 %)
};

/// Weight fractions w that are likeliest for all spectra together.
///
/// Model      every spectrum gives w_i with its own normal error; sum w = 1, w >= 0
/// Needs      weight fractions in every spectrum: shares of the signal of two techniques are
///            different quantities, which only stand side by side
/// Doubt      where chi-square is beyond 1 % of chance, all intervals are widened by
///            sqrt(chi-square / freedom)
/// Source     Birge, Phys. Rev. 40 (1932) 207
CombinedComposition combine_spectra(std::string specimen,
                                    std::span<const SpecimenSpectrum> spectra);

}  // namespace calcispec::models
