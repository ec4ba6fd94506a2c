// PlacedSpectra: float32 spectra at their places in an HDF5 file, written and read past the
// library, which only says once where they lie.
#pragma once

#include "core/export.hpp"

#include <cstdint>
#include <span>
#include <string>
#include <vector>

namespace calcispec::io {

/// Lines of nx spectra in chunks of chunk_y lines, or of chunk_x spectra of one line, so that the
/// spectra of a chunk follow each other in the map too.
struct SpectraGrid {
  Index ny = 1;
  Index nx = 1;
  Index points = 0;
  Index chunk_y = 1;
  Index chunk_x = 1;

  [[nodiscard]] Index chunks_x() const { return (nx + chunk_x - 1) / chunk_x; }
  [[nodiscard]] Index chunks() const { return chunks_x() * ((ny + chunk_y - 1) / chunk_y); }
  [[nodiscard]] Index chunk_numbers() const { return chunk_y * chunk_x * points; }

  /// From a row to the end of its chunk, or of the map.
  struct Run {
    Index chunk = 0;    // line by line
    Index skipped = 0;  // rows of the chunk before it
    Index rows = 0;
  };
  [[nodiscard]] Run run_at(Index row) const;
};

struct SpectraPlaces {
  SpectraGrid grid;
  std::vector<std::uint64_t> offsets;  // of the chunks
};

/// Of the spectra of a result that is not compressed. Throws Error{output_failed}.
SpectraPlaces spectra_places(const std::string& path);

class PlacedSpectra {
 public:
  /// Throws Error{output_failed}, as all functions here: a full disk is told at the first write.
  PlacedSpectra(const std::string& path, SpectraPlaces places);
  PlacedSpectra(const PlacedSpectra&) = delete;
  PlacedSpectra& operator=(const PlacedSpectra&) = delete;
  PlacedSpectra(PlacedSpectra&&) = delete;
  PlacedSpectra& operator=(PlacedSpectra&&) = delete;
  ~PlacedSpectra();

  /// Whole spectra from row `first` on.
  void write(Index first, std::span<const float> values) const;
  /// What was never written is 0.
  void read(Index first, std::span<float> values) const;
  /// Returns when all of it is on the disk.
  void sync() const;

  [[nodiscard]] Index points() const noexcept { return places_.grid.points; }

 private:
  [[nodiscard]] std::uint64_t offset_of(const SpectraGrid::Run& run) const;
  [[noreturn]] void fail(const char* what) const;

  std::string path_;
  SpectraPlaces places_;
  int file_ = -1;
};

}  // namespace calcispec::io
