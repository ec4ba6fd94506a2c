// Pictures of band fits: one spectrum with its bands and residual, maps of fitted values.
#pragma once

#include "pipelines/band_fit.hpp"
#include "pipelines/report/map_values.hpp"

#include <string>
#include <vector>

namespace calcispec {

/// Data, fit, single bands on the background and the residual in sigma below, as SVG; wavenumbers
/// high to low. Shows the fitted range. Without a fit the data alone; empty if nothing was read.
std::string fit_figure_svg(const FitRun& run, const SpectrumFit& entry);

/// Center, height, fwhm, area and area share of every band, and the reduced chi-square, one map
/// each; values that were held or whose fit failed are missing, and so are center and fwhm where
/// the height is below 3 of its standard errors.
std::vector<MapValues> fit_maps(const FitRun& run, const MapInfo& map);

}  // namespace calcispec
