// How the HDF5 library says that a data set lies in its file: chunks, filters, numbers.
#include "io/hdf5_chunk_index_private.hpp"

namespace calcispec::io {
namespace {

using hdf5::Handle;

// The library passes over all chunks for each that it is asked for.
constexpr std::int64_t most_asked_for = 8192;

// 4 or 8 bytes of little-endian floating point; 0: something else.
std::int64_t number_bytes_of(hid_t data) {
  const Handle type(H5Dget_type(data), H5Tclose);
  return H5Tequal(type.id(), H5T_IEEE_F32LE) > 0   ? 4
         : H5Tequal(type.id(), H5T_IEEE_F64LE) > 0 ? 8
                                                   : 0;
}

bool find_filters(hid_t creation, StoredLayout& layout) {
  const int count = H5Pget_nfilters(creation);
  for (int i = 0; i < count; ++i) {
    unsigned flags = 0;
    unsigned settings = 0;
    std::size_t values = 0;
    const auto filter = H5Pget_filter2(
        creation, static_cast<unsigned>(i), &flags, &values, nullptr, 0, nullptr, &settings);
    if (filter == H5Z_FILTER_SHUFFLE && i == 0) {
      layout.is_shuffled = 1;
    } else if (filter == H5Z_FILTER_DEFLATE && i == count - 1 && layout.is_deflated == 0) {
      layout.is_deflated = 1;
    } else {
      return false;
    }
  }
  return true;
}

// One file from its first byte on: a block of the user before it would move all addresses.
bool has_plain_addresses(hid_t data) {
  const Handle file(H5Iget_file_id(data), H5Fclose);
  const Handle creation(H5Fget_create_plist(file.id()), H5Pclose);
  hsize_t block = 1;
  return H5Pget_userblock(creation.id(), &block) >= 0 && block == 0;
}

}  // namespace

std::optional<StoredLayout> layout_of(const hdf5::Signal& signal) {
  const auto& size = signal.shape.size;
  if (size.size() < 2 || size.size() > 3 || hdf5::spectral_dimension(signal) != size.size() - 1 ||
      !has_plain_addresses(signal.data.id())) {
    return std::nullopt;
  }
  StoredLayout out;
  out.number_bytes = number_bytes_of(signal.data.id());
  out.points = static_cast<std::int64_t>(size.back());
  out.nx = static_cast<std::int64_t>(size[size.size() - 2]);
  out.ny = size.size() == 3 ? static_cast<std::int64_t>(size[0]) : 1;
  out.chunk_x = out.nx;
  out.chunk_y = out.ny;
  const Handle creation(H5Dget_create_plist(signal.data.id()), H5Pclose);
  const auto kind = H5Pget_layout(creation.id());
  if (kind == H5D_CHUNKED) {
    hsize_t chunk[3] = {1, 1, 1};
    unsigned options = 1;
    const int rank = static_cast<int>(size.size());
    const bool is_plain = H5Pget_chunk(creation.id(), rank, chunk) == rank &&
                          H5Pget_chunk_opts(creation.id(), &options) >= 0 && options == 0 &&
                          chunk[rank - 1] == size.back() && find_filters(creation.id(), out);
    if (!is_plain) {
      return std::nullopt;
    }
    out.chunk_x = static_cast<std::int64_t>(chunk[rank - 2]);
    out.chunk_y = rank == 3 ? static_cast<std::int64_t>(chunk[0]) : 1;
  } else if (kind != H5D_CONTIGUOUS) {
    return std::nullopt;
  }
  return out.is_usable() ? std::optional(out) : std::nullopt;
}

std::vector<StoredChunk> chunks_of(const hdf5::Signal& signal,
                                   const StoredLayout& layout,
                                   std::int64_t first,
                                   std::int64_t count) {
  std::vector<StoredChunk> out;
  const auto data = signal.data.id();
  const Handle creation(H5Dget_create_plist(data), H5Pclose);
  if (H5Pget_layout(creation.id()) == H5D_CONTIGUOUS) {
    const auto offset = H5Dget_offset(data);
    const auto bytes = H5Dget_storage_size(data);
    return {
        offset == HADDR_UNDEF ? StoredChunk{     }
            : StoredChunk{ offset, bytes}
    };
  }
  if (auto known = hdf5::indexed_chunks(data, layout, first, count)) {
    return std::move(*known);
  }
  if (layout.chunks_x() * layout.chunks_y() > most_asked_for) {
    return std::vector<StoredChunk>(static_cast<std::size_t>(count));
  }
  for (auto chunk = first; chunk < first + count; ++chunk) {
    const auto y =
        static_cast<hsize_t>(chunk / layout.chunks_x()) * static_cast<hsize_t>(layout.chunk_y);
    const auto x =
        static_cast<hsize_t>(chunk % layout.chunks_x()) * static_cast<hsize_t>(layout.chunk_x);
    const bool is_flat = signal.shape.size.size() == 2;
    const hsize_t corner[3] = {is_flat ? x : y, is_flat ? 0 : x, 0};
    unsigned mask = 0;
    haddr_t offset = HADDR_UNDEF;
    hsize_t bytes = 0;
    const bool is_there = H5Dget_chunk_info_by_coord(data, corner, &mask, &offset, &bytes) >= 0 &&
                          offset != HADDR_UNDEF && mask == 0;
    out.push_back(is_there ? StoredChunk{offset, bytes} : StoredChunk{});
  }
  return out;
}

}  // namespace calcispec::io
