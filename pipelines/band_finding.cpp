#include "pipelines/band_finding.hpp"

#include "core/parameter.hpp"

#include <algorithm>
#include <cmath>

namespace calcispec {
namespace {

// Two digits more than anyone reads off a plot.
std::string band_finding_rounded(double value) {
  if (value == 0 || !std::isfinite(value)) {
    return number_text(value);
  }
  const double unit = std::pow(10.0, std::floor(std::log10(std::abs(value))) - 4);
  const double digits = std::round(value / unit);
  return number_text(unit < 1 ? digits / std::round(1 / unit) : digits * unit);
}

// TOML tells whole numbers from others; both are taken.
std::string pair_of(double low, double high) {
  return "[" + band_finding_rounded(low) + ", " + band_finding_rounded(high) + "]";
}

std::string band_toml(const Band& band) {
  std::string out =
      "\n[[band]]\nid = \"" + band.id + "\"\nshape = \"" + std::string(band.shape->name) + "\"\n";
  double reach = 0;
  for (std::size_t j = 1; j < band.parameters.size(); ++j) {
    const auto name = band.shape->parameters[j].name;
    if (name == "fwhm") {
      reach = band.parameters[j].start;
    }
  }
  for (std::size_t j = 1; j < band.parameters.size(); ++j) {
    const std::string name(band.shape->parameters[j].name);
    const double start = band.parameters[j].start;
    if (!std::isfinite(start)) {
      continue;
    }
    out += name + " = " + band_finding_rounded(start) + "\n";
    if (name == "center" && reach > 0) {
      out += "center_range = " + pair_of(start - reach, start + reach) + "\n";
    } else if (name == "fwhm") {
      out += "fwhm_range = " + pair_of(start / 3, start * 3) + "\n";
    }
  }
  return out;
}

}  // namespace

BandSet automatic_band_set() {
  BandSet set;
  set.name = "auto";
  set.title = "bands found in the spectrum";
  return set;
}

std::vector<double> mean_spectrum(const SpectraMatrix& spectra) {
  std::vector<double> sum(spectra.axis->values().size(), 0.0);
  std::vector<double> count(sum.size(), 0.0);
  for (Index row = 0; row < spectra.rows(); ++row) {
    const auto y = spectra.row(row);
    for (std::size_t i = 0; i < sum.size(); ++i) {
      if (std::isfinite(y[i])) {
        sum[i] += y[i];
        count[i] += 1;
      }
    }
  }
  for (std::size_t i = 0; i < sum.size(); ++i) {
    sum[i] /= count[i];  // no row: NaN, a point left out
  }
  return sum;
}

FoundBands found_bands(const BandSearch& search, PeakFinder finder, bool is_of_mean) {
  FoundBands out;
  out.model = search.model;
  out.found = search.found;
  out.hidden = search.hidden;
  out.removed = search.removed;
  out.stop = search.stop;
  out.finder = peak_finder_name(finder);
  out.is_of_mean = is_of_mean;
  return out;
}

std::string found_bands_text(const FoundBands& bands) {
  const auto count = bands.model.bands.size();
  std::string out = std::to_string(count) + (count == 1 ? " band" : " bands") +
                    (bands.is_of_mean ? " in the mean spectrum" : "") + ": " +
                    std::to_string(bands.found) + " by " + bands.finder + ", " +
                    std::to_string(bands.hidden) + " from the residual";
  if (bands.removed > 0) {
    out += ", " + std::to_string(bands.removed) + " removed as chance";
  }
  return out + "; " + std::string(search_stop_text(bands.stop));
}

std::string found_bands_toml(const FoundBands& bands, double first, double last) {
  const auto& model = bands.model;
  std::string out = "# Bands found: " + found_bands_text(bands) +
                    ".\n# A start: check, name and bind them.\nschema = 1\nname = "
                    "\"found_bands\"\ntitle = \"Bands found in a spectrum\"\n\n[range]\n";
  out += "from = " + band_finding_rounded(std::max(model.from, first)) + "\n";
  out += "to = " + band_finding_rounded(std::min(model.to, last)) + "\n";
  out += "\n[background]\nkind = \"legendre\"\ndegree = " + std::to_string(model.degree) +
         "\n\n[noise]\nsigma = \"estimate\"\n";
  for (const auto& band : model.bands) {
    out += band_toml(band);
  }
  return out;
}

}  // namespace calcispec
