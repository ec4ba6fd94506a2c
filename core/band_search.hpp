// search_bands: how many bands a spectrum shows, where they start, and the fit of them.
#pragma once

#include "core/fit.hpp"
#include "core/peak_finding.hpp"

#include <string_view>

namespace calcispec {

enum class SearchStop {
  nothing_significant,  // no further band stands out from chance and misfit
  too_small,            // further bands stay below `smallest_height`: flaws of the shape, not bands
  too_close,            // further bands lie within half a width of others: flaws as well
  most_bands,           // `max_bands` reached while the residual still shows something
  nothing_found,        // no band at all
  no_fit                // the spectrum cannot be fitted
};

struct BandSearchOptions {
  const BandShape* shape = nullptr;  // nullptr: pseudo_voigt
  PeakFinder finder = PeakFinder::wavelet;
  double false_alarm = 0.01;  // of a band that is not there, per spectrum
  Index max_bands = 12;
  Index max_degree = 5;           // of the background; starts with a line
  double smallest_height = 0.01;  // of hidden bands, as part of the highest band
  double from = -std::numeric_limits<double>::infinity();
  double to = std::numeric_limits<double>::infinity();
  FitOptions fit;
};

struct BandSearch {
  BandModel model;   // bands by rising position, starts as fitted
  FitResult result;  // of that model
  Index found = 0;   // bands from peaks and shoulders
  Index hidden = 0;  // further bands that the residual asked for
  Index removed = 0;
  SearchStop stop = SearchStop::nothing_found;
  PeakList peaks;
};

/// Finds bands and fits them with a background.
///
/// Method     bands start at find_peaks; one band where the residual rises most, or a degree of the
///            background, is added while both tests call for it (up to three additions are judged
///            together); then the band that matters least is removed while they do not: likelihood
///            ratio (gain of chi-square against chi-square with as many degrees of freedom as
///            parameters, times the places it could have been) and BIC. Gains count divided by
///            max(1, chi-square / (n - p)) (1 + r) / (1 - r), r the correlation of neighbouring
///            residuals, so that a misfit of the shape does not breed bands.
/// Status     see SearchStop; the fit's own stands in `result`
/// Needs      noise as in find_peaks
/// Accuracy   numbers of right answers in docs/band_fits.md
/// Cost       a few fits per band
/// Source     Schwarz, Ann. Stat. 6 (1978) 461 (BIC)
CALCISPEC_API BandSearch search_bands(std::span<const double> x,
                                      std::span<const double> y,
                                      std::span<const double> sigma,
                                      const BandSearchOptions& options = {});

/// "stopped: neither chance nor the misfit explains less than a further band would"
CALCISPEC_API std::string_view search_stop_text(SearchStop stop);
CALCISPEC_API std::string_view search_stop_name(SearchStop stop);

}  // namespace calcispec
