// Marks what the shared library core shows to others.
#pragma once

#include <cstddef>

#define CALCISPEC_API __attribute__((visibility("default")))

namespace calcispec {

/// Counts and indices; the same type as Eigen::Index, named here so that public headers stay light.
using Index = std::ptrdiff_t;

}  // namespace calcispec
