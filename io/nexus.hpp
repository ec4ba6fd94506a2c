// Spectra as NeXus files that h5py, HyperSpy and silx open with axes and units.
#pragma once

#include "io/format.hpp"

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

}  // namespace calcispec::io
