// Whose code crashed: the HDF5 library's, which is known to, or ours, which is a fault to mend.
// Private to io.
#pragma once

#include <cstdint>
#include <string>

namespace calcispec::io {

enum class CrashOrigin : std::uint64_t { not_known, library, own };

/// What the user reads of it.
std::string crash_sentence(CrashOrigin origin, int signal);

/// From now on a crash of this process calls `tell` once, then ends it with the signal. `tell` may
/// do no more than a handler of signals may.
void tell_crashes(void (*tell)(CrashOrigin origin, int signal));

}  // namespace calcispec::io
