// MapSource: spectra of a file read block by block; maps stay on the disk.
#pragma once

#include "io/format.hpp"

#include <memory>
#include <string>
#include <vector>

namespace calcispec::io {

struct StoredChunk;
struct StoredLayout;

/// Memory is that of a block for HDF5 and where Recording::read_row is given (WDF, SPC, OPUS
/// series, ENVI, SPE, fsm, OMNIC series, text maps, packed or not); other formats are read whole.
/// HDF5 numbers that lie plainly or packed by shuffle and deflate are read past the library, which
/// only says where they are.
class MapSource {
 public:
  /// Throws Error{unreadable_input}; a file whose spectra have several axes is refused (choose a
  /// block). "map.h5:/entry/data" as in load().
  static MapSource open(const std::string& path, const ReadOptions& options);

  MapSource(MapSource&&) noexcept;
  MapSource& operator=(MapSource&&) noexcept;
  MapSource(const MapSource&) = delete;
  MapSource& operator=(const MapSource&) = delete;
  ~MapSource();

  /// Axis, ordinate, technique, grid; its spectra are the first ones alone.
  [[nodiscard]] const Recording& head() const;
  [[nodiscard]] const Diagnostics& diagnostics() const;
  [[nodiscard]] Index rows() const;
  /// Rows [first, first + count), along the rising axis. Throws Error{unreadable_input} where the
  /// file is damaged. One thread at a time.
  [[nodiscard]] SpectraMatrix read(Index first, Index count);
  /// The same into a matrix whose memory is taken again.
  void read(Index first, Index count, SpectraMatrix& out);
  /// Spectra among them that hold NaN or an infinity: what reading alone can tell. Plain HDF5
  /// numbers are looked at as they are stored.
  [[nodiscard]] Index count_incomplete(Index first, Index count);

  /// For a reader in a process of its own: how the numbers lie (null: the library has to read
  /// them), and where.
  [[nodiscard]] const StoredLayout* layout() const;
  [[nodiscard]] std::vector<StoredChunk> chunks(Index first, Index count) const;

  struct Parts;  // of the implementation

 private:
  explicit MapSource(std::unique_ptr<Parts> parts);
  std::unique_ptr<Parts> parts_;
};

}  // namespace calcispec::io
