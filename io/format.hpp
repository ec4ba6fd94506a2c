// Format: one row per file format; Recording: what a reader returns.
#pragma once

#include "core/diagnostics.hpp"
#include "core/quantity.hpp"
#include "core/spectra_matrix.hpp"

#include <functional>
#include <map>
#include <optional>
#include <span>
#include <string>
#include <string_view>
#include <vector>

namespace calcispec::io {

/// What the user says about an input; wins over what the reader finds.
struct ReadOptions {
  std::optional<Technique> technique;
  std::optional<SamplingMode> mode;
  std::optional<OrdinateKind> ordinate;
  std::optional<double> laser_nm;
  std::optional<std::string> block;  // of a file that holds several: number or name in `info`
  std::optional<std::string> axis;   // of HDF5: path of the dataset with the axis
  /// Program that reads HDF5 in a process of its own (see reader_process.hpp); empty: read here.
  std::string reader_program;
  bool is_skim = false;  // of maps keep the first spectrum alone, with count and range of all
};

/// The ends of an axis in stored order, where it was converted on reading.
struct StoredAxis {
  double first = 0;
  double last = 0;
  std::string unit;
};

/// What is known of spectra that were gone through, kept or not.
struct Skim {
  Index rows = 0;
  double y_min = 0;  // of finite numbers
  double y_max = 0;
  Index first_bad_row = -1;  // holds a number that is not finite; -1: none
};

/// Fills one spectrum. Throws Error{unreadable_input}.
using RowReader = std::function<void(Index row, std::span<double> out)>;

/// Spectra of one file that share an axis, with everything the file says about them.
struct Recording {
  SpectraMatrix spectra;
  OrdinateKind ordinate = OrdinateKind::unknown;
  std::string y_unit;  // the file's own text, empty if it has none
  Technique technique = Technique::unknown;
  SamplingMode mode = SamplingMode::unknown;
  std::optional<MapGrid> map;
  std::optional<double> laser_nm;
  std::optional<StoredAxis> stored_axis;        // wavelengths that became Raman shifts
  std::optional<Skim> skim;                     // `spectra` holds the first one alone
  RowReader read_row;                           // of skimmed ones, while the file is open; or empty
  std::vector<std::string> names;               // one per row, may be empty
  std::optional<SpectraMatrix> replicate_sd;    // spread between replicates, not point noise
  std::map<std::string, std::string> metadata;  // UTF-8, keys as in the file
};

/// One part of a file that holds several: what it is, and why it is used or not.
struct Block {
  std::string name;     // "absorbance", "subfile 3"; ReadOptions::block chooses by it
  std::string content;  // "2126 points, 4497.5 to 399.2 WN"
  bool is_used = false;
  std::string reason;
};

/// What an instrument photographs beside the spectra, as it stands in the file.
struct Picture {
  std::string name;        // "white light"
  std::string media_type;  // "image/jpeg"
  std::string bytes;
};

/// A file as read: recordings in file order, and what was odd about it.
struct LoadedFile {
  std::string path;
  std::string format;  // name of the format row
  std::string sha256;  // of the bytes
  std::vector<Recording> recordings;
  std::vector<Block> blocks;  // in file order; empty for formats that hold one thing
  std::vector<Picture> pictures;
  Diagnostics diagnostics;
};

/// Files beside the one that is read, on the disk or in an archive: headers, tiles. Views live as
/// long as the reading.
struct Siblings {
  std::function<std::vector<std::string>()> names;
  std::function<std::optional<std::string_view>(const std::string& name)> bytes;
};

/// Reads from a bounded view of the whole file.
struct FileView {
  std::string_view bytes;
  std::string_view path;  // for messages and, as a last resort, hints from the extension
  const Siblings* siblings = nullptr;  // nothing beside it, or not known
  bool is_file = false;                // the bytes are those of the file at `path`
};

/// One row of the format table.
struct Format {
  std::string_view name;         // "rruff_text"
  std::string_view description;  // "RRUFF text (##KEY=value, x, y)"
  std::string_view extensions;   // usual ones, blank-separated; never decides alone
  /// 0 = not mine, 100 = certain. Looks at content only.
  int (*sniff)(const FileView& file);
  /// Throws Error{unreadable_input} with file:line and a remedy.
  LoadedFile (*read)(const FileView& file, const ReadOptions& options);
  bool has_choice = false;  // whether `read` heeds ReadOptions::block
};

/// All formats, in registry order.
std::span<const Format> formats();

}  // namespace calcispec::io
