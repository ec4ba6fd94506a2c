// What a signal of an HDF5 file is: its dimension along the spectrum, axis, names, places.
#include "io/hdf5_signals_private.hpp"

#include <algorithm>
#include <cmath>

namespace calcispec::io::hdf5 {
namespace {

// Micrometres of a unit; 0: no length. Places without a unit are in micrometres.
double micrometres_of(const std::string& unit) {
  for (const auto& [name, length] : std::initializer_list<std::pair<const char*, double>>{
           {"",           1   },
           {"um",         1   },
           {"\xC2\xB5m",  1   },
           {"\xCE\xBCm",  1   },
           {"micron",     1   },
           {"microns",    1   },
           {"micrometer", 1   },
           {"micrometre", 1   },
           {"nm",         1e-3},
           {"mm",         1e3 },
           {"m",          1e6 }
  }) {
    if (unit == name) {
      return length;
    }
  }
  return 0;
}

double hdf5_step_of(const AxisData& axis) {
  const auto& v = axis.values;
  return v.size() > 1 ? micrometres_of(axis.unit) * std::abs(v.back() - v.front()) /
                            static_cast<double>(v.size() - 1)
                      : 0;
}

// "x" or "y", whatever follows.
bool is_place(const AxisData& axis) {
  const auto name = axis.label.substr(0, axis.label.find_first_of(" _"));
  return name == "x" || name == "y" || name == "z" || name == "X" || name == "Y" || name == "Z";
}

bool is_filled_and_spectral(const AxisData& axis) {
  return !axis.values.empty() && (is_spectral(axis.unit) || is_spectral(axis.label));
}

}  // namespace

bool is_spectral(const std::string& text) {
  for (const auto* word : {"1/cm",
                           "cm-1",
                           "cm^-1",
                           "cm\xE2\x81\xBB",
                           "cm\xC2\xAF",
                           "nm",
                           "shift",
                           "wavenumber",
                           "Wavenumber",
                           "Shift",
                           "wavelength",
                           "Wavelength",
                           "energy"}) {
    if (text.find(word) != std::string::npos) {
      return true;
    }
  }
  return false;
}

double count_of(const Signal& signal) {
  double count = 1;
  for (const auto n : signal.shape.size) {
    count *= static_cast<double>(n);
  }
  return count;
}

std::string content_of(const Signal& signal) {
  std::string out;
  for (const auto n : signal.shape.size) {
    out += (out.empty() ? "" : " x ") + std::to_string(n);
  }
  return out + " numbers" + (signal.y_label.empty() ? "" : ", " + signal.y_label);
}

std::size_t spectral_dimension(const Signal& signal) {
  for (std::size_t d = 0; d < signal.axes.size(); ++d) {
    if (signal.axes[d].is_named) {
      return d;
    }
  }
  // Places may be in nanometres, too.
  for (const bool may_be_place : {false, true}) {
    for (std::size_t d = signal.axes.size(); d-- > 0;) {
      if (is_filled_and_spectral(signal.axes[d]) && is_place(signal.axes[d]) == may_be_place) {
        return d;
      }
    }
  }
  return signal.axes.size() - 1;
}

void describe(const Signal& signal, TextSpectra& spectra, Diagnostics& diagnostics) {
  const auto spectral = spectral_dimension(signal);
  const auto& axis = signal.axes[spectral];
  spectra.x = axis.values;
  spectra.x_unit = axis.unit;
  spectra.x_label = axis.label;
  spectra.y_label = signal.y_label;
  spectra.technique = signal.technique;
  diagnostics.insert(diagnostics.end(), signal.diagnostics.begin(), signal.diagnostics.end());
  if (spectra.x.empty() && !signal.is_pair) {
    for (hsize_t i = 0; i < signal.shape.size[spectral]; ++i) {
      spectra.x.push_back(static_cast<double>(i));
    }
    spectra.x_unit = "point";
    diagnostics.push_back(
        {Severity::warning,
         "axis_missing",
         "the file gives no axis for " + signal.path + "; its points are counted from 0",
         -1});
  }
  spectra.metadata["dataset"] = signal.path;
  if (signal.is_pair) {
    spectra.names = {signal.title};
    return;
  }
  if (!signal.title.empty()) {
    spectra.metadata["title"] = signal.title;
  }
  std::vector<std::size_t> places;
  for (std::size_t d = 0; d < signal.shape.size.size(); ++d) {
    if (d != spectral) {
      places.push_back(d);
    }
  }
  const double rows = count_of(signal) / static_cast<double>(spectra.x.size());
  if (rows < 2) {
    spectra.names = {signal.title.empty() ? signal.path : signal.title};
  }
  if (places.empty() || rows < 2) {
    return;
  }
  if (places.size() == 1 && signal.grid) {
    spectra.map = signal.grid;
    return;
  }
  // The last place runs fastest.
  MapGrid grid;
  grid.nx = static_cast<Index>(signal.shape.size[places.back()]);
  grid.step_x_um = hdf5_step_of(signal.axes[places.back()]);
  grid.ny = 1;
  if (places.size() == 2) {
    grid.ny = static_cast<Index>(signal.shape.size[places.front()]);
    grid.step_y_um = hdf5_step_of(signal.axes[places.front()]);
  }
  spectra.map = grid;
}

}  // namespace calcispec::io::hdf5
