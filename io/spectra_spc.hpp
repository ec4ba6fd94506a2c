// Spectra as Galactic SPC.
#pragma once

#include "io/format.hpp"

#include <string>

namespace calcispec::io {

/// New format (version 0x4B), 32-bit floats, one subfile per spectrum. An even axis is stored by
/// its ends as doubles, another as 32-bit floats. NaN stays NaN. The axis keeps the direction of
/// the file it came from.
std::string spectra_spc(const Recording& recording);

}  // namespace calcispec::io
