// Static pictures of one analysed spectrum, for papers, prints and browsers without scripts.
#pragma once

#include "pipelines/analysis.hpp"

#include <string>

namespace calcispec {

/// Spectrum, background, fit, phases, labels and residual as SVG; wavenumbers high to low, Raman
/// shifts low to high; lines thinned to two points per pixel column. Empty if nothing was read.
std::string figure_svg(const SpectrumAnalysis& entry);

/// Shares with their 95 % intervals as bars; empty without a composition.
std::string composition_svg(const models::Composition& composition);

/// A file name from the id: letters, digits, dot, dash and underscore, unique by its number.
std::string figure_name(const SpectrumAnalysis& entry, std::size_t index);

/// Text for HTML and SVG.
std::string escaped(std::string_view text);

/// Colour of a phase in all pictures (Okabe-Ito).
std::string_view phase_color(std::size_t index);

}  // namespace calcispec
