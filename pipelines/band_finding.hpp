// FoundBands: bands found in a spectrum or in the mean of a map, and the bands file they make.
#pragma once

#include "core/band_search.hpp"
#include "pipelines/band_set.hpp"

#include <memory>
#include <span>
#include <string>

namespace calcispec {

/// What `--bands auto` found; shared by all spectra of a map.
struct FoundBands {
  BandModel model;
  Index found = 0;
  Index hidden = 0;
  Index removed = 0;
  SearchStop stop = SearchStop::nothing_found;
  std::string finder;
  bool is_of_mean = false;  // found in the mean of the map
};

/// The band set of a run before anything is found: name "auto", no bands.
BandSet automatic_band_set();
/// Mean of the rows; points that are not finite in a row do not count.
std::vector<double> mean_spectrum(const SpectraMatrix& spectra);
FoundBands found_bands(const BandSearch& search, PeakFinder finder, bool is_of_mean);
/// "3 bands: 2 found by wavelet, 1 added from the residual; no further band ..."
std::string found_bands_text(const FoundBands& bands);
/// A bands file that the band-set reader takes, as a start for the user's own. `first` and `last`:
/// ends of the axis, for a range that is open.
std::string found_bands_toml(const FoundBands& bands, double first, double last);

}  // namespace calcispec
