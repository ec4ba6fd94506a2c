// Static pictures of one analysed spectrum, for papers, prints and browsers without scripts.
#pragma once

#include "pipelines/analysis.hpp"

#include <string>
#include <string_view>
#include <utility>

namespace calcispec {

/// Spectrum, background, fit, single bands with labels, and residual as SVG; wavenumbers high to
/// low, Raman shifts low to high; lines thinned to two points per pixel column. Shows the fitted
/// part of the axis. Empty if nothing was read.
std::string figure_svg(const SpectrumAnalysis& entry);

/// The part of the axis that pictures show first: what was fitted, else all that was measured.
std::pair<double, double> figure_range(const SpectrumAnalysis& entry);

/// Bands worth a label, tallest first: clear of noise, none closer to another than `apart`.
std::vector<const models::FittedBand*> labelled_bands(const SpectrumAnalysis& entry, double apart);

/// A file name from the id: letters, digits, dot, dash and underscore, unique by its number.
std::string figure_name(std::string_view id, std::size_t index);

/// Colour of a phase in all pictures (mostly Okabe-Ito): the first mineral is blue, the first
/// matrix green, whatever the order of the curves; grey for what is unexplained.
std::string_view color_of(const models::Composition& composition, std::string_view phase);

}  // namespace calcispec
