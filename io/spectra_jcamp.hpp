// Spectra as JCAMP-DX: plain decimals (AFFN), or differences (DIF), a third of the size.
#pragma once

#include "io/format.hpp"

#include <span>
#include <string>

namespace calcispec::io {

enum class JcampPacking { affn, dif };

/// One block per spectrum, several in a LINK. An even axis gives (X++(Y..Y)), another (XY..XY),
/// which is always plain. AFFN reads back every ordinate exactly; DIF to a part in 2^31 of the
/// largest. Points that are not finite are written as "?" in AFFN; DIF then is not used.
std::string spectra_jcamp(std::span<const Recording> recordings, JcampPacking packing);

}  // namespace calcispec::io
