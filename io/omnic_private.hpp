// The header of a spectrum that all OMNIC files share. Private to io.
#pragma once

#include "io/byte_source.hpp"
#include "io/text_spectra.hpp"

namespace calcispec::io::omnic {

/// Units, labels and technique from the header at `at`.
void describe(const ByteSource& source, std::uint64_t at, TextSpectra& spectra);

}  // namespace calcispec::io::omnic
