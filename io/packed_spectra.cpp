#include "core/error.hpp"
#include "io/nexus_writer_private.hpp"
#include "io/packed_spectra_private.hpp"

#include <algorithm>

namespace calcispec::io {

PackedSpectra::PackedSpectra(hid_t data) : data_(data), grid_(detail::spectra_grid(data)) {
  const hdf5::Handle space(H5Dget_space(data), H5Sclose);
  rank_ = H5Sget_simple_extent_ndims(space.id());
  waiting_.resize(static_cast<std::size_t>(grid_.chunk_numbers()));
}

bool PackedSpectra::write(Index first, std::span<const float> values) {
  require(first == next_, "packed spectra are written in the order of the map");
  const auto points = static_cast<std::size_t>(grid_.points);
  while (!values.empty()) {
    const auto run = grid_.run_at(next_);
    const auto rows = std::min(values.size() / points, static_cast<std::size_t>(run.rows));
    const auto own = values.first(rows * points);
    std::copy(own.begin(), own.end(), waiting_.begin() + run.skipped * grid_.points);
    if (static_cast<Index>(rows) == run.rows && !write_chunk(run.chunk)) {
      return false;
    }
    next_ += static_cast<Index>(rows);
    values = values.subspan(own.size());
  }
  return true;
}

bool PackedSpectra::write_chunk(Index chunk) {
  const auto packed = packer_.pack(waiting_);
  const auto corner = detail::chunk_corner(grid_, chunk, rank_);
  const bool is_written =
      !packed.empty() &&
      H5Dwrite_chunk(data_, H5P_DEFAULT, 0, corner.data(), packed.size(), packed.data()) >= 0;
  std::fill(waiting_.begin(), waiting_.end(), 0.0F);
  return is_written;
}

}  // namespace calcispec::io
