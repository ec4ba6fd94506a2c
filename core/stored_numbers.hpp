// Numbers as files hold them, little-endian and of four or eight bytes, one after the other or in
// planes: the first bytes of all numbers, then the second ones.
#pragma once

#include "core/export.hpp"

#include <span>

namespace calcispec {

/// Shape      from: out.size() numbers of `number_bytes` (4 or 8), one after the other
/// Errors     Error{invalid_argument} where the sizes differ, or `number_bytes` is neither 4 nor 8
CALCISPEC_API void doubles_of_stored(std::span<const char> from,
                                     Index number_bytes,
                                     std::span<double> out);

/// Some of the numbers of planes that lie `stride` bytes apart (the shuffle filter of HDF5).
///
/// Shape      from: begins with the first byte of the first number, and holds the last byte of the
///            last one
/// Errors     Error{invalid_argument} where it is too short, or `number_bytes` neither 4 nor 8
/// Cost       a seventh of a nanosecond for a number of four bytes (AVX-512)
CALCISPEC_API void doubles_of_planes(std::span<const char> from,
                                     Index stride,
                                     Index number_bytes,
                                     std::span<double> out);

/// Shape      out: four bytes for each number
/// Errors     Error{invalid_argument} where the sizes differ
CALCISPEC_API void planes_of_floats(std::span<const float> numbers, std::span<char> out);

/// Whether none of them is infinite or not a number.
///
/// Errors     Error{invalid_argument} where they are not whole numbers of `number_bytes` (4 or 8)
[[nodiscard]] CALCISPEC_API bool are_stored_finite(std::span<const char> from, Index number_bytes);

}  // namespace calcispec
