// What a process may take that reads a file which is not trusted.
#pragma once

#include <chrono>
#include <cstdint>

namespace calcispec::io {

/// Bytes of address space: 4 GB and sixteen times the file.
constexpr std::uint64_t reader_memory(std::uint64_t file_bytes) {
  return (std::uint64_t{4} << 30U) + 16 * file_bytes;
}

/// Five seconds and one for each 10 MB that may have to be read.
constexpr std::chrono::milliseconds reader_time(std::uint64_t bytes) {
  constexpr std::uint64_t least_ms = 5000;
  constexpr std::uint64_t bytes_per_ms = 10000;
  return std::chrono::milliseconds(least_ms + bytes / bytes_per_ms);
}

/// Of the processor, for one answer: half a second and one for each 2 MB of the file, tens of times
/// what a sound one takes. On damaged ones the HDF5 library can be busy without end.
constexpr std::chrono::microseconds reader_work(std::uint64_t file_bytes) {
  constexpr std::uint64_t least_us = 500000;
  constexpr std::uint64_t bytes_per_us = 2;
  return std::chrono::microseconds(least_us + file_bytes / bytes_per_us);
}

}  // namespace calcispec::io
