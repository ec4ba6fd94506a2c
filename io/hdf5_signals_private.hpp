// Signals of an open HDF5 file: which datasets are spectra, with their axes. Private to io.
#pragma once

#include "io/hdf5_private.hpp"
#include "io/text_spectra.hpp"

#include <optional>
#include <string>
#include <vector>

namespace calcispec::io::hdf5 {

// An axis of a signal: values and what the file says about them.
struct AxisData {
  std::vector<double> values;  // empty: not given
  std::string unit;
  std::string label;
  bool is_named = false;  // by the user or the file: along the spectrum whatever it is called
};

/// Paths that the user has named.
struct Wanted {
  std::optional<std::string> dataset;
  std::optional<std::string> axis;
};

struct Signal {
  std::string path;
  Handle data;
  Shape shape;
  std::string y_label;
  std::vector<AxisData> axes;  // one per dimension
  std::string title;
  std::optional<MapGrid> grid = {};  // where the file says so
  std::optional<Technique> technique = {};
  bool is_pair = false;        // two rows: the axis and one spectrum
  bool is_in_columns = false;  // two columns
  std::string left_out = {};   // why it is not read unless it is named
  Diagnostics diagnostics = {};
};

/// Signals by NeXus, HyperSpy or PTIR Studio, else those of plain files; each dataset once.
/// Pictures beside spectra, and the numbers in a result of calcispec batch, are left out. A dataset
/// that is wanted comes last if it is none of them; an axis that is wanted takes the place of what
/// the file says. Throws Error{unreadable_input} with the path for an axis that cannot be decoded
/// or fits none, and where only a named dataset could be read.
std::vector<Signal> find_signals(hid_t file, const std::string& path, const Wanted& wanted = {});

/// The name of an axis or unit speaks of wavenumbers, shifts, wavelengths or energies.
bool is_spectral(const std::string& text);

/// All numbers of the signal.
double count_of(const Signal& signal);
/// "3 x 4 x 701 numbers, intensity"
std::string content_of(const Signal& signal);
/// The dimension along the spectrum: what its axis says, else the last.
std::size_t spectral_dimension(const Signal& signal);
/// Axis, labels, names and grid; y and the axis of a pair are left alone. A missing axis is counted
/// and said.
void describe(const Signal& signal, TextSpectra& spectra, Diagnostics& diagnostics);

/// Opens the data set anew so that the library keeps unpacked chunks for the next lines of a map,
/// up to 192 MB. By itself it keeps 1 MB, and unpacks a chunk once for each line in it.
void keep_chunks(Signal& signal);

/// Which spectra of a signal.
struct Rows {
  Index first = 0;
  Index count = 0;
  Index points = 0;
};
/// Spectra along the stored axis; those that lie along the fastest place are read at once. Throws
/// Error{unreadable_input} where the file is damaged.
std::vector<double> stored_rows(const Signal& signal, const Rows& rows, const std::string& path);

}  // namespace calcispec::io::hdf5
