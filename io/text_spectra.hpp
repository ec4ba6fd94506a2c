// From columns of numbers to a Recording: axis, units, technique, ordinate, and what is odd.
#pragma once

#include "io/format.hpp"
#include "io/text_file.hpp"

#include <map>
#include <optional>
#include <span>
#include <string>
#include <vector>

namespace calcispec::io {

/// Columns as they stand in the file, with what the file says about them.
struct TextSpectra {
  std::vector<double> x;               // stored order
  std::vector<std::vector<double>> y;  // one per spectrum
  std::vector<double> rows;            // instead of y, from add_spectra(): along the rising axis
  std::vector<std::string> names;      // of the spectra, may be empty
  std::vector<Index> lines;            // line of each point, counted from 0; may be empty
  std::string x_label;                 // "Raman Shift", "Wavenumbers (cm-1)", ...
  std::string y_label;
  std::string x_unit;                  // certain from the format, else found from the label
  std::optional<Technique> technique;  // certain from the format, as the two below
  std::optional<SamplingMode> mode;
  std::optional<OrdinateKind> ordinate;
  std::optional<MapGrid> map;
  std::optional<double> laser_nm;
  std::map<std::string, std::string> metadata;
  std::optional<Skim> skim;  // y or rows hold the first spectrum alone
  Skim seen;                 // of y or rows, where they were looked at
  RowReader read_row;        // of skimmed rows, along the rising axis
};

/// Appends a spectrum; when skimming, only the first is kept and the others are counted.
void add_spectrum(TextSpectra& spectra, std::vector<double>&& y, bool is_skim);
/// Appends `count` spectra on the axis, which must be there, from a reader that fills them in
/// stored order. When skimming, the first is kept, and the reader. Memory: 8 bytes per number,
/// once.
void add_spectra(TextSpectra& spectra, Index count, RowReader read, bool is_skim);
/// Spectra kept or counted.
std::size_t count_of(const TextSpectra& spectra);

/// Decides axis kind, technique, mode and ordinate; what the user says wins. Throws
/// Error{unreadable_input} for fewer than three points, an axis that repeats or turns back, or a
/// unit that contradicts the range.
Recording make_recording(TextSpectra&& spectra,
                         const TextFile& text,
                         const ReadOptions& options,
                         Diagnostics& diagnostics);

/// The same for a file without lines: faults name the point.
Recording make_recording(TextSpectra&& spectra,
                         const std::string& path,
                         const ReadOptions& options,
                         Diagnostics& diagnostics);

/// `count` values from first to last, both ends included.
std::vector<double> even_axis(double first, double last, std::size_t count);
/// Whether the steps are the same, to a part in 1e9 of the range; not of a single point.
bool is_even_axis(std::span<const double> x);

/// One table of named columns below key lines, as instruments write it.
struct InstrumentTable {
  char delimiter = ',';
  char decimal = '.';
  Index header_line = -1;
  std::vector<std::string> columns;
  std::map<std::string, std::string> metadata;  // key lines above it
};

/// The first line that holds all the given column names. header_line -1 if there is none.
InstrumentTable find_instrument_table(const std::vector<std::string_view>& lines,
                                      char delimiter,
                                      const std::vector<std::string_view>& needed);

/// Rows of the table from which x and all y columns can be read; rows with a blank x are dropped,
/// a last row that is cut off is left out with a warning.
TextSpectra read_instrument_table(const TextFile& text,
                                  const InstrumentTable& table,
                                  Index x_column,
                                  const std::vector<Index>& y_columns,
                                  Diagnostics& diagnostics);

LoadedFile single_recording(const FileView& file,
                            std::string_view format,
                            Recording&& recording,
                            Diagnostics&& diagnostics);

}  // namespace calcispec::io
