#include "core/quantity.hpp"

#include <array>
#include <utility>

namespace calcispec {
namespace {

template <typename Kind, std::size_t count>
using Names = std::array<std::pair<Kind, std::string_view>, count>;

constexpr Names<Technique, 4> technique_names{
    {{Technique::raman, "raman"},
     {Technique::ftir, "ftir"},
     {Technique::other, "other"},
     {Technique::unknown, "unknown"}}
};
constexpr Names<SamplingMode, 5> mode_names{
    {{SamplingMode::transmission, "transmission"},
     {SamplingMode::atr, "atr"},
     {SamplingMode::reflection, "reflection"},
     {SamplingMode::none, "none"},
     {SamplingMode::unknown, "unknown"}}
};
constexpr Names<AxisKind, 4> axis_names{
    {{AxisKind::wavenumber, "wavenumber"},
     {AxisKind::raman_shift, "raman_shift"},
     {AxisKind::wavelength, "wavelength"},
     {AxisKind::other, "other"}}
};
constexpr Names<OrdinateKind, 7> ordinate_names{
    {{OrdinateKind::absorbance, "absorbance"},
     {OrdinateKind::transmittance, "transmittance"},
     {OrdinateKind::reflectance, "reflectance"},
     {OrdinateKind::intensity, "intensity"},
     {OrdinateKind::counts, "counts"},
     {OrdinateKind::other, "other"},
     {OrdinateKind::unknown, "unknown"}}
};

template <typename Kind, std::size_t count>
std::string_view find_name(const Names<Kind, count>& names, Kind kind) {
  for (const auto& [value, name] : names) {
    if (value == kind) {
      return name;
    }
  }
  return "unknown";
}

template <typename Kind, std::size_t count>
std::optional<Kind> find_kind(const Names<Kind, count>& names, std::string_view wanted) {
  for (const auto& [value, name] : names) {
    if (name == wanted) {
      return value;
    }
  }
  return std::nullopt;
}

}  // namespace

std::string_view name_of(Technique technique) {
  return find_name(technique_names, technique);
}
std::string_view name_of(SamplingMode mode) {
  return find_name(mode_names, mode);
}
std::string_view name_of(AxisKind kind) {
  return find_name(axis_names, kind);
}
std::string_view name_of(OrdinateKind kind) {
  return find_name(ordinate_names, kind);
}

std::optional<Technique> technique_from_name(std::string_view name) {
  return find_kind(technique_names, name);
}
std::optional<SamplingMode> sampling_mode_from_name(std::string_view name) {
  return find_kind(mode_names, name);
}
std::optional<OrdinateKind> ordinate_from_name(std::string_view name) {
  return find_kind(ordinate_names, name);
}

std::string axis_label(AxisKind kind, std::string_view unit) {
  switch (kind) {
    case AxisKind::wavenumber:
      return "Wavenumber / cm⁻¹";
    case AxisKind::raman_shift:
      return "Raman shift / cm⁻¹";
    case AxisKind::wavelength:
      return "Wavelength / " + std::string(unit);
    case AxisKind::other:
      break;
  }
  return unit.empty() ? std::string("Axis") : "Axis / " + std::string(unit);
}

std::string ordinate_label(OrdinateKind kind, Technique technique) {
  switch (kind) {
    case OrdinateKind::absorbance:
      return "Absorbance";
    case OrdinateKind::transmittance:
      return "Transmittance";
    case OrdinateKind::reflectance:
      return "Reflectance";
    case OrdinateKind::counts:
      return technique == Technique::raman ? "Raman intensity / counts" : "Counts";
    case OrdinateKind::intensity:
      return technique == Technique::raman ? "Raman intensity" : "Intensity";
    case OrdinateKind::other:
    case OrdinateKind::unknown:
      break;
  }
  return "Ordinate";
}

}  // namespace calcispec
