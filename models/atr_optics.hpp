// ATR spectra from transmission bands: dispersion moves strong bands down and tilts their shape.
#pragma once

#include "models/reference_library.hpp"

#include <span>
#include <vector>

namespace calcispec::models {

/// Defaults: diamond at 45 degrees. `peak_k` is the largest extinction coefficient of the powder,
/// pores included; powders show 0.1-0.5.
struct AtrOptics {
  double crystal_index = 2.4;
  double angle_degrees = 45;
  double sample_index = 1.6;  // far from bands
  double peak_k = 0.25;
};

/// Absorbance of one reflection, unpolarised, in full contact.
///
/// Model      k from the bands (absorbance over wavenumber), n by Kramers-Kronig band by band in
///            closed form, Fresnel reflectance of both polarisations
/// In, out    x in cm-1, above 0; one absorbance per x
/// Needs      crystal index above sample index / sin(angle), else there is no total reflection
/// Accuracy   maxima of calcite and hydroxyapatite within 3 cm-1 (tests/models/atr_optics_test)
/// Source     Born & Wolf, Principles of Optics, ch. 1.5 (Fresnel); indices: see derive_atr_bands
std::vector<double> atr_absorbance(std::span<const double> x,
                                   std::span<const ReferenceBand> transmission,
                                   const AtrOptics& optics);

/// Transmission rows as ATR shows them: position, height and width moved by the model; status
/// derived. A band that is a mere shoulder moves with the maximum it leans on.
std::vector<ReferenceBand> derive_atr_bands(std::span<const ReferenceBand> transmission,
                                            const AtrOptics& optics);

}  // namespace calcispec::models
