// Kinds of axis and ordinate, technique and sampling mode, and their names in files and reports.
#pragma once

#include "core/export.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace calcispec {

enum class AxisKind { wavenumber, raman_shift, wavelength, other };
enum class OrdinateKind {
  absorbance,
  transmittance,
  reflectance,
  intensity,
  counts,
  other,
  unknown
};
enum class Technique { raman, ftir, other, unknown };
enum class SamplingMode { transmission, atr, reflection, none, unknown };  // none: Raman

/// "raman", "ftir", "other", "unknown": the words of the command line and of JSON.
CALCISPEC_API std::string_view name_of(Technique technique);
CALCISPEC_API std::string_view name_of(SamplingMode mode);
CALCISPEC_API std::string_view name_of(AxisKind kind);
CALCISPEC_API std::string_view name_of(OrdinateKind kind);

CALCISPEC_API std::optional<Technique> technique_from_name(std::string_view name);
CALCISPEC_API std::optional<SamplingMode> sampling_mode_from_name(std::string_view name);
CALCISPEC_API std::optional<OrdinateKind> ordinate_from_name(std::string_view name);

/// Axis label for people: "Raman shift / cm⁻¹".
CALCISPEC_API std::string axis_label(AxisKind kind, std::string_view unit);
/// "Absorbance", "Raman intensity / counts", ...
CALCISPEC_API std::string ordinate_label(OrdinateKind kind, Technique technique);

}  // namespace calcispec
