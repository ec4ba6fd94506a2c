// Broadening: what an instrument does to a narrow line, as kernels of unit area.
#pragma once

#include "core/export.hpp"

#include <optional>
#include <string>
#include <string_view>

namespace calcispec {

/// gauss: a grating spectrometer with its slit; sinc: an interferometer, whose kernel is the
/// transform of the apodisation over its path.
enum class BroadeningKind { none, gauss, sinc };

/// Weights A(u) of the interferogram at u = path / largest path, 0 to 1.
///
/// boxcar 1; triangular 1 - u; happ_genzel 0.54 + 0.46 cos(pi u); norton_beer_* sums of
/// (1 - u^2)^n; blackman_harris 0.42323 + 0.49755 cos(pi u) + 0.07922 cos(2 pi u)
/// Source     Norton & Beer, J. Opt. Soc. Am. 66 (1976) 259, 67 (1977) 419 (erratum); Harris, Proc.
///            IEEE 66 (1978) 51
enum class Apodisation {
  boxcar,
  triangular,
  happ_genzel,
  norton_beer_weak,
  norton_beer_medium,
  norton_beer_strong,
  blackman_harris
};

struct Broadening {
  BroadeningKind kind = BroadeningKind::none;
  double fwhm = 0;             // gauss: full width at half of the height, unit of the axis
  double path_difference = 0;  // sinc: largest optical path difference, inverse of that unit (cm)
  Apodisation apodisation = Apodisation::boxcar;
};

CALCISPEC_API std::string_view apodisation_name(Apodisation apodisation);
CALCISPEC_API std::optional<Apodisation> apodisation_from_name(std::string_view name);
/// "gauss, fwhm 4" or "sinc, path difference 0.25, happ_genzel"; empty for none.
CALCISPEC_API std::string broadening_text(const Broadening& broadening);

/// The kernel at a distance from the line; its integral over all distances is 1.
///
/// Accuracy   1e-14 of the value at 0
CALCISPEC_API double broadening_kernel(const Broadening& broadening, double distance);
/// Full width at half of the height: given, or found on the kernel; 0 for none.
CALCISPEC_API double broadening_width(const Broadening& broadening);

}  // namespace calcispec
