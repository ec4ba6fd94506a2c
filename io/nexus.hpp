// Spectra as NeXus files that h5py, HyperSpy and silx open with axes and units.
#pragma once

#include "io/format.hpp"

#include <memory>
#include <span>
#include <string>

namespace calcispec::io {

/// Writes recordings, one NXdata each, into a new file: NXentry with `default` chain, float32 or
/// float64 data (y, x, point) in chunks of whole spectra, a rising float64 axis with units, and
/// links for HyperSpy under /Experiments. NaN stays NaN.
///
/// Throws Error{output_failed}; what is left of the file then is worthless, so write to a temporary
/// name. A path that exists is replaced.
void write_nexus(const std::string& path, std::span<const Recording> recordings);

/// A result of a batch: spectra written row by row, then values per spectrum.
class NexusMap {
 public:
  /// `head` gives axis, grid and words; its spectra are not written. Spectra are float32.
  /// Throws Error{output_failed}, as all functions here.
  NexusMap(const std::string& path, const Recording& head, Index rows, bool is_compressed);
  NexusMap(const NexusMap&) = delete;
  NexusMap& operator=(const NexusMap&) = delete;
  NexusMap(NexusMap&&) = delete;
  NexusMap& operator=(NexusMap&&) = delete;
  ~NexusMap();

  void write(Index first, std::span<const float> values);
  /// One number per spectrum below /entry, for example "composition/calcite/fraction".
  void put_values(const std::string& name, std::span<const double> values, const std::string& unit);
  void put_text(const std::string& name, const std::string& text);
  void finish();

 private:
  class Writer;
  std::unique_ptr<Writer> writer_;
};

}  // namespace calcispec::io
