// PackedSpectra: chunks of float32 spectra shuffled, deflated and written past the filters of the
// HDF5 library. Private to io.
#pragma once

#include "io/hdf5_private.hpp"
#include "io/placed_spectra.hpp"
#include "io/zlib_block.hpp"

#include <span>
#include <vector>

namespace calcispec::io {

class PackedSpectra {
 public:
  /// Of a data set that is shuffled and deflated; it stays open with its owner.
  explicit PackedSpectra(hid_t data);

  /// Whole spectra in rising order, without gaps from the first one on; a chunk is written when its
  /// last spectrum is there. False where it cannot be.
  [[nodiscard]] bool write(Index first, std::span<const float> values);

 private:
  [[nodiscard]] bool write_chunk(Index chunk);

  hid_t data_;
  int rank_ = 0;
  SpectraGrid grid_;
  Index next_ = 0;              // row
  std::vector<float> waiting_;  // of one chunk; 0 beyond the edge of the map
  NumberPacker packer_;
};

}  // namespace calcispec::io
