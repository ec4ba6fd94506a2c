// Names and texts as reports print them: escaped for HTML and SVG, set as chemists write.
#pragma once

#include "models/composition.hpp"

#include <string>
#include <string_view>

namespace calcispec {

/// Safe inside HTML and SVG text and attributes.
std::string escaped(std::string_view text);

/// The text of a label as chemists set it: "nu1 PO4, 1/cm" becomes "ν₁ PO₄, cm⁻¹". Not escaped.
std::string typeset(std::string_view text);

/// "below_lod" as "below lod".
std::string words_of(std::string_view id);

/// The name for people of a phase or group id; "unexplained" stays.
std::string phase_label(const models::Composition& composition, std::string_view id);

/// The short name of an assignment: "ν₁ PO₄" of "v1 PO4; FWHM 12-20 with maturity".
std::string band_label(std::string_view assignment);

/// The part of a fitted band's height that is Lorentzian, from its area: 0 to 1.
double lorentz_share_of(const models::FittedBand& band);

}  // namespace calcispec
