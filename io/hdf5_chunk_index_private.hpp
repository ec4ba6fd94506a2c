// Where the chunks of an HDF5 data set lie, by the index in the file itself. Private to io.
#pragma once

#include "io/stored_chunks_private.hpp"

#include <cstdint>
#include <optional>
#include <vector>

namespace calcispec::io::hdf5 {

/// Chunks `first` to `first + count` in row-major order, read from a B-tree of version 1 (HDF5 File
/// Format Specification 3.0, III.A.1 and IV.A.2.i), as every file has it that was not written for
/// the newest library. The library of 1.10 passes over all chunks for each that it is asked for
/// (H5Dget_chunk_info_by_coord, measured: 26 ns each), which a map of many chunks cannot afford.
///
/// Cost       a few reads for the object header, one per node of the tree that holds such chunks
/// Nothing    where the index is of another kind, the file is not a single one on the disk, its
///            bytes are not as specified, or the library says another place for the first chunk
std::optional<std::vector<StoredChunk>> indexed_chunks(hid_t data,
                                                       const StoredLayout& layout,
                                                       std::int64_t first,
                                                       std::int64_t count);

}  // namespace calcispec::io::hdf5
