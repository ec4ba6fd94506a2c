// parallel_for: worker threads over independent items; their number never changes a result.
#pragma once

#include "core/export.hpp"

#include <functional>

namespace calcispec {

/// Usable cores of this process (CPU affinity respected), at least 1.
CALCISPEC_API Index usable_cores();

/// Calls body(item) once for every item in 0..count-1 on up to `jobs` threads (0 = usable cores).
/// Each item must write only its own results. The first exception (lowest item) is rethrown here
/// after all workers have stopped; it never leaves a worker thread.
CALCISPEC_API void parallel_for(Index count, Index jobs, const std::function<void(Index)>& body);

}  // namespace calcispec
